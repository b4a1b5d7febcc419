"""Ends a server, several times, in the middle of handshakes.

  ends.py CERTIFICATE KEY SERVER…   the server's command, without its certificate

Connections that have sent half a greeting are waited for by the server's loops, and more
come while it ends: it must end at once, by itself, with nobody waited for.
"""

import re
import signal
import socket
import subprocess
import sys
import threading
import time

ROUNDS = 10
PATIENCE_S = 120
WAITING = 20  # connections that are there when the end comes
HALF_A_GREETING = b"\x16\x03\x01\x01\x00\x01"


def connect(port, streams):
    stream = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    stream.sendall(HALF_A_GREETING)
    streams.append(stream)


def keep_coming(port, streams, is_over):
    while not is_over.is_set():
        try:
            connect(port, streams)
        except OSError:
            time.sleep(0.001)


def await_waiting(streams):
    until = time.monotonic() + PATIENCE_S
    while len(streams) < WAITING:
        if time.monotonic() > until:
            sys.exit("the server takes nobody")
        time.sleep(0.001)


def end_one(command):
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    port = None
    for line in server.stdout:
        said = re.search(r"https://127\.0\.0\.1:(\d+)", line)
        if said:
            port = int(said.group(1))
            break
    if port is None:
        sys.exit(f"the server did not start: status {server.wait(PATIENCE_S)}")
    streams, is_over = [], threading.Event()
    comers = [
        threading.Thread(target=keep_coming, args=(port, streams, is_over), daemon=True)
        for _ in range(2)
    ]
    for comer in comers:
        comer.start()
    try:
        await_waiting(streams)
        server.send_signal(signal.SIGTERM)
        status = server.wait(PATIENCE_S)
    finally:
        server.kill()
        is_over.set()
    for comer in comers:
        comer.join()
    for stream in streams:
        stream.close()
    if status != 0:
        sys.exit(f"the server ended with {status}")


def main():
    certificate, key, *command = sys.argv[1:]
    command += ["--tls-cert", certificate, "--tls-key", key, "--drain", "0"]
    for _ in range(ROUNDS):
        end_one(command)


main()
