"""An uploader as the Arduino cores' are: asks once, waits for an answer to every
chunk, and looks for the result in reads of its own.

    original_uploader.py [--esp32] [--password P] [--md5] HOST PORT FILE
"""
import argparse
import hashlib
import socket
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--esp32", action="store_true")
parser.add_argument("--password", default="")
parser.add_argument("--md5", action="store_true", help="an ESP32's password by its MD5")
parser.add_argument("host")
parser.add_argument("port", type=int)
parser.add_argument("file")
options = parser.parse_args()

with open(options.file, "rb") as file:
    image = file.read()
md5 = hashlib.md5(image).hexdigest()
listener = socket.socket()
listener.bind(("0.0.0.0", 0))
listener.listen(1)
listener.settimeout(60)


def ask(text, udp):
    """The answer to a datagram. The ESP32's script opens a socket for each."""
    if udp is None or options.esp32:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.settimeout(60)
    udp.sendto(text.encode(), (options.host, options.port))
    return udp.recv(69 if options.esp32 else 37).decode(), udp


def proof(nonce):
    digest = hashlib.sha256 if len(nonce) == 64 else hashlib.md5
    cnonce = digest(f"{options.file}{len(image)}{md5}{options.host}".encode()).hexdigest()
    stored = hashlib.md5 if options.md5 else digest
    key = stored(options.password.encode()).hexdigest()
    if digest is hashlib.sha256:
        key = hashlib.pbkdf2_hmac("sha256", key.encode(), f"{nonce}:{cnonce}".encode(), 10000).hex()
    return f"200 {cnonce} {digest(f'{key}:{nonce}:{cnonce}'.encode()).hexdigest()}\n"


answer, socket_of_it = ask(f"0 {listener.getsockname()[1]} {len(image)} {md5}\n", None)
if answer.startswith("AUTH"):
    answer, socket_of_it = ask(proof(answer.split()[1]), socket_of_it)
if answer != "OK":
    sys.exit(answer)

connection, _ = listener.accept()
connection.settimeout(60)
chunk = 1024 if options.esp32 else 1460
for at in range(0, len(image), chunk):
    connection.sendall(image[at : at + chunk])
    if not connection.recv(10 if options.esp32 else 32):
        sys.exit("the device is gone")
connection.settimeout(60)
data = b""
while b"E" not in data and b"O" not in data:
    part = connection.recv(32)
    if not part:
        sys.exit("no result")
    data = part
print(data.decode())
sys.exit(0 if b"OK" in data else 1)
