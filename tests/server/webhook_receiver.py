"""Receives webhooks: webhook_receiver.py FOLDER [PORT]

Each request goes to FOLDER/<n>.body and .head, whatever is answered: the status in
FOLDER/answer, 200 when there is none. The port is written to FOLDER/port.
"""

import http.server
import itertools
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
numbers = itertools.count(1)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = folder / f"{next(numbers):04}"
        name.with_suffix(".head").write_text(str(self.headers))
        partial = name.with_suffix(".partial")
        partial.write_bytes(body)
        partial.rename(name.with_suffix(".body"))
        answer = folder / "answer"
        self.send_response(int(answer.read_text()) if answer.exists() else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Receiver)
(folder / "port.partial").write_text(str(server.server_port))
(folder / "port.partial").rename(folder / "port")
server.serve_forever()
