#!/usr/bin/env python3
"""What a device says of itself that runs this image: "SIZE MD5 SHA256".

    sketch_digest.py FILE [--mode qio|qout|dio|dout]

FILE is the plain image. An ESP8266's size and MD5 are those of its flash from 0
to the end of the application, as ESP.getSketchSize() finds it by hopping over
the segments; --mode is the flash mode the updater writes over the one in the
file. For ESP32 the SHA-256 is the one appended to the image.
"""

import argparse
import hashlib
import struct

MODES = ["qio", "qout", "dio", "dout"]
APPLICATION = 0x1000


def sketch_size(flash, start):
    position = start + 8
    for _ in range(flash[start + 1]):
        position += 8 + struct.unpack_from("<I", flash, position + 4)[0]
    return (position + 16) & ~15


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--mode", choices=MODES)
    options = parser.parse_args()
    with open(options.file, "rb") as file:
        flash = bytearray(file.read())
    if options.mode:
        flash[2] = MODES.index(options.mode)
    if len(flash) > APPLICATION and flash[APPLICATION] == 0xE9:
        sketch = flash[: sketch_size(flash, APPLICATION)]
        sha256 = hashlib.sha256(sketch).hexdigest()
    else:
        sketch = flash
        sha256 = bytes(flash[-32:]).hex()
    print(len(sketch), hashlib.md5(sketch).hexdigest(), sha256)


main()
