"""The page as the Arduino core's ESP8266HTTPUpdateServer serves it, for one upload.

    original_page.py [--password USER:P] [--fail TEXT] OUT

Prints its port; every answer to an upload is a 200. Writes the file to OUT, and the
name of its field to OUT.field.
"""
import argparse
import base64
import email.parser
import email.policy
import http.server
import pathlib

SUCCESS = '<META http-equiv="refresh" content="15;URL=/">Update Success! Rebooting...\n'

parser = argparse.ArgumentParser()
parser.add_argument("--password")
parser.add_argument("--fail", help="what it says in place of success")
parser.add_argument("out")
options = parser.parse_args()


def files_in(head, body):
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + head.encode() + b"\r\n\r\n" + body)
    for part in message.iter_parts():
        if part.get_filename() is not None:
            yield part.get_param("name", header="content-disposition"), part.get_payload(decode=True)


class Page(http.server.BaseHTTPRequestHandler):
    def answer(self, status, text):
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Login Required"')
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = options.password and "Basic " + base64.b64encode(options.password.encode()).decode()
        if self.path != "/update":
            return self.answer(404, "Not found: " + self.path)
        if wanted and self.headers["Authorization"] != wanted:
            return self.answer(401, "")
        if options.fail:
            return self.answer(200, "Update error: " + options.fail)
        (field, data), = files_in(self.headers["Content-Type"], body)
        pathlib.Path(options.out).write_bytes(data)
        pathlib.Path(options.out + ".field").write_text(field)
        self.answer(200, SUCCESS)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Page)
print(server.server_address[1], flush=True)
server.serve_forever()
