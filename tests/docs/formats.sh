# Formats drawn in the documents are drawn so where they are defined.
. "$(dirname "$0")/../lib/tap.sh"

# undrawn DOCUMENT: lines of blocks after <!-- drawn in FILE --> that are not in that file's
# comments; space does not count. Fails if there are some, or no such block.
undrawn() {
    python3 - "$TAP_ROOT" "$1" <<'PYTHON'
import pathlib, re, sys

def plain(line):
    return " ".join(line.strip().removeprefix("*").split())

root, page = map(pathlib.Path, sys.argv[1:])
count = wrong = 0
for file, drawing in re.findall(r"<!-- drawn in (\S+) -->\n```text\n(.*?)```", page.read_text(), re.S):
    path = root / file
    drawn = {plain(line) for line in path.read_text().splitlines()} if path.exists() else set()
    for line in filter(None, map(plain, drawing.splitlines())):
        count += 1
        if line not in drawn:
            wrong += 1
            print(f"not in {file}: {line}")
print(count, "lines")
sys.exit(wrong > 0 or count == 0)
PYTHON
}

formats_are_drawn_where_they_are_defined() { undrawn "$TAP_ROOT/docs/formats.md"; }

a_drawing_that_is_out_of_date_is_seen() {
    printf '<!-- drawn in device/include/updraft/trial.h -->\n```text\n+18 u32 magic\n```\n' >changed.md
    if undrawn changed.md; then return 1; fi
    printf 'No drawing.\n' >none.md
    if undrawn none.md; then return 1; fi
}

# Of one packed file, by the numbers in the document and nothing of ours.
a_packed_file_is_as_described() {
    python3 - "$TAP_ROOT/build/firmware/demo-1.1.0.bin" <<'PYTHON'
import struct, sys

data = open(sys.argv[1], "rb").read()
word = lambda offset: struct.unpack_from("<I", data, offset)[0]

def forward_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
    return crc

def end_of_image(at):
    assert data[at] == 0xE9
    end, check = at + 8, 0xEF
    for _ in range(data[at + 1]):
        length = word(end + 4)
        for byte in data[end + 8 : end + 8 + length]:
            check ^= byte
        end += 8 + length
    end += 15 - (end - at) % 16
    return end, check

end, check = end_of_image(0)
assert data[end] == check and set(data[end + 1 : 0x1000]) <= {0xAA}
assert end_of_image(0x1000)[0] == len(data) - 1
assert (data[2], data[3]) == (2, 0x40), "DIO, 4 MB, 40 MHz"
assert word(0x1010) == len(data)
assert word(0x1014) == forward_crc(data[:0x1010] + bytes(8) + data[0x1018:])
assert word(0x1020) == 0xABCD5432
assert data[0x1030:].startswith(b"1.1.0\0") and data[0x1050:].startswith(b"demo\0")
assert forward_crc(b"123456789") == 0x0376E6E7
PYTHON
}

check formats_are_drawn_where_they_are_defined
check a_drawing_that_is_out_of_date_is_seen
check a_packed_file_is_as_described
tap_end
