"""Servers for `updraft devices export` that are not as they should be: prints a URL, below which
/breaks has one full page of devices and then an error, and /knows-no-pages the same page for all
that is asked. Full is what `limit` says."""

import http.server
import json
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(target.query)
        if target.path.startswith("/breaks/") and "after" in query:
            self.answer(503, {"error": "the disk is full"})
            return
        count = int(query["limit"][0])
        self.answer(200, {"devices": [{"mac": f"02:00:00:00:{i // 256:02X}:{i % 256:02X}"} for i in range(count)]})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
