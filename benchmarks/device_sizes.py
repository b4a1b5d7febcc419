#!/usr/bin/env python3
"""What the device library costs on an ESP8266, as a table: device_sizes.py OUT_DIR

Compiles device/src for LX106 and links each part of device_parts.txt as a program that
calls it would: what nobody calls is dropped, calls get the length they need. Of that

  code       instructions, with the addresses and large numbers among them
  constants  texts and tables; in flash, but read through the data bus
  RAM        the structs that the part's caller owns
  stack      the deepest way from one of the calls down, which a run need not take; what
             flash, digests and <string.h> take comes on top

for each source what it adds to the part called "all", and what that takes with link-time
optimisation, which Arduino builds do without. In bytes.

Debug information is left out: the linker shortens code less where it has to keep line
numbers right, by 3 %.
"""

import collections
import concurrent.futures
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARTS = ROOT / "benchmarks/device_parts.txt"
CROSS = "xtensa-lx106-elf-"
FLAGS = (
    "-std=c11 -ffreestanding -Os -mlongcalls -mtext-section-literals "
    "-ffunction-sections -fdata-sections"
).split()
LINK_FLAGS = "-nostdlib -Wl,--relax,--gc-sections,--unresolved-symbols=ignore-all,-e0".split()

# Whom the calls through pointers in a source reach: functions of the library by name,
# or all of another source that nobody calls by name. So do they in the same source.
REACHES = {
    "updater": ["staging", "updater_gunzip"],
    "staging": ["staging_journal"],
    "updater_check": ["staging", "updater_gunzip", "ud_signature_check", "ud_keys_update",
                      "ud_manifest_judge"],
    "signature": ["keys"],
    "flash": ["updater_check"],
    "gunzip": ["updater_gunzip"],
    "gunzip_block": ["updater_gunzip"],
    "pull": ["pull_redirect"],
    "pull_head": ["pull_redirect"],
    "form_login": ["form_digest"],
}

# Whose own functions are called through pointers from elsewhere only.
REACHES_OTHERS_ONLY = {"staging"}

Part = collections.namedtuple("Part", "name structs functions")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_parts():
    parts = {}
    for line in PARTS.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, others, structs, functions = (field.strip() for field in line.split("|"))
        structs, functions = set(structs.split()), set(functions.split())
        for other in others.split():
            structs |= parts[other].structs
            functions |= parts[other].functions
        parts[name] = Part(name, structs, functions)
    return parts


def compile_library(out, *flags):
    sources = sorted((ROOT / "device/src").glob("*.c"))
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob("*.o"):
        stale.unlink()

    def compile_one(source):
        run(CROSS + "gcc", *FLAGS, *flags, "-I", str(ROOT / "device/include"),
            "-c", str(source), "-o", str(out / (source.stem + ".o")))
        return source.stem

    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(compile_one, sources))


# ---- code and constants ----


def section_sizes(text):
    """Bytes of each source's sections in a map of the linker, as (source, section): bytes."""
    sizes = collections.Counter()
    text = text[text.index("Linker script and memory map"):]
    for name, size, source in re.findall(
        r"^ (\.(?:text|literal|rodata)\S*)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) \S*/(\w+)\.o$", text, re.M
    ):
        kind = "constants" if name.startswith(".rodata") else "code"
        sizes[source, kind] += int(size, 16)
    return sizes


def link(out, part, *flags):
    elf, map_file = out / (part.name + ".elf"), out / (part.name + ".map")
    undefined = [f"-Wl,-u,{function}" for function in sorted(part.functions)]
    run(CROSS + "gcc", *flags, *LINK_FLAGS, *undefined, f"-Wl,-Map={map_file}",
        *map(str, sorted(out.glob("*.o"))), "-o", str(elf))
    sizes = dict(re.findall(r"^\.(text|rodata)\s+(\d+)", run(CROSS + "size", "-A", str(elf)), re.M))
    defined = set(re.findall(r"\b[tTR] (\w+)", run(CROSS + "nm", str(elf))))
    if part.functions - defined:
        sys.exit(f"{PARTS.name}: {part.name}: no such function: {part.functions - defined}")
    return int(sizes["text"]), int(sizes.get("rodata", 0)), defined, map_file.read_text()


# ---- RAM ----


