#!/usr/bin/env python3
"""Sends one client a line "SIZE MD5" and a file, as the example StreamUpdate wants it:
stream_server.py FILE MD5. Prints the port."""

import pathlib
import socket
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.sendall(f"{len(data)} {sys.argv[2]}\n".encode() + data)
client.recv(1)  # until it is closed
