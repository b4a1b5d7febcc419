"""Reads Prometheus' text format as strictly as its description says, and answers what a
test asks of it:

    exposition.py check PAGE                  is it sound?
    exposition.py value PAGE 'name{a="b"}'    one value; labels in any order
    exposition.py names PAGE                  the metrics, and the labels of each
"""

import math
import re
import sys

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*$")
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
SUFFIXES = ("_bucket", "_sum", "_count")


def labels_of(text):
    labels, at = {}, 0
    while at < len(text or ""):
        match = LABEL.match(text, at)
        if not match or match[1] in labels:
            raise ValueError(f"labels: {text}")
        labels[match[1]], at = match[2], match.end()
    return labels


class Page:
    def __init__(self, text):
        self.types, self.samples = {}, {}
        family = None
        if not text.endswith("\n"):
            raise ValueError("the last line does not end")
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                family = line.split(" ")[2]
                if family in self.types or not NAME.match(family):
                    raise ValueError(f"{family} begins twice, or has no name")
                self.types[family] = None
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                if name != family or kind not in ("counter", "gauge", "histogram"):
                    raise ValueError(line)
                self.types[name] = kind
            else:
                self.take(family, line)
        for name, kind in self.types.items():
            if kind == "counter" and not name.endswith("_total"):
                raise ValueError(f"{name} is a counter by another name")
            if kind == "histogram":
                self.check_histogram(name)

    def take(self, family, line):
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"no sample: {line}")
        name, labels, value = match[1], labels_of(match[2]), float(match[3])
        base = name
        if self.types.get(family) == "histogram":
            base = next((name[: -len(s)] for s in SUFFIXES if name.endswith(s)), name)
        key = (name, tuple(sorted(labels.items())))
        if base != family or key in self.samples or math.isnan(value):
            raise ValueError(f"out of place: {line}")
        if self.types[family] == "counter" and value < 0:
            raise ValueError(f"less than nothing: {line}")
        self.samples[key] = value

    def check_histogram(self, name):
        buckets = [(float(dict(labels)["le"]), value)
                   for (sample, labels), value in self.samples.items() if sample == name + "_bucket"]
        if buckets != sorted(buckets) or buckets[-1][0] != math.inf:
            raise ValueError(f"{name}: {buckets}")
        if buckets[-1][1] != self.samples[(name + "_count", ())] or (name + "_sum", ()) not in self.samples:
            raise ValueError(f"{name} does not add up")


def main(what, file, wanted=None):
    with open(file, encoding="utf-8") as page:
        page = Page(page.read())
    if what == "value":
        match = re.match(r"([^{]+)(?:\{(.*)\})?$", wanted)
        value = page.samples.get((match[1], tuple(sorted(labels_of(match[2]).items()))))
        print("none" if value is None else f"{value:.17g}")
    elif what == "names":
        for name in sorted({(n, tuple(k for k, _ in labels)) for n, labels in page.samples}):
            print(name[0], *name[1])
    elif what != "check":
        sys.exit(f"{what}?")


if __name__ == "__main__":
    main(*sys.argv[1:])
