"""Holds what an analyser said against the list of what it may say.

findings.py LIST <OUTPUT: the output has lines PATH:LINE:COLUMN: warning: TEXT [CHECK], of which
those on one line of a file by one check are one finding. LIST has lines CHECK PATH [COUNT] of
findings that are not so, below comments that say why. Fails on a finding that is not listed,
and on an entry that is not found any more.
"""

import collections
import os
import re
import sys

FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error|fatal error): (.*?)(?: \[([^\[\]]*)\])?$")


def check_of(text):
    """gcc's -W, and what clang-tidy adds to say that it fails, are no part of a check's name."""
    return (text or "error").split(",")[0].removeprefix("-W")


def found(output):
    """Lines of text, by (check, path)."""
    findings, seen = collections.defaultdict(list), set()
    for match in filter(None, map(FINDING.match, output)):
        path = os.path.relpath(match[1])
        key = (check_of(match[4]), path, match[2])
        if key not in seen:
            seen.add(key)
            findings[key[:2]].append(f"{path}:{match[2]}: {match[3]} [{key[0]}]")
    return findings


def listed(name):
    counts = {}
    with open(name, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and not line.startswith("#"):
                counts[words[0], words[1]] = int(words[2]) if len(words) > 2 else 1
    return counts


def main(name):
    findings, counts = found(sys.stdin.read().splitlines()), listed(name)
    wrong = []
    for key in sorted({*findings, *counts}):
        lines, count = findings.get(key, []), counts.get(key, 0)
        if len(lines) > count:
            wrong += lines
        if len(lines) < count:
            wrong.append(f"{' '.join(key)}: {count} listed, {len(lines)} found: take it out of {os.path.basename(name)}")
    sys.exit("\n".join(wrong) or 0)


main(*sys.argv[1:])
