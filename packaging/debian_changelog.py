#!/usr/bin/env python3
"""CHANGELOG.md on stdin, as Debian has such files on stdout.

    debian_changelog.py 'NAME <ADDRESS>' 'DATE, as date -R has it'
"""
import re
import sys
import textwrap

WIDTH = 78


def main():
    maintainer, date = sys.argv[1:]
    for version, text in re.findall(r"^## (\S+?),? .*\n((?:(?!## ).*\n?)*)", sys.stdin.read(), re.M):
        print(f"updraft ({version}) unstable; urgency=medium\n")
        for item in re.findall(r"^- (.*(?:\n  .*)*)", text, re.M):
            print(textwrap.fill(" ".join(item.split()), WIDTH, initial_indent="  * ", subsequent_indent="    "))
        print(f"\n -- {maintainer}  {date}\n")


main()
