"""Asks for the TXT record of a device by mDNS and prints its texts as they are on
the wire.

    ask_texts.py OWN_ADDRESS DEVICE
"""
import socket
import struct
import sys

TXT, INTERNET = 16, 1


def label(text):
    return bytes([len(text)]) + text.encode()


name = b"".join(label(part) for part in (sys.argv[2], "_arduino", "_tcp", "local")) + b"\0"
query = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + name + struct.pack(">HH", TXT, INTERNET)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
udp.settimeout(60)
udp.sendto(query, ("224.0.0.251", 5353))
answer = udp.recv(4096)

# A pointer to the name in the question, type, class, time to live, length.
head = b"\xc0\x0c" + struct.pack(">HH", TXT, INTERNET)
at = answer.index(head) + len(head) + 4
(length,) = struct.unpack_from(">H", answer, at)
rest = answer[at + 2 : at + 2 + length]
texts = []
while rest:
    texts.append(rest[1 : 1 + rest[0]].decode())
    rest = rest[1 + rest[0] :]
print(*texts)
