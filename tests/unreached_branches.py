#!/usr/bin/env python3
"""unreached_branches.py <folder that was built with coverage> <explanations>

Prints the lines of include/ and src/ that have a branch which no test took, each with its explanation. A branch of a template has been
taken when one of its instances took it; branches that only an exception takes are left out. An explanation is a line of a file:
  <file, or a pattern of the shell> | <regular expression for the text of the line> | <why no test takes it>
The first explanation that fits a line is its own. The status is 1 when a line has none. An explanation may have nothing to explain in
a run: some branches are races, and some belong to other machines.
"""
import collections
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read_explanations(name):
    with open(name, encoding="utf-8") as text:
        for line in text:
            if line.strip() and not line.startswith("#"):
                file, pattern, why = (part.strip() for part in line.rstrip("\n").split(" | ", 2))
                yield {"file": file, "pattern": re.compile(pattern), "why": why, "used": 0}


def files_of(report):
    for file in report["files"]:
        path = (pathlib.Path(report["current_working_directory"]) / file["file"]).resolve()
        if path.is_relative_to(ROOT / "src") or path.is_relative_to(ROOT / "include"):
            yield str(path.relative_to(ROOT)), file["lines"]


def taken_branches(build):
    """How often each branch was taken: by file and line, by the shape that the line has in an instance, by number."""
    taken = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for data in sorted(pathlib.Path(build).rglob("*.gcda")):
        output = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", str(data)], check=True,
                                capture_output=True, text=True, cwd=build).stdout
        for report in map(json.loads, filter(None, output.splitlines())):
            for name, lines in files_of(report):
                for line in lines:
                    branches = line["branches"]
                    shape = tuple(branch["throw"] for branch in branches)
                    for number, branch in enumerate(branches):
                        if not branch["throw"]:
                            taken[name, line["line_number"]][shape][number] += branch["count"]
    return taken


def unreached(build):
    for (name, number), shapes in sorted(taken_branches(build).items()):
        reached = any(count for counts in shapes.values() for count in counts.values())
        # A line that was not reached at all is among the unreached lines.
        if reached and not any(all(counts.values()) for counts in shapes.values()):
            yield name, number, (ROOT / name).read_text(encoding="utf-8").splitlines()[number - 1].strip()


def main(build, explanations_name):
    explanations = list(read_explanations(explanations_name))
    unexplained = 0
    total = 0
    for file, number, text in unreached(build):
        total += 1
        fits = [each for each in explanations if fnmatch.fnmatch(file, each["file"]) and each["pattern"].search(text)]
        for each in fits[:1]:
            each["used"] += 1
        unexplained += not fits
        print(f"{file}:{number}: {text}\n    {fits[0]['why'] if fits else 'NOT EXPLAINED'}")
    idle = [each for each in explanations if each["used"] == 0]
    for each in idle:
        print(f"explains nothing: {each['file']} | {each['pattern'].pattern}")
    print(f"{total} lines have a branch that no test took; {unexplained} of them without an explanation, "
          f"{len(idle)} explanations without a line")
    return 1 if unexplained else 0


sys.exit(main(*sys.argv[1:]))
