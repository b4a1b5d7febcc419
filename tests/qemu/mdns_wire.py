"""The other end of a board's Ethernet, frame by frame: gives it an address, has the name
it wants, asks it by mDNS, and tells what it heard, a line each.

    mdns_wire.py COMMAND…     which runs the board; {nic} in it stands for its network;
                              file 3 is its flash
"""
import socket
import struct
import subprocess
import sys
import time

import dhcp

OWN, BOARD, STRANGER = "10.77.0.1", "10.77.0.42", "192.168.7.7"
MAC = bytes.fromhex("020000000001")
FLASH = 3  # number the board's flash file has
GROUP, GROUP_MAC, PORT = "224.0.0.251", bytes.fromhex("01005e0000fb"), 5353
TYPES = {1: "A", 12: "PTR", 16: "TXT", 28: "AAAA", 33: "SRV", 47: "NSEC", 255: "ANY"}
NUMBERS = {name: number for number, name in TYPES.items()}
RESPONSE = 0x8400


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


# ---- DNS ----


def pack_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def query(name, kind, flags=0):
    return struct.pack(">6H", 7, flags, 1, 0, 0, 0) + pack_name(name) + struct.pack(">HH", NUMBERS[kind], 1)


def claim(name, address):
    record = pack_name(name) + struct.pack(">HHIH", 1, 0x8001, 120, 4) + socket.inet_aton(address)
    return struct.pack(">6H", 0, RESPONSE, 0, 1, 0, 0) + record


class Message:
    def __init__(self, data):
        self.data, self.at = data, 12
        self.id, self.flags, *counts = struct.unpack(">6H", data[:12])
        self.questions = [self.question() for _ in range(counts[0])]
        self.records = [self.record() for _ in range(sum(counts[1:]))]

    def take(self, layout):
        values = struct.unpack_from(">" + layout, self.data, self.at)
        self.at += struct.calcsize(">" + layout)
        return values if len(values) > 1 else values[0]

    def name(self):
        labels = []
        while length := self.take("B"):
            if length >= 0xC0:
                target, back = (length & 0x3F) << 8 | self.take("B"), self.at
                self.at = target
                rest = self.name()
                self.at = back
                return ".".join(labels + [rest])
            labels.append(self.take(f"{length}s").decode())
        return ".".join(labels)

    def question(self):
        return self.name(), TYPES[self.take("HH")[0]]

    def record(self):
        name, (kind, _, ttl, length) = self.name(), self.take("HHIH")
        end = self.at + length
        value = self.data[self.at : end].hex()
        if TYPES[kind] == "A":
            value = socket.inet_ntoa(self.data[self.at : end])
        elif TYPES[kind] in ("PTR", "NSEC"):
            value = self.name()
        elif TYPES[kind] == "SRV":
            value = f"{self.take('HHH')[2]} {self.name()}"
        self.at = end
        return f"{name} {TYPES[kind]} {ttl} {value}"


# ---- The wire ----


