#!/usr/bin/env python3
"""What the firmware with a network takes of an ESP8266, part by part, as a table:
network_sizes.py BUILD

Of net-1.0.0 in that build (scripts/network.sh), by the linker's map:

  flash      code, and constants that stay there, run or read through the cache
  iram       code that must run while flash is busy
  constants  texts and tables in data RAM, copied there when the program starts
  zeroed     variables

"all" is what the chip has to have room for: the space between the parts' pieces too.
In bytes.
"""

import collections
import pathlib
import re
import subprocess
import sys

CROSS = "xtensa-lx106-elf-"
COLUMNS = ["flash", "iram", "constants", "zeroed"]
OUTPUTS = {
    ".irom0.text": "flash",
    ".text": "iram",
    ".data": "constants",
    ".rodata": "constants",
    ".bss": "zeroed",
}

# Whose an object is: the first that its path has.
PARTS = [
    ("_device_port_lwip_", "ways-in-over-lwip"),
    ("_device_port_bearssl_", "crypto-by-bearssl"),
    ("libupdraft-device", "library"),
    ("libupdraft-form-page", "page"),
    ("libupdraft-port-esp8266-rom", "flash-by-rom"),
    ("libsettings", "settings"),
    ("liblwip", "lwip"),
    ("libbearssl", "bearssl"),
    ("firmware/net/", "program"),
]

# An output section begins a line, one of an object is behind a space; long names are on a
# line of their own.
SECTION = re.compile(
    r"^(?P<output>\.\S+)\s+0x[0-9a-f]+\s+0x(?P<all>[0-9a-f]+)"
    r"|^ (?:\.\S+|COMMON)\s+0x[0-9a-f]+\s+0x(?P<bytes>[0-9a-f]+) (?P<object>\S+)$",
    re.M,
)


def part_of(path):
    return next((part for words, part in PARTS if words in path), "compiler")


def read_map(text):
    """Bytes of each part in each column."""
    sizes = collections.defaultdict(collections.Counter)
    column = None
    for match in SECTION.finditer(text[text.index("Linker script and memory map"):]):
        if match["output"]:
            column = OUTPUTS.get(match["output"])
            sizes["all"][column] += int(match["all"], 16)
        elif column:
            sizes[part_of(match["object"])][column] += int(match["bytes"], 16)
    return sizes


def version_of(folder):
    first = (folder / "source/debian/changelog").read_text(errors="replace").split("\n", 1)[0]
    return " ".join(re.match(r"(\S+) \((\S+)\)", first).groups())


def main(build):
    build = pathlib.Path(build)
    sizes = read_map((build / "lx106/firmware/net/net-1.0.0.map").read_text())
    gcc = subprocess.run([CROSS + "gcc", "-dumpfullversion"], check=True, capture_output=True, text=True)
    print("# Renewed by: benchmarks/network_sizes.py build >benchmarks/network_sizes.txt")
    print(f"# {CROSS}gcc {gcc.stdout.strip()} and {version_of(build / 'lwip-lx106')}, "
          f"{version_of(build / 'bearssl-lx106')}")
    print(f"\n{'# part, linked':18}" + "".join(f" {column:>9}" for column in COLUMNS) + " data-RAM")
    for part in ["all"] + [part for _, part in PARTS] + ["compiler"]:
        row = [sizes[part][column] for column in COLUMNS]
        print(f"{part:18}" + "".join(f" {bytes:9}" for bytes in row) + f" {row[2] + row[3]:8}")


if __name__ == "__main__":
    main(*sys.argv[1:])
