"""A DHCP server with one address to give: answer(request) for its messages, and as a
program for an interface of this machine.

    dhcp.py INTERFACE SERVER_ADDRESS BOARD_ADDRESS
"""
import socket
import struct
import sys

COOKIE = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
HOST_NAME, MESSAGE_TYPE = 12, 53


def options(message):
    found, at = {}, message.index(COOKIE) + len(COOKIE)
    while at < len(message) and message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        length = message[at + 1]
        found[message[at]] = message[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def answer(request, server, board):
    """What the server says to it, or None."""
    kind = options(request).get(MESSAGE_TYPE, b"\0")[0]
    if kind not in (DISCOVER, REQUEST):
        return None
    own = socket.inet_aton(server)
    head = struct.pack(">BBBB4s", 2, 1, 6, 0, request[4:8]) + bytes(8) + socket.inet_aton(board) + own + bytes(4)
    told = (
        bytes([MESSAGE_TYPE, 1, OFFER if kind == DISCOVER else ACK])
        + bytes([54, 4]) + own
        + bytes([51, 4]) + struct.pack(">I", 3600)
        + bytes([1, 4, 255, 255, 255, 0])
        + bytes([3, 4]) + own
    )
    return head + request[28:44] + bytes(192) + COOKIE + told + b"\xff"


def main(interface, server, board):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    udp.bind(("", 67))
    print("serves", flush=True)
    while True:
        said = answer(udp.recv(2048), server, board)
        if said is not None:
            udp.sendto(said, ("255.255.255.255", 68))


if __name__ == "__main__":
    main(*sys.argv[1:])
