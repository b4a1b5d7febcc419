"""A device as the Arduino cores make it, quirks and all, for one upload.

    original_device.py [--esp32] [--password P] [--fail TEXT] [--refuse TEXT]
                       [--deaf N] [--stored-md5] OUT

Prints its UDP port, takes uploads until one has arrived whole, writes the image to OUT.

ESP8266: the nonce is MD5 digits; a second invitation while it waits for the
proof is swallowed and only makes it forget; counts have no separator; "OK" comes
a second after the last one. ESP32: nonce and proof by SHA-256; "OK" to any
invitation; the last count is said again while nothing arrives.
"""
import argparse
import hashlib
import os
import socket
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--esp32", action="store_true")
parser.add_argument("--password")
parser.add_argument("--stored-md5", action="store_true", help="as set by an MD5 setPasswordHash()")
parser.add_argument("--refuse", help="what it answers to an invitation it accepts")
parser.add_argument("--fail", help="what it says in place of OK in the end")
parser.add_argument("--deaf", type=int, default=0, help="datagrams that get lost at first")
parser.add_argument("out")
options = parser.parse_args()

digest = hashlib.sha256 if options.esp32 else hashlib.md5
length = digest().digest_size * 2

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
print(udp.getsockname()[1], flush=True)


def expected_response(nonce, cnonce):
    stored = hashlib.md5 if options.stored_md5 else digest
    key = stored(options.password.encode()).hexdigest()
    if options.esp32:
        key = hashlib.pbkdf2_hmac("sha256", key.encode(), f"{nonce}:{cnonce}".encode(), 10000).hex()
    return digest(f"{key}:{nonce}:{cnonce}".encode()).hexdigest()


def take_invitation():
    """An invitation that has been proved, and whose it is."""
    waiting, nonce = None, None
    while True:
        data, peer = udp.recvfrom(512)
        if options.deaf > 0:
            options.deaf -= 1
            continue
        words = data.decode().split()
        if waiting is None:
            if len(words) != 4 or words[0] not in ("0", "100") or len(words[3]) != 32:
                continue
            if options.password is None:
                return words, peer
            waiting, nonce = words, digest(os.urandom(8)).hexdigest()
            udp.sendto(f"AUTH {nonce}".encode(), peer)
            continue
        if words[0] != "200" or len(words) != 3 or len(words[1]) != length or len(words[2]) != length:
            waiting = None
        elif words[2] == expected_response(nonce, words[1]):
            return waiting, peer
        else:
            waiting = None
            udp.sendto(b"Authentication Failed", peer)


def receive(tcp, size):
    image = b""
    said = b""
    tcp.settimeout(1)
    while len(image) < size:
        try:
            part = tcp.recv(min(1460, size - len(image)))
        except socket.timeout:
            tcp.sendall(said)
            continue
        if not part:
            sys.exit("cut off")
        image += part
        said = str(len(part)).encode()
        tcp.sendall(said)
    return image


invitation, uploader = take_invitation()
if options.refuse is not None:
    udp.sendto(options.refuse.encode(), uploader)
    sys.exit(0)
udp.sendto(b"OK", uploader)
connection = socket.create_connection((uploader[0], int(invitation[1])))
received = receive(connection, int(invitation[2]))
if hashlib.md5(received).hexdigest() != invitation[3]:
    sys.exit("another image than was announced")
if not options.esp32:
    time.sleep(1)
connection.sendall((options.fail or "OK").encode())
connection.close()
with open(options.out, "wb") as out:
    out.write(received)