def struct_sizes(out, names):
    headers = sorted((ROOT / "device/include/updraft").glob("*.h"))
    source = out / "structs.c"
    lines = [f'#include "updraft/{header.name}"' for header in headers]
    lines += [f"char size_{name}[sizeof(struct ud_{name})];" for name in sorted(names)]
    source.write_text("\n".join(lines) + "\n")
    compiled = out / "structs.elf"
    run(CROSS + "gcc", *FLAGS, "-I", str(ROOT / "device/include"), "-c", str(source), "-o", str(compiled))
    found = re.findall(r"^\S+ (\w+) \w size_(\w+)$", run(CROSS + "nm", "-S", str(compiled)), re.M)
    return {name: int(size, 16) for size, name in found}


# ---- stack ----


class Calls:
    """Who calls whom, and the bytes of each frame. A function is (source, name)."""

    def __init__(self, out, sources):
        self.frames = {}
        self.called = collections.defaultdict(set)
        self.home = {}  # of what other sources can call
        for source in sources:
            self.read(source, (out / (source + ".ci")).read_text())
        named = {callee for callees in self.called.values() for callee in callees}
        self.pointed_at = collections.defaultdict(set)
        for function in self.frames:
            if function not in named and self.home.get(function[1]) != function[0]:
                self.pointed_at[function[0]].add(function)

    def read(self, source, text):
        def function(title):
            if ":" in title:
                return source, title.rsplit(":", 1)[1]
            return self.home.get(title, title), title

        nodes = re.findall(r'^node: { title: "([^"]*)" label: "[^"]*?(\d+) bytes', text, re.M)
        for title, size in nodes:
            if ":" not in title:
                self.home[title] = source
            self.frames[source, title.rsplit(":", 1)[-1]] = int(size)
        for caller, callee in re.findall(r'sourcename: "([^"]*)" targetname: "([^"]*)"', text):
            callee = (source, callee.rsplit(":", 1)[1]) if ":" in callee else (None, callee)
            self.called[source, caller.rsplit(":", 1)[-1]].add(callee)

    def callees(self, function):
        for source, name in self.called[function]:
            if name == "__indirect_call":
                own = [] if function[0] in REACHES_OTHERS_ONLY else [function[0]]
                for other in own + REACHES.get(function[0], []):
                    if other in self.home:
                        yield self.home[other], other
                    yield from self.pointed_at[other]
            else:
                yield source or self.home.get(name), name

    def deepest(self, function, path=()):
        is_linked = function[1].split(".")[0] in self.linked  # less what the compiler appends
        if function in path or not is_linked or function not in self.frames:
            return 0
        path += (function,)
        below = (self.deepest(callee, path) for callee in self.callees(function))
        return self.frames[function] + max(below, default=0)

    def deepest_of(self, part, linked):
        self.linked = linked
        functions = [(self.home[name], name) for name in part.functions if name in self.home]
        return max(self.deepest(function) for function in functions)


# ---- the table ----


def main(out):
    out = pathlib.Path(out)
    parts = read_parts()
    sources = compile_library(out, "-fcallgraph-info=su")
    structs = struct_sizes(out, set().union(*(part.structs for part in parts.values())))
    calls = Calls(out, sources)
    version = run(CROSS + "gcc", "-dumpfullversion").strip()

    print(f"# Renewed by: benchmarks/device_sizes.py build/sizes >benchmarks/device_sizes.txt")
    print(f"# {CROSS}gcc {version} {' '.join(FLAGS)}")
    print(f"\n{'# part, linked':18} {'code':>6} {'constants':>10} {'RAM':>6} {'stack':>6}")
    for part in parts.values():
        code, constants, linked, linker_map = link(out, part)
        ram = sum(structs[name] for name in part.structs)
        stack = calls.deepest_of(part, linked)
        print(f"{part.name:18} {code:6} {constants:10} {ram:6} {stack:6}")
        if part.name == "all":
            of_sources = section_sizes(linker_map)
    compile_library(out / "lto", "-flto")
    code, constants, _, _ = link(out / "lto", parts["all"], *FLAGS, "-flto")
    print(f"\n{'# with -flto':18} {'code':>6} {'constants':>10}")
    print(f"{'all':18} {code:6} {constants:10}")
    print(f"\n{'# source, of all':18} {'code':>6} {'constants':>10}")
    for source in sources:
        code, constants = of_sources[source, "code"], of_sources[source, "constants"]
        if code or constants:
            print(f"{source:18} {code:6} {constants:10}")
    print(f"\n{'# struct':18} {'RAM':>24}")
    for name, size in sorted(structs.items()):
        print(f"{name:18} {size:24}")


if __name__ == "__main__":
    main(*sys.argv[1:])
