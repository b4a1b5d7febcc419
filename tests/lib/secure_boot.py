#!/usr/bin/env python3
"""Signs an ESP32's image as Secure Boot v2 has it, with openssl's command:

    secure_boot.py IMAGE OUT KEY.pem…

Written from the format's description, not from the product's own code, so that the
two check each other. Prints each key's digest.
"""

import hashlib
import pathlib
import subprocess
import sys
import zlib

SECTOR = 4096
CRC = 1196
BLOCK = 1216
R = 1 << 3072
CURVES = {32: (2, 36, 101), 48: (3, 52, 149)}  # by bytes of X: number, its place, the signature's


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def der_integers(der):
    """The two numbers in an ECDSA signature."""
    numbers, at = [], 2
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big"))
        at += 2 + length
    return numbers


def rsa_block(key, data):
    n = int(openssl("rsa", "-in", key, "-noout", "-modulus").decode().split("=")[1], 16)
    public = n.to_bytes(384, "little") + (65537).to_bytes(4, "little")
    public += (R * R % n).to_bytes(384, "little") + (-pow(n, -1, 1 << 32) % (1 << 32)).to_bytes(4, "little")
    signature = openssl("dgst", "-sha256", "-sign", key, "-sigopt", "rsa_padding_mode:pss",
                        "-sigopt", "rsa_pss_saltlen:32", data=data)
    block = b"\xe7\x02\0\0" + hashlib.sha256(data).digest() + public + signature[::-1]
    return block, hashlib.sha256(public).hexdigest()


def ec_block(key, data, size):
    number, place, behind = CURVES[size]
    point = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-2 * size:]
    public = bytes([number]) + point[:size][::-1] + point[size:][::-1]
    name = "sha384" if size == 48 else "sha256"
    numbers = der_integers(openssl("dgst", "-" + name, "-sign", key, data=data))
    block = bytes([0xE7, 3, size == 48, 0]) + hashlib.new(name, data).digest()
    assert len(block) == place
    block += public
    assert len(block) == behind
    block += b"".join(number.to_bytes(size, "little") for number in numbers)
    return block, hashlib.sha256(public).hexdigest()


def make_block(key, data):
    kind = openssl("pkey", "-in", key, "-noout", "-text").decode()
    size = 48 if "P-384" in kind else 32 if "P-256" in kind else 0
    block, digest = ec_block(key, data, size) if size else rsa_block(key, data)
    block = block.ljust(CRC, b"\0")
    return block + zlib.crc32(block).to_bytes(4, "little") + bytes(BLOCK - CRC - 4), digest


def main():
    image = pathlib.Path(sys.argv[1]).read_bytes()
    image += b"\xff" * (-len(image) % SECTOR)
    sector = b""
    for key in sys.argv[3:]:
        block, digest = make_block(key, image)
        sector += block
        print(digest)
    pathlib.Path(sys.argv[2]).write_bytes(image + sector.ljust(SECTOR, b"\xff"))


main()
