#!/usr/bin/env python3
"""unreached_branches.py <gcovr's json> <explanations>

Prints the lines that have a branch which no test took, each with its explanation. An explanation is a line of a file:
  <file> | <regular expression for the text of the line> | <why no test takes it>
The status is 1 when a line has none, or when an explanation explains nothing.
"""
import json
import re
import sys


def read_explanations(name):
    with open(name, encoding="utf-8") as text:
        for line in text:
            if line.strip() and not line.startswith("#"):
                file, pattern, why = (part.strip() for part in line.rstrip("\n").split(" | ", 2))
                yield {"file": file, "pattern": re.compile(pattern), "why": why, "used": 0}


def unreached(report):
    for file in report["files"]:
        with open(file["file"], encoding="utf-8") as text:
            lines = text.read().splitlines()
        missing = set()
        for line in file["lines"]:
            if line.get("gcovr/noncode") or line["count"] == 0:
                continue
            if any(branch["count"] == 0 and not branch["throw"] for branch in line.get("branches", [])):
                missing.add(line["line_number"])
        for number in sorted(missing):
            yield file["file"], number, lines[number - 1].strip()


def main(report_name, explanations_name):
    explanations = list(read_explanations(explanations_name))
    with open(report_name, encoding="utf-8") as text:
        report = json.load(text)
    unexplained = 0
    total = 0
    for file, number, text in unreached(report):
        total += 1
        fits = [each for each in explanations if each["file"] == file and each["pattern"].search(text)]
        for each in fits[:1]:
            each["used"] += 1
        if not fits:
            unexplained += 1
        print(f"{file}:{number}: {text}\n    {fits[0]['why'] if fits else 'NOT EXPLAINED'}")
    idle = [each for each in explanations if each["used"] == 0]
    for each in idle:
        print(f"explains nothing: {each['file']} | {each['pattern'].pattern}")
    print(f"{total} lines have a branch that no test took; {unexplained} of them without an explanation, "
          f"{len(idle)} explanations too many")
    return 1 if unexplained or idle else 0


sys.exit(main(*sys.argv[1:]))
