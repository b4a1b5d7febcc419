"""Makes of gcov's JSON (standard input) a table, and two files in the folder OUT:

    coverage.py ROOT OUT [LIST]

    lines.txt      each line that was never run, as PATH:NUMBER FUNCTION: TEXT
    branches.txt   each line that was run, but never went every way it can

With LIST it fails unless these lines are those of LIST: PATH FUNCTION: TEXT for a line, as
often as there are such lines, and PATH FUNCTION: * for a function that is never called.
"""

import collections
import json
import os
import sys


def measured(path):
    return path.endswith(".c") and path.startswith(("device/src/", "boot/"))


class Line:
    """What all programs together made of a line."""

    def __init__(self):
        self.function = ""
        self.runs = 0
        self.ways = []  # how often each branch of it was taken

    def add(self, line):
        self.function = line.get("function_name", "")
        self.runs += line["count"]
        counts = [branch["count"] for branch in line["branches"]]
        if not self.ways:
            self.ways = counts
        elif counts:
            self.ways = [a + b for a, b in zip(self.ways, counts, strict=True)]

    def ways_taken(self):
        return sum(count > 0 for count in self.ways)


def read(reports, root):
    """By path, by number: the Line."""
    files = collections.defaultdict(lambda: collections.defaultdict(Line))
    for report in map(json.loads, reports):
        for file in report["files"]:
            where = os.path.join(report["current_working_directory"], file["file"])
            path = os.path.relpath(where, root)
            if measured(path):
                for line in file["lines"]:
                    files[path][line["line_number"]].add(line)
    return files


def texts_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as source:
        return [line.strip() for line in source]


def write_lines(files, root, name, chosen):
    """PATH:NUMBER FUNCTION: TEXT of each line that is chosen."""
    with open(name, "w", encoding="utf-8") as out:
        for path in sorted(files):
            texts = texts_of(root, path)
            for number, line in sorted(files[path].items()):
                if chosen(line):
                    out.write(f"{path}:{number} {line.function}: {texts[number - 1]}\n")


def never_run(files, root):
    """The same lines as LIST has them."""
    entries = collections.Counter()
    for path, lines in files.items():
        texts = texts_of(root, path)
        called = {line.function for line in lines.values() if line.runs}
        for number, line in lines.items():
            if line.function not in called:
                entries[f"{path} {line.function}: *"] = 1
            elif not line.runs:
                entries[f"{path} {line.function}: {texts[number - 1]}"] += 1
    return entries


def explained(name):
    with open(name, encoding="utf-8") as entries:
        lines = (line.strip() for line in entries)
        return collections.Counter(line for line in lines if line and not line.startswith("#"))


def row(name, lines):
    run = sum(line.runs > 0 for line in lines)
    taken = sum(line.ways_taken() for line in lines)
    ways = sum(len(line.ways) for line in lines)
    shares = [100 * part / whole if whole else 100 for part, whole in ((run, len(lines)), (taken, ways))]
    print(f"{name:34}{run:6} of {len(lines):5} {shares[0]:6.1f} %{taken:7} of {ways:5} {shares[1]:6.1f} %")


def main(root, folder, listed=None):
    files = read(sys.stdin, root)
    write_lines(files, root, os.path.join(folder, "lines.txt"), lambda line: not line.runs)
    write_lines(
        files,
        root,
        os.path.join(folder, "branches.txt"),
        lambda line: line.runs and line.ways_taken() < len(line.ways),
    )
    print(f"{'':34}{'lines':>15}{'branches':>25}")
    for path in sorted(files):
        row(path, list(files[path].values()))
    row("all", [line for lines in files.values() for line in lines.values()])
    if not files:
        sys.exit("coverage: nothing was measured")
    if listed is None:
        return
    never, reasons = never_run(files, root), explained(listed)
    for entry in sorted(never - reasons):
        print(f"{entry}   no test runs it: write one, or say in {listed} why not")
    for entry in sorted(reasons - never):
        print(f"{entry}   is run now, or gone: take it out of {listed}")
    sys.exit(never != reasons)


main(*sys.argv[1:])
