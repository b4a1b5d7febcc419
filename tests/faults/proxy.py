"""A bad link: a TCP proxy that treats each connection as the file FAULT says at the moment
it is made, in both directions.

    proxy.py PORT FAULT     prints the port it listens on, forwards to 127.0.0.1:PORT

    clean             as it comes
    delay SECONDS     each piece that much later
    drip BYTES MS     so many bytes at a time, with a pause after each
    lossy SECONDS     now and then a pause, as when segments are lost and sent again
    reset BYTES       after so many bytes of the answer the connection is reset
    truncate BYTES    it is closed in an orderly way
    half-open BYTES   nothing passes any more and nobody is told
    duplicate BYTES   so many bytes of the answer come twice
    refuse            reset at once

Behind "sent", those with BYTES count what the client sends instead of the answer.
"""
import random
import socket
import struct
import sys
import threading
import time

PIECE = 4096
random.seed(20261121)


def reset(connection):
    connection.shutdown(socket.SHUT_RD)  # or who reads from it keeps it open
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Link:
    def __init__(self, client, server, fault):
        self.client, self.server = client, server
        words = fault.split() or ["clean"]
        self.counts_answers = words[0] != "sent"
        self.kind, *numbers = words if self.counts_answers else words[1:]
        self.numbers = [float(number) for number in numbers]
        self.limit = int(self.numbers[0]) if self.kind in ("reset", "truncate", "half-open", "duplicate") else None
        self.passed = 0
        for arguments in ((client, server, False), (server, client, True)):
            threading.Thread(target=self.forward, args=arguments, daemon=True).start()

    def send(self, to, data):
        if self.kind == "drip":
            step = int(self.numbers[0])
            for at in range(0, len(data), step):
                to.sendall(data[at:at + step])
                time.sleep(self.numbers[1] / 1000)
            return
        if self.kind == "delay" or (self.kind == "lossy" and random.random() < 0.2):
            time.sleep(self.numbers[0])
        to.sendall(data)

    def end(self):
        if self.kind == "reset":
            reset(self.client)
            reset(self.server)
        elif self.kind == "truncate":
            for connection in (self.client, self.server):
                connection.shutdown(socket.SHUT_RDWR)
        elif self.kind == "half-open":
            time.sleep(3600)

    def counted(self, to, data):
        """False once the fault has ended the connection."""
        if self.limit is None or self.passed + len(data) < self.limit:
            self.passed += len(data)
            self.send(to, data)
            return True
        part = data[:self.limit - self.passed]
        to.sendall(part)
        if self.kind == "duplicate":
            to.sendall(part)
            to.sendall(data[len(part):])
            self.limit = None
            return True
        self.end()
        return False

    def forward(self, source, to, is_answer):
        try:
            while data := source.recv(PIECE):
                if is_answer != self.counts_answers:
                    self.send(to, data)
                elif not self.counted(to, data):
                    return
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def serve(listener, fault, port):
    """Links every connection to the port that port() says, in the way that fault() says."""
    while True:
        client, _ = listener.accept()
        kind = fault()
        if kind == "refuse":
            reset(client)
            continue
        try:
            server = socket.create_connection(("127.0.0.1", port()))
        except OSError:
            reset(client)
            continue
        for connection in (client, server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Link(client, server, kind)


def main():
    port, path = int(sys.argv[1]), sys.argv[2]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    serve(listener, lambda: open(path).read().strip(), lambda: port)


if __name__ == "__main__":
    main()
