#!/usr/bin/env python3
"""Makes the vectors of this folder, and checks them against the digests that
ESP-IDF's own tools gave for the same input."""
import hashlib
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).parent
ROWS = [
    ("nvs", 1, 2, 0x9000, 0x4000),
    ("otadata", 1, 0, 0xD000, 0x2000),
    ("phy_init", 1, 1, 0xF000, 0x1000),
    ("factory", 0, 0x00, 0x10000, 0x100000),
    ("ota_0", 0, 0x10, 0x110000, 0x100000),
    ("ota_1", 0, 0x11, 0x210000, 0x100000),
]
KNOWN = {
    "table.bin": "d1c0e9d02fa9d26cd2e1984e7b5dd20157204f501ddc83ce82229e5f3175ee8b",
    "otadata-0.bin": "4187e23640ddb4d9e00a91376d2df4aec3b0316e51b2f8f784bd43df49ce8ba9",
    "otadata-01.bin": "1948f69d226fea36612358041ed24eda23c2f013c0f9759f14ee8284eeeb1767",
}


def table():
    rows = b"".join(
        struct.pack("<HBBII16sI", 0x50AA, kind, sub, at, size, name.encode(), 0)
        for name, kind, sub, at, size in ROWS)
    digest = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(rows).digest()
    return (rows + digest).ljust(0xC00, b"\xff")


def entry(seq):
    crc = zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF)
    return struct.pack("<I20sII", seq, b"\xff" * 20, 0xFFFFFFFF, crc).ljust(0x1000, b"\xff")


files = {
    "table.bin": table(),
    "otadata-0.bin": entry(1) + b"\xff" * 0x1000,
    "otadata-01.bin": entry(1) + entry(2),
}
for name, data in files.items():
    assert hashlib.sha256(data).hexdigest() == KNOWN[name], name
    (HERE / name).write_bytes(data)
