"""How the project's own sources are compiled, for analysers that ask.

commands.py ROOT BUILD… reads the compile_commands.json of each build and writes another one, with
one command for each source of the rooms: that of the first build that has it, of which only what
decides how the source reads is kept. It is gcc's; --clang: as clang takes it; --lines: as lines
for a shell, each ready for another option.
"""

import argparse
import json
import os
import shlex
import sys

ROOMS = ("device", "boot", "host", "server", "sim", "tools", "firmware")
# What decides how a source reads: by itself, or up to a value joined to it.
KEPT = ("-ffreestanding", "-fno-builtin", "-pthread", "-std=", "-D", "-march=", "-mabi=", "-O")

# clang has no Xtensa: another little-endian machine of 32 bits, which has a register a2 as well,
# stands in. Neither has a C library here; the headers of the one for LX106 do for both.
CROSS = ("xtensa-lx106-elf-gcc", "riscv64-unknown-elf-gcc")
CLANGS_CROSS = ["--target=riscv32-none-elf", "-nostdlibinc", "-isystem", "/usr/lib/xtensa-lx106-elf/include"]


def kept(words, folder):
    """The words that decide how the source reads, with folders of headers in full."""
    words, result = iter(words), []
    for word in words:
        if word.startswith("-isystem"):
            path = word.removeprefix("-isystem") or next(words)
            result += ["-isystem", os.path.normpath(os.path.join(folder, path))]
        elif word.startswith("-I"):
            result.append("-I" + os.path.normpath(os.path.join(folder, word[2:])))
        elif word.startswith(KEPT):
            result.append(word)
    return result


def arguments(entry, is_clangs):
    words = [word for word in shlex.split(entry["command"]) if os.path.basename(word) != "ccache"]
    rest = kept(words[1:], entry["directory"])
    if not is_clangs:
        return words[:1] + rest
    return ["clang", *(CLANGS_CROSS if words[0] in CROSS else []), *rest]


def commands(root, builds, is_clangs):
    """The words for each source of the rooms, by its path."""
    found = {}
    for build in builds:
        with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
            for entry in json.load(file):
                path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), root)
                if path.endswith(".c") and path.split("/")[0] in ROOMS and path not in found:
                    found[path] = arguments(entry, is_clangs)
    return sorted(found.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clang", action="store_true")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("root")
    parser.add_argument("builds", nargs="+")
    options = parser.parse_args()
    root = os.path.realpath(options.root)
    found = commands(root, options.builds, options.clang)
    if options.lines:
        print("\n".join(f"{shlex.join(words)} -c {shlex.quote(path)}" for path, words in found))
        return
    entries = [
        {"directory": root, "file": path, "command": shlex.join([*words, "-c", path])} for path, words in found
    ]
    json.dump(entries, sys.stdout, indent=1)


main()
