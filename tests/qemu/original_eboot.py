"""What the Arduino core's bootloader does with an update, after its description: copies it over the
program, sector by sector; the first one, where it is itself, only if that differs.

    original_eboot.py FLASH SOURCE SIZE     of what is staged, in bytes; prints how it dealt with sector 0
"""
import sys
import zlib

SECTOR = 4096


def main():
    path, source, size = sys.argv[1], int(sys.argv[2], 0), int(sys.argv[3], 0)
    with open(path, "r+b") as flash:
        flash.seek(source)
        update = flash.read(size)
        if update[:2] == b"\x1f\x8b":
            update = zlib.decompress(update, 31)
        flash.seek(0)
        keeps = flash.read(SECTOR) == update[:SECTOR]
        start = SECTOR if keeps else 0
        flash.seek(start)
        flash.write(update[start:].ljust((len(update[start:]) + SECTOR - 1) // SECTOR * SECTOR, b"\xff"))
    print("keeps the bootloader" if keeps else "brings another bootloader")


main()
