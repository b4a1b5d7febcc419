"""A bad network between one who uploads by espota's protocol and a device: it invites through
us by UDP, and is called back through us over TCP.

    espota_proxy.py PORT FAULT HEARD   prints the UDP port it listens on, forwards to
                                       127.0.0.1:PORT; HEARD gets all that uploaders said, in hex

The file FAULT says, at the moment, what becomes of datagrams, or else of a connection
(proxy.py; its answers are the firmware's bytes):

    datagrams lose N     the first N each way are lost
    datagrams twice      each comes twice
    datagrams late MS    each comes that much later
"""
import socket
import sys
import threading
import time

import proxy


class Datagrams:
    def __init__(self, fault):
        words = fault.split()
        self.kind, *self.numbers = words[1:] if words[:1] == ["datagrams"] else ["clean"]

    def send(self, out, data, to, count):
        """count: of those before it the same way."""
        if self.kind == "lose" and count < int(self.numbers[0]):
            return
        if self.kind == "late":
            time.sleep(int(self.numbers[0]) / 1000)
        for _ in range(2 if self.kind == "twice" else 1):
            out.sendto(data, to)


class Uploader:
    """One who uploads, by the address it says so from."""

    def __init__(self, network, address):
        self.network, self.address = network, address
        self.datagrams = Datagrams(network.fault())
        self.said = self.heard = 0
        self.device = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.device.connect(("127.0.0.1", network.port))
        threading.Thread(target=self.answers, daemon=True).start()

    def invite(self, data):
        """The port in an invitation, "COMMAND PORT SIZE MD5", becomes ours."""
        fields = data.split(b" ")
        if len(fields) == 4 and fields[0] in (b"0", b"100"):
            self.network.caller = int(fields[1])
            fields[1] = b"%d" % self.network.called
        self.datagrams.send(self.device, b" ".join(fields), ("127.0.0.1", self.network.port), self.said)
        self.said += 1

    def answers(self):
        while True:
            try:
                data = self.device.recv(2048)
            except ConnectionError:
                continue
            self.datagrams.send(self.network.socket, data, self.address, self.heard)
            self.heard += 1


class Network:
    def __init__(self, port, path, heard):
        self.port, self.path, self.heard = port, path, heard
        self.caller = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.called = self.listener.getsockname()[1]

    def fault(self):
        return open(self.path).read().strip()

    def link_fault(self):
        fault = self.fault()
        return "clean" if fault.startswith("datagrams") else fault

    def run(self):
        uploaders = {}
        threading.Thread(target=proxy.serve, daemon=True,
                         args=(self.listener, self.link_fault, lambda: self.caller)).start()
        print(self.socket.getsockname()[1], flush=True)
        while True:
            data, address = self.socket.recvfrom(2048)
            with open(self.heard, "a") as heard:
                heard.write(data.hex() + "\n")
            if address not in uploaders:
                uploaders[address] = Uploader(self, address)
            uploaders[address].invite(data)


if __name__ == "__main__":
    Network(int(sys.argv[1]), *sys.argv[2:]).run()
