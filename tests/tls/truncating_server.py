#!/usr/bin/env python3
"""A TLS server that sends the first half of what it promises and then drops the connection,
without TLS's good-bye: truncating_server.py CERTIFICATE KEY FILE. Prints its port."""

import socket
import ssl
import sys

certificate, key, path = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
data = open(path, "rb").read()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    plain, _ = listener.accept()
    try:
        stream = context.wrap_socket(plain, server_side=True)
        stream.recv(4096)
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data))
        stream.sendall(data[: len(data) // 2])
        # SSLSocket.close() says no good-bye; unwrap() would.
        stream.close()
    except OSError:
        plain.close()
