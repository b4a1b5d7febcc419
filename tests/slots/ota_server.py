#!/usr/bin/env python3
"""A web server with an update, and with what can be wrong with one:

    ota_server.py IMAGE PORT_FILE

Paths say what: /whole, /cut (the connection ends early), /truncated (64000 bytes of it),
/header (180 of it), /random, /chip, /min-revision, /max-revision, /chunked, /redirect,
/loop, /norange (takes ranges and answers with all of it).
"""

import hashlib
import http.server
import pathlib
import random
import sys

CHUNK = 1000


def changed(image, changes):
    data = bytearray(image)
    for at, value in changes.items():
        data[at] = value
    data[-32:] = hashlib.sha256(data[:-32]).digest()
    return bytes(data)


def bodies(image):
    noise = bytearray(random.Random(1).randbytes(32000))
    noise[0] = 0xE9
    return {
        "/whole": image, "/norange": image, "/cut": image, "/chunked": image,
        "/truncated": image[:64000], "/header": image[:180], "/random": bytes(noise),
        "/chip": changed(image, {13: 0xFE}),
        "/min-revision": changed(image, {15: 0x0F, 16: 0x27}),
        "/max-revision": changed(image, {17: 1, 18: 0}),
    }


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients hang up, which is what is tried


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send_chunks(self, body):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(body), CHUNK):
            part = body[at:at + CHUNK]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def part(self, body):
        """The bytes asked for, and their place; None for all."""
        asked = self.headers.get("Range")
        if not asked or self.path == "/norange":
            return body, None
        first, last = asked.removeprefix("bytes=").split("-")
        first, last = int(first), int(last or len(body) - 1)
        return body[first:last + 1], f"bytes {first}-{last}/{len(body)}"

    def send_body(self, body):
        part, place = self.part(body)
        self.send_response(206 if place else 200)
        if place:
            self.send_header("Content-Range", place)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.path == "/cut":
            part = part[:len(part) // 2]
            self.close_connection = True
        self.wfile.write(part)

    def do_GET(self):
        if self.path in ("/redirect", "/loop"):
            self.send_response(302)
            self.send_header("Location", "/whole" if self.path == "/redirect" else "/loop")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path not in self.server.bodies:
            self.send_error(404)
        elif self.path == "/chunked" and self.command == "GET":
            self.send_chunks(self.server.bodies[self.path])
        else:
            self.send_body(self.server.bodies[self.path])

    do_HEAD = do_GET


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.bodies = bodies(pathlib.Path(sys.argv[1]).read_bytes())
    pathlib.Path(sys.argv[2]).write_text(str(server.server_port))
    server.serve_forever()


main()
