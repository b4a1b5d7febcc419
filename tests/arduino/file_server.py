#!/usr/bin/env python3
"""A plain web server over a folder that wants device:secret, and says in x-version what
its version is: file_server.py FOLDER. Prints the port. Says by a redirect first where a
sketch is. With --open after the folder it does neither, and says on stderr what headers it gets."""

import base64
import functools
import http.server
import sys

IS_OPEN = "--open" in sys.argv
WANTED = "Basic " + base64.b64encode(b"device:secret").decode()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if IS_OPEN:
            print(self.headers, file=sys.stderr, flush=True)
            super().do_GET()
        elif self.headers["Authorization"] != WANTED:
            self.send_error(401)
        elif self.path == "/update" and self.headers["x-ESP8266-mode"] == "sketch":
            self.send_response(302)
            self.send_header("Location", "/update?found")
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self):
        self.send_header("x-version", "9.9.9")
        super().end_headers()


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
