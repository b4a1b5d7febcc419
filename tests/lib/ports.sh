# Ports of this machine for test scripts.

# free_ports COUNT: the first of so many in a row that nobody has, neither by TCP nor by UDP;
# below those that the kernel gives to whoever connects.
free_ports() {
    python3 - "$1" <<'END'
import random, socket, sys

def is_free(port):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True

first = random.randrange(20000, 32000)
while not all(map(is_free, range(first, first + int(sys.argv[1])))):
    first = random.randrange(20000, 32000)
print(first)
END
}

free_port() { free_ports 1; }
