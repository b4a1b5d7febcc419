#!/usr/bin/env python3
"""Reads a URL slowly through a small receive window, so that the server has most of it still to
send: curl's --limit-rate leaves the kernel free to take megabytes ahead of what curl reads.

  slow_get.py URL <HEADERS      headers one a line; reads until it is killed or the answer ends,
                                and without pauses once it gets SIGUSR1
"""
import signal
import socket
import sys
import time
from urllib.parse import urlsplit

WINDOW = 4096  # bytes; the kernel doubles it
PIECE = 1024   # bytes at a time

pause = 0.1  # seconds between them


def hurry(_signal, _frame):
    global pause
    pause = 0


signal.signal(signal.SIGUSR1, hurry)
url = urlsplit(sys.argv[1])
headers = [line.strip() for line in sys.stdin if line.strip()]
with socket.socket() as connection:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    connection.connect((url.hostname, url.port))
    lines = [f"GET {url.path} HTTP/1.1", f"Host: {url.netloc}", "Connection: close", *headers]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    while connection.recv(PIECE):
        time.sleep(pause)
