#!/usr/bin/env python3
"""Makes a C array of the page, compressed: embed.py PAGE.html OUT.c [LIMIT]

Comments and indentation are for who reads the source; they are left out. It is an
error if more than LIMIT bytes come out.
"""

import gzip
import pathlib
import re
import sys

BYTES_PER_LINE = 20


def shorten(text):
    text = re.sub(r"<!-- .*?-->\n?", "", text, flags=re.S)
    lines = (re.sub(r"(^|[;,{}] )// .*$", r"\1", line.strip()).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def array(data):
    lines = (data[at : at + BYTES_PER_LINE] for at in range(0, len(data), BYTES_PER_LINE))
    body = "\n".join("    " + " ".join(f"{byte}," for byte in line) for line in lines)
    return (
        '#include "updraft/form_page.h"\n\n'
        f"const uint8_t ud_form_page[] = {{\n{body}\n}};\n"
        "const uint32_t ud_form_page_length = sizeof ud_form_page;\n"
    )


def main(page, out, limit="6144"):
    data = gzip.compress(shorten(pathlib.Path(page).read_text("utf-8")).encode(), 9, mtime=0)
    if len(data) > int(limit):
        sys.exit(f"{page}: {len(data)} bytes compressed, more than {limit}")
    pathlib.Path(out).write_text(array(data), "ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
