#!/usr/bin/env python3
"""A web server that knows nothing of updates: static_server.py DIR [1.0|1.1]

Prints its port, then serves the files of DIR in the given HTTP version with
Content-Length and nothing else. The query makes it stranger, one thing at a time:

    /FILE?md5=TEXT        sends x-MD5: TEXT
    /FILE?cut=BYTES       closes after so many bytes of the body
    /FILE?length=none     leaves Content-Length out and closes at the end
    /FILE?length=N        says N, whatever the file has
    /FILE?chunked         sends it chunked
    /FILE?status=CODE     answers that, with the file as its body
    /FILE?redirect=CODE   sends to /FILE with that code
    /loop                 sends to itself
"""

import http.server
import pathlib
import sys
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    folder = None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        file = self.folder / url.path.lstrip("/")
        if url.path == "/loop":
            self.redirect(302, "/loop")
        elif "redirect" in query:
            self.redirect(int(query["redirect"]), url.path)
        elif file.is_file():
            self.send_file(file.read_bytes(), query)
        else:
            self.send_error(404)

    def redirect(self, code, location):
        self.send_response(code)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_file(self, content, query):
        self.send_response(int(query.get("status", 200)))
        self.send_header("Content-Type", "application/octet-stream")
        if "md5" in query:
            self.send_header("x-MD5", query["md5"])
        if "chunked" in query:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        elif query.get("length") != "none":
            self.send_header("Content-Length", query.get("length", str(len(content))))
        self.end_headers()
        try:
            self.wfile.write(content[: int(query.get("cut", len(content)))])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the device has seen enough
        if {"cut", "length"} & query.keys():
            self.close_connection = True

    def log_message(self, *_):
        pass


def main():
    Handler.folder = pathlib.Path(sys.argv[1])
    Handler.protocol_version = "HTTP/" + (sys.argv[2] if len(sys.argv) > 2 else "1.0")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


main()