class Wire:
    def __init__(self, command):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other.bind(("127.0.0.1", 0))
        self.other = other.getsockname()
        other.close()
        nic = "socket,udp=127.0.0.1:%d,localaddr=127.0.0.1:%d" % (self.socket.getsockname()[1], self.other[1])
        self.board = subprocess.Popen(
            [word.replace("{nic}", nic) for word in command],
            stdin=subprocess.PIPE, stdout=sys.stderr, pass_fds=[FLASH],
        )
        self.mac = None

    def send(self, kind, payload, to=None):
        frame = (to or self.mac) + MAC + struct.pack(">H", kind) + payload
        self.socket.sendto(frame + bytes(max(0, 60 - len(frame))), self.other)

    def send_udp(self, payload, source, to, to_mac=None, ttl=255):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 1, 0, ttl, 17, 0,
                           socket.inet_aton(source[0]), socket.inet_aton(to[0]))
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        self.send(0x0800, head + struct.pack(">HHHH", source[1], to[1], 8 + len(payload), 0) + payload, to_mac)

    def answer_arp(self, arp):
        operation, asker, source, wanted = arp[6:8], arp[8:14], arp[14:18], arp[24:28]
        if operation == b"\0\1" and wanted == socket.inet_aton(OWN):
            self.send(0x0806, arp[:6] + b"\0\2" + MAC + wanted + asker + source)

    def serve_dhcp(self, request):
        if dhcp.HOST_NAME in dhcp.options(request):
            tell("host name", dhcp.options(request)[dhcp.HOST_NAME].decode())
        said = dhcp.answer(request, OWN, BOARD)
        if said is not None:
            self.send_udp(said, (OWN, 67), ("255.255.255.255", 68), b"\xff" * 6)

    def take_ip(self, frame):
        """The message and whom it went to, if it is of mDNS."""
        head = 4 * (frame[14] & 15)
        ip, payload = frame[14 : 14 + head], frame[14 + head : 14 + struct.unpack(">H", frame[16:18])[0]]
        if ip[9] == 2 and payload[0] == 0x16:
            tell("member of", socket.inet_ntoa(payload[4:8]))
        if ip[9] != 17:
            return None
        source, target = struct.unpack(">HH", payload[:4])
        if target == 67:
            self.serve_dhcp(payload[8:])
        if source != PORT:
            return None
        to = socket.inet_ntoa(ip[16:20])
        assert ip[8] == 255, "time to live"
        assert to != GROUP or frame[:6] == GROUP_MAC, "address of the group"
        return Message(payload[8:]), (to, target)

    def messages(self, seconds):
        """What the board says by mDNS within that time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame = self.socket.recv(4096)
            except TimeoutError:
                return
            self.mac = frame[6:12]
            kind = frame[12:14]
            if kind == b"\x08\x06":
                self.answer_arp(frame[14:])
            said = self.take_ip(frame) if kind == b"\x08\x00" else None
            if said is not None:
                yield said

    def until(self, is_it, seconds=90):
        for message, to in self.messages(seconds):
            if is_it(message):
                return message, to
        sys.exit("it was not said in time")


told = set()


def tell(*words):
    """Each line once."""
    line = " ".join(words)
    if line not in told:
        print(line, flush=True)
    told.add(line)


def story(wire):
    is_probe = lambda message: message.flags == 0
    is_response = lambda message: message.flags == RESPONSE
    ask = lambda data, source, to=(GROUP, PORT), mac=GROUP_MAC: wire.send_udp(data, source, to, mac)

    message, _ = wire.until(is_probe)
    tell("wants", message.questions[0][0])
    ask(claim(message.questions[0][0], OWN), (OWN, PORT))
    message, _ = wire.until(lambda message: is_probe(message) and "-2" in message.questions[0][0])
    tell("wants", message.questions[0][0])
    message, to = wire.until(is_response)
    for record in message.records:
        tell("announces to", to[0], record)
    for message, _ in wire.messages(6):  # so that what is asked for was not just announced
        assert is_response(message)

    # Others' questions are not answered: the first answer is that to the second one.
    ask(query("_http._tcp.local", "PTR"), (STRANGER, PORT))
    ask(query("_arduino._tcp.local", "PTR"), (OWN, PORT))
    message, to = wire.until(is_response)
    for record in message.records:
        tell("answers", to[0], record)

    ask(query("kitchen-2.local", "A"), (OWN, 40000), (BOARD, PORT), wire.mac)
    message, to = wire.until(is_response)
    tell("answers", to[0], str(to[1]), str(message.id), message.questions[0][0], message.records[0])

    wire.board.stdin.write(b"restart\n")
    wire.board.stdin.flush()
    message, _ = wire.until(is_response)
    for record in message.records:
        tell("leaves", record)


def main(command):
    wire = Wire(command)
    try:
        story(wire)
    finally:
        wire.board.kill()
        wire.board.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
