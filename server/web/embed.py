#!/usr/bin/env python3
"""Writes the dashboard's files into one C source: embed.py OUT.c FILE..."""

import gzip
import hashlib
import pathlib
import re
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
BYTES_PER_LINE = 20
INCLUDE = re.compile(rb"<!--include (\S+)-->")


def path_of(name):
    return "/" if name == "index.html" else "/" + name


def content_of(file):
    """A page's includes stand for files beside it."""
    data = file.read_bytes()
    if file.suffix != ".html":
        return data
    return INCLUDE.sub(lambda match: (file.parent / match[1].decode()).read_bytes().strip(), data)


def array(name, data):
    lines = [data[at : at + BYTES_PER_LINE] for at in range(0, len(data), BYTES_PER_LINE)]
    body = "\n".join("    " + " ".join(f"{byte}," for byte in line) for line in lines)
    return f"static const unsigned char {name}[] = {{\n{body}\n}};\n"


def row(index, file, data):
    etag = hashlib.sha256(data).hexdigest()[:16]
    forms = (("", f"asset_{index}"), ("-gz", f"packed_{index}"))
    fields = [f'{{"\\"{etag}{mark}\\"", {name}, sizeof {name}}}' for mark, name in forms]
    return f'    {{"{path_of(file.name)}", "{TYPES[file.suffix]}", {", ".join(fields)}}},\n'


def main(out, names):
    files = [pathlib.Path(name) for name in names]
    contents = [content_of(file) for file in files]
    parts = ['#include "server/web/assets.h"\n\n#include <string.h>\n\n']
    for index, data in enumerate(contents):
        parts += [array(f"asset_{index}", data)]
        parts += [array(f"packed_{index}", gzip.compress(data, mtime=0))]
    parts += ["\nstatic const struct web_asset assets[] = {\n"]
    parts += [row(index, file, data) for index, (file, data) in enumerate(zip(files, contents))]
    parts += [
        "};\n\n"
        "const struct web_asset *web_asset_find(const char *path)\n"
        "{\n"
        "    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)\n"
        "        if (strcmp(assets[i].path, path) == 0)\n"
        "            return &assets[i];\n"
        "    return NULL;\n"
        "}\n"
    ]
    pathlib.Path(out).write_text("".join(parts), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
