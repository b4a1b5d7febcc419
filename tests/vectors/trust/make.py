#!/usr/bin/env python3
"""Makes the files beside it, and prints the figures docs/trust.md quotes.

Needs openssl. Signatures by RSA come out the same every time; those by P-256 do
not, so files that carry one are made only when they are missing.
"""
import gzip
import hashlib
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SIGNING = os.path.join(HERE, os.pardir, "signing")
APPLICATION, FILE_SYSTEM = 1, 2
ADD, REVOKE = 1, 2
ESP8266, ANY_CHIP = 0x8266, 0xFFFF
RECORD_SIZE, RECORD_START = 4096, 16


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def signing(name):
    return os.path.join(SIGNING, name)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(name, data):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(data)


def raw_ecdsa(der):
    """r and s of a DER signature, 32 bytes each."""
    numbers, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        numbers += int.from_bytes(der[at + 2 : at + 2 + length], "big").to_bytes(32, "big")
        at += 2 + length
    return numbers


def sign(key, data):
    signature = openssl("dgst", "-sha256", "-sign", signing(key + ".key"), data=data)
    if key.startswith("p256"):
        signature = raw_ecdsa(signature)
    return data + signature + struct.pack("<I", len(signature))


def write_signed(name, key, data):
    if key.startswith("rsa") or not os.path.exists(os.path.join(HERE, name)):
        write(name, sign(key, data))


def der(key):
    return openssl("pkey", "-pubin", "-in", signing(key + ".pub"), "-outform", "DER")


def key_id(key):
    return hashlib.sha256(der(key)).digest()[:8]


def manifest(kind, chip, security_version, product, version):
    return struct.pack("<4sBBHII64s32s", b"UDmf", 1, kind, chip, security_version, 0,
                       product.encode(), version.encode())


def with_extra(member, record):
    """A gzip member whose header has no extra field yet, with the manifest in one."""
    extra = b"UD" + struct.pack("<H", len(record)) + record
    return (member[:3] + bytes([member[3] | 4]) + member[4:10] +
            struct.pack("<H", len(extra)) + extra + member[10:])


def key_update(action, sequence, product, body):
    return struct.pack("<4sBBHII64s", b"UDku", 1, action, len(body), sequence, 0,
                       product.encode()) + body


def crc32_forward(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def entry(kind, body):
    return struct.pack("<HH", kind, len(body)) + body + b"\0" * (-len(body) % 4)


def record(sequence, entries):
    covered = struct.pack("<HHI", 1, len(entries), sequence)
    return b"UDkr" + covered + struct.pack("<I", crc32_forward(covered + entries)) + entries


def make_manifests(firmware):
    application = manifest(APPLICATION, ESP8266, 3, "lamp", "1.4.0")
    files = manifest(FILE_SYSTEM, ANY_CHIP, 0, "lamp", "1.4.0")
    member = with_extra(gzip.compress(firmware, 9, mtime=0), application)
    write("application.manifest", application)
    write("files.manifest", files)
    write_signed("application.bin.signed", "rsa2048", firmware + application)
    write_signed("application.bin.p256.signed", "p256", firmware + application)
    write_signed("application.bin.gz.signed", "rsa2048", member)
    write_signed("files.bin.signed", "rsa2048", b"files" + files)


def make_key_updates():
    add = key_update(ADD, 1, "lamp", der("p256"))
    revoke = key_update(REVOKE, 2, "lamp", key_id("rsa2048"))
    write_signed("1-add-p256.signed", "rsa2048", add)
    write_signed("2-revoke-rsa2048.signed", "p256", revoke)
    added = entry(ADD, der("p256"))
    write("ring-1.bin", record(1, added))
    write("ring-2.bin", record(2, added + entry(REVOKE, key_id("rsa2048"))))


def main():
    make_manifests(read(signing("fw.bin")))
    make_key_updates()
    for name in sorted(os.listdir(SIGNING)):
        if name.endswith(".pub"):
            print(name, key_id(name[:-4]).hex())
    for name in sorted(os.listdir(HERE)):
        data = read(os.path.join(HERE, name))
        if not name.endswith((".py", ".md")):
            print(name, len(data), hashlib.sha256(data).hexdigest()[:16])
    return 0


if __name__ == "__main__":
    sys.exit(main())
