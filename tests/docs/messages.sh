# Messages in the troubleshooting guide are the programs' own.
. "$(dirname "$0")/../lib/tap.sh"

# unknown DOCUMENT: messages in tables whose first column is headed "it says" that are in no string
# of the source; fails if there are some. Adjacent strings are one, as for a compiler; … stands for anything.
unknown() {
    python3 - "$TAP_ROOT" "$1" <<'PYTHON'
import pathlib, re, sys

root = pathlib.Path(sys.argv[1])
STRINGS = re.compile(r'"((?:[^"\\\n]|\\.)*)"(?:\s*"((?:[^"\\\n]|\\.)*)")*')
PIECE = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
LEAST = 4  # a shorter piece between two … would be found anywhere

texts = set()
for folder in ("device/src", "device/port", "boot", "host", "server", "sim", "tools"):
    for path in [*root.glob(f"{folder}/**/*.c"), *root.glob(f"{folder}/**/*.h")]:
        for strings in STRINGS.finditer(path.read_text()):
            texts.add("".join(PIECE.findall(strings.group(0))))

def is_said(message):
    pieces = [piece.strip() for piece in message.split("…")]
    long_ones = [piece for piece in pieces if len(piece) >= LEAST]
    return bool(long_ones) and all(any(piece in text for text in texts) for piece in long_ones)

count = wrong = 0
for table in re.findall(r"^\| it says \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", pathlib.Path(sys.argv[2]).read_text(), re.M):
    for row in table.splitlines():
        for message in re.findall(r"`([^`]+)`", row.split(" | ")[0]):
            count += 1
            if not is_said(message):
                wrong += 1
                print(f"said by nothing: {message}")
print(count, "messages")
sys.exit(wrong > 0 or count == 0)
PYTHON
}

messages_are_the_programs_own() { unknown "$TAP_ROOT/docs/troubleshooting.md"; }

a_changed_message_is_seen() {
    printf '| it says | |\n|---|---|\n| `no answer from UDP socket …; is it on?` | |\n' >changed.md
    if unknown changed.md; then return 1; fi
    printf 'Nothing is said.\n' >none.md
    if unknown none.md; then return 1; fi
}

check messages_are_the_programs_own
check a_changed_message_is_seen
tap_end
