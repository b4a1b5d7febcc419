#!/usr/bin/env python3
"""Makes a firmware file of any size for tests:

    make_image.py OUT --project P --version V [--size BYTES] [--chip esp8266|esp32]
                  [--flash-mode qio|qout|dio|dout] [--flash-mb N] [--seed N]

Written from the format's description, not from the product's own code, so that
the two check each other.
"""

import argparse
import hashlib
import pathlib
import random
import struct
import zlib

MODES = ["qio", "qout", "dio", "dout"]
SIZE_NIBBLES = {1: 2, 2: 3, 4: 4, 8: 8, 16: 9}
CHECKSUM_SEED = 0xEF
BOOT_SIZE = 0x1000
CRC_WORDS = BOOT_SIZE + 16  # file length, CRC-32/MPEG-2 of the file with both words zero
REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


TRIAL = 0x4C495254  # in the description's first unused word: the image must confirm itself


def description(options):
    return struct.pack(
        "<IIII32s32s16s16s32s32s80x", 0xABCD5432, 0, TRIAL if options.trial else 0, 0,
        options.version.encode(), options.project.encode(),
        b"10:00:00", b"Nov 21 2026", b"test", bytes(32))


def body(segments):
    """Segments, zeros up to offset 15 of 16, and the XOR of all their data."""
    checksum = CHECKSUM_SEED
    data = b""
    for address, content in segments:
        data += struct.pack("<II", address, len(content)) + content
        for byte in content:
            checksum ^= byte
    return data, checksum


def part(header, segments):
    data, checksum = body(segments)
    whole = header + data
    return whole + bytes(15 - len(whole) % 16) + bytes([checksum])


def crc32_mpeg2(data):
    reflected = zlib.crc32(data.translate(REVERSED_BITS)) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)


def content(options, length):
    return random.Random(options.seed).randbytes(length)


def esp8266(options):
    settings = [MODES.index(options.flash_mode), SIZE_NIBBLES[options.flash_mb] << 4]
    boot = part(bytes([0xE9, 1, *settings]) + struct.pack("<I", 0x4010F000),
                [(0x4010F000, bytes(range(256)))])
    # The length and CRC words, the core's version word and one more come before the description.
    irom = bytes(8) + struct.pack("<II", 0x00302000, 0) + description(options)
    irom += content(options, max(0, options.size - BOOT_SIZE - 512) // 4 * 4)
    app = part(bytes([0xE9, 2, *settings]) + struct.pack("<I", 0x40100000),
               [(0x40201010, irom), (0x40100000, bytes(128))])
    file = bytearray(boot.ljust(BOOT_SIZE, b"\xaa") + app)
    crc = crc32_mpeg2(bytes(file))
    struct.pack_into("<II", file, CRC_WORDS, len(file), crc)
    return bytes(file)


def esp32(options):
    header = bytes([0xE9, 2, MODES.index(options.flash_mode), {4: 2, 8: 3, 16: 4}[options.flash_mb] << 4])
    header += struct.pack("<I", 0x40080000) + bytes([0xEE, 0, 0, 0]) + struct.pack("<H", 0)
    header = header.ljust(23, b"\0") + b"\1"  # a SHA-256 follows
    drom = description(options) + content(options, options.size // 4 * 4)
    image = part(header, [(0x3F400020, drom), (0x40080000, bytes(128))])
    return image + hashlib.sha256(image).digest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--chip", choices=["esp8266", "esp32"], default="esp8266")
    parser.add_argument("--project", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--size", type=int, default=300000)
    parser.add_argument("--flash-mode", choices=MODES, default="dio")
    parser.add_argument("--flash-mb", type=int, choices=SIZE_NIBBLES, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trial", action="store_true", help="ask the bootloader for one")
    options = parser.parse_args()
    make = {"esp8266": esp8266, "esp32": esp32}[options.chip]
    pathlib.Path(options.out).write_bytes(make(options))


main()
