#!/usr/bin/env python3
"""An uploader that closes in the middle of an image: leaving_uploader.py PORT PASSWORD"""

import hashlib
import socket
import sys


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


port, password = int(sys.argv[1]), sys.argv[2]
listener = socket.create_server(("127.0.0.1", 0))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.settimeout(60)
udp.connect(("127.0.0.1", port))
udp.send(f"0 {listener.getsockname()[1]} 300000 {md5('no file')}\n".encode())
nonce = udp.recv(64).decode().split()[1]
cnonce = md5("anything")
udp.send(f"200 {cnonce} {md5(f'{md5(password)}:{nonce}:{cnonce}')}\n".encode())
assert udp.recv(64) == b"OK"
listener.settimeout(60)
connection, _ = listener.accept()
connection.sendall(b"\xe9" + bytes(10))
connection.close()
