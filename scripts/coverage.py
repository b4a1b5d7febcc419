"""Makes a table of gcov's JSON on standard input: coverage.py ROOT LINES writes each line
that was never run to the file LINES, as PATH:NUMBER: TEXT."""

import collections
import json
import os
import sys

root, lines_path = sys.argv[1:]


def measured(path):
    return path.endswith(".c") and path.startswith(("device/src/", "boot/"))


runs = collections.defaultdict(dict)  # by path: how often each line ran
for report in sys.stdin:
    report = json.loads(report)
    for file in report["files"]:
        path = os.path.relpath(os.path.join(report["current_working_directory"], file["file"]), root)
        if not measured(path):
            continue
        for line in file["lines"]:
            number = line["line_number"]
            runs[path][number] = runs[path].get(number, 0) + line["count"]

with open(lines_path, "w") as never:
    for path in sorted(runs):
        text = open(os.path.join(root, path)).read().splitlines()
        for number in sorted(runs[path]):
            if runs[path][number] == 0:
                never.write(f"{path}:{number}: {text[number - 1].strip()}\n")

run = sum(count > 0 for lines in runs.values() for count in lines.values())
every = sum(len(lines) for lines in runs.values())
for path in sorted(runs):
    covered = sum(count > 0 for count in runs[path].values())
    if covered < len(runs[path]):
        print(f"{path:40} {covered:5} of {len(runs[path]):5} lines")
print(f"{'all':40} {run:5} of {every:5} lines, {100 * run / every:.1f} %")
