#!/usr/bin/env python3
"""unreached_branches.py <folder that was built with coverage> <explanations>

Prints the lines of include/ and src/ that no test reached, or that have a branch which no test took, each with its explanation. A branch
of a template has been taken when one of its instances took it. Branches that only an exception takes are left out, and those of a
lone brace: there the compiler asks what has to be destroyed. An explanation is a line of a file:
  <file, or a pattern of the shell> | <regular expression for the text of the line> | <why no test takes it>
The first explanation that fits a line is its own. It is for one branch, or for as many as it begins with: "2 branches: ". Lines that were
not reached share that of the line before them. The status is 1 when a line has none. An explanation may have nothing to explain in a
run: some branches are races, and some belong to other machines.
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
                count = re.match(r"(\d+) branches: ", why)
                yield {"file": file, "pattern": re.compile(pattern), "why": why, "covers": int(count[1]) if count else 1, "used": 0}


def files_of(report):
    for file in report["files"]:
        path = (pathlib.Path(report["current_working_directory"]) / file["file"]).resolve()
        if path.is_relative_to(ROOT / "src") or path.is_relative_to(ROOT / "include"):
            yield str(path.relative_to(ROOT)), file["lines"]


def counts_of(build):
    """How often each line was reached, and each of its branches taken: by the shape that it has in an instance, and by number."""
    reached = collections.Counter()
    taken = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for data in sorted(pathlib.Path(build).rglob("*.gcda")):
        output = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", str(data)], check=True,
                                capture_output=True, text=True, cwd=build).stdout
        for report in map(json.loads, filter(None, output.splitlines())):
            for name, lines in files_of(report):
                for line in lines:
                    place = name, line["line_number"]
                    reached[place] += line["count"]
                    branches = line["branches"]
                    shape = tuple(branch["throw"] for branch in branches)
                    for number, branch in enumerate(branches):
                        if not branch["throw"]:
                            taken[place][shape][number] += branch["count"]
    return reached, taken


def untaken(shapes):
    """How many branches of a line no test took, in the instance that was taken most completely."""
    return min((sum(count == 0 for count in counts.values()) for counts in shapes.values()), default=0)


def gaps(build):
    """Places in order that were not reached or have branches that were not taken: how many, and whether they follow on such a place."""
    reached, taken = counts_of(build)
    before = None
    for place in sorted(reached):
        is_reached = reached[place] != 0
        missing = untaken(taken[place]) if is_reached else 0
        if is_reached and missing == 0:
            before = None
            continue
        yield place, missing, not is_reached and before == place[0]
        before = place[0]


def main(build, explanations_name):
    explanations = list(read_explanations(explanations_name))
    unexplained = 0
    total = 0
    fits = []
    for (file, number), missing, follows in gaps(build):
        text = (ROOT / file).read_text(encoding="utf-8").splitlines()[number - 1].strip()
        if text == "}":
            continue
        own = [each for each in explanations
               if fnmatch.fnmatch(file, each["file"]) and each["pattern"].search(text) and missing <= each["covers"]]
        if own or not follows:
            fits = own
        total += 1
        for each in fits[:1]:
            each["used"] += 1
        unexplained += not fits
        why = fits[0]["why"] if fits else f"NOT EXPLAINED: {missing} branches" if missing else "NOT EXPLAINED"
        print(f"{file}:{number}: {text}\n    {why}")
    for each in explanations:
        if each["used"] == 0:
            print(f"explains nothing: {each['file']} | {each['pattern'].pattern}")
    print(f"{total} lines were not reached or have a branch that no test took; {unexplained} of them without an explanation")
    return 1 if unexplained else 0


sys.exit(main(*sys.argv[1:]))
