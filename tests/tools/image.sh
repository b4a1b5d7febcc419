# updraft image and updraft flash on sound files.
. "$(dirname "$0")/../lib/tap.sh"

# Beside the binary under test lie the firmware files and the LX106 build.

OLD=$BUILD/firmware/demo-1.0.0.bin
NEW=$BUILD/firmware/demo-1.1.0.bin

# field NAME: the first field of that name in ./json, without quotes.
field() { sed -n 's/^ *"'"$1"'": *"\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' json | head -n 1; }

is() { # NAME VALUE
    [ "$(field "$1")" = "$2" ] || { echo "$1 is $(field "$1"), not $2"; return 1; }
}

patch_byte() { # FILE OFFSET OCTAL
    printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

facts_are_those_of_the_file() {
    "$UPDRAFT" image "$OLD" --json >json
    is sound true
    is problem null
    is container image
    is chip ESP8266
    is size "$(stat -c %s "$OLD")"
    is md5 "$(md5sum <"$OLD" | cut -d' ' -f1)"
    is sha256 "$(sha256sum <"$OLD" | cut -d' ' -f1)"
    is flash_mode dio
    is flash_size 4194304
    is flash_mhz 40
    is crc match
    is signature_size null
    is sketch_size "$(stat -c %s "$OLD")"
    is project demo
    is version 1.0.0
}

json_is_json() { "$UPDRAFT" image "$OLD" --json | python3 -m json.tool >/dev/null; }

people_read_the_same_facts() {
    "$UPDRAFT" image "$OLD" >text
    grep -qE '^version +1\.0\.0$' text
    grep -qE '^flash +dio, 4 MB, 40 MHz$' text
    grep -qE '^CRC words +match$' text
    grep -qE '^ +0  40201010  irom +' text
    grep -qE 'bootloader +0 to ' text
    grep -qE 'application +0x1000 to ' text
    grep -q "$(md5sum <"$OLD" | cut -d' ' -f1)" text
}

# Flashing tools rewrite header bytes 2 and 3; that is no damage.
a_patched_header_is_explained() {
    cp "$OLD" patched.bin
    patch_byte patched.bin 2 000
    patch_byte patched.bin 3 057
    "$UPDRAFT" image patched.bin --json >json
    is sound true
    is crc patched
    is flash_mode qio
    is flash_size 1048576
    is built_mode_byte 2
    is built_size_byte 64
    "$UPDRAFT" image patched.bin | grep -q 'flash mode and size bytes 02 40, now 00 2f'
}

a_compressed_image_is_looked_into() {
    gzip -n -9 <"$OLD" >old.bin.gz
    "$UPDRAFT" image old.bin.gz --json >json
    is container gzip
    is version 1.0.0
    is size "$(stat -c %s old.bin.gz)"
    is image_size "$(stat -c %s "$OLD")"
    is md5 "$(md5sum <old.bin.gz | cut -d' ' -f1)"
    is crc match
}

a_signature_is_told_from_other_bytes() {
    local file
    gzip -n -9 <"$OLD" >old.bin.gz
    for file in "$OLD" old.bin.gz; do
        { cat "$file"; head -c 256 /dev/zero; printf '\0\1\0\0'; } >signed.bin
        "$UPDRAFT" image signed.bin --json >json
        is sound true
        is signature_size 260
        { cat "$file"; head -c 77 /dev/zero; } >trailing.bin
        "$UPDRAFT" image trailing.bin --json >json
        is signature_size null
        is trailing 77
    done
}

signature_key_and_manifest_are_shown() {
    local keys=$TAP_ROOT/tests/vectors/signing status=0
    gzip -n -9 <"$OLD" >old.bin.gz
    cp "$OLD" old.bin
    for file in old.bin old.bin.gz; do
        "$UPDRAFT" sign $file --key "$keys/p256.key" --manifest --security 3
        "$UPDRAFT" image $file.signed >text
        grep -qE '^manifest +application for ESP8266, demo 1.0.0, security version 3$' text
        grep -qE '^signature +64 bytes, as P-256 makes them; --key FILE verifies it$' text
        "$UPDRAFT" image $file.signed --key "$keys/p256.pub" >text
        grep -qE '^signed by +P-256 92ebb840dce2a791, verified$' text
        "$UPDRAFT" image $file.signed --key "$keys/p256.pub" --json >json
        is verified true
        is key_id 92ebb840dce2a791
        is security_version 3
        is signature_size 68
        status=0
        "$UPDRAFT" image $file.signed --key "$keys/p256-other.pub" >text 2>err || status=$?
        [ $status -eq 1 ]
        grep -q 'is not signed by the key 155cd6cb2004751f' err
        grep -qE '^signed by .* not verified' text
    done
    "$UPDRAFT" image "$OLD" --json >json
    is signature null
    is manifest null
}

a_flash_holds_the_image_at_its_start() {
    rm -f chip.flash
    "$UPDRAFT" flash --layout 4M2M --out chip.flash --app "$NEW"
    [ "$(stat -c %s chip.flash)" -eq 4194304 ]
    cmp -n "$(stat -c %s "$NEW")" chip.flash "$NEW"
    [ -z "$(tail -c "+$(($(stat -c %s "$NEW") + 1))" chip.flash | tr -d '\377' | head -c 1)" ]
    "$UPDRAFT" image chip.flash --json >json
    is container flash
    is version 1.1.0
    is crc match
    is sketch_size "$(stat -c %s "$NEW")"
}

a_compressed_image_is_inflated_into_flash() {
    gzip -n -9 <"$NEW" >new.bin.gz
    rm -f one.flash two.flash
    "$UPDRAFT" flash --layout 4M2M --out one.flash --app "$NEW"
    "$UPDRAFT" flash --layout 4M2M --out two.flash --app new.bin.gz
    cmp one.flash two.flash
}

parts_go_where_the_layout_has_them() {
    local end
    printf 'files' >some.fs
    rm -f chip.flash
    "$UPDRAFT" flash --layout 4M2M --out chip.flash --app "$NEW" --boot "$OLD" --fs some.fs
    "$UPDRAFT" image chip.flash --json >json
    is version 1.1.0
    [ "$(tail -c +$((0x200000 + 1)) chip.flash | head -c 5)" = files ]
    end=$(sed -n 's/^ *"end": \([0-9]*\),*$/\1/p' json | head -n 1)
    cmp -n "$end" chip.flash "$OLD"
    [ "$(tail -c +4096 chip.flash | head -c 1 | od -An -tx1)" = ' aa' ]
}

# An ESP32-C3 image of two segments with a description and an appended hash.
make_esp32() {
    python3 - "$1" <<'PYTHON'
import functools, hashlib, struct, sys
description = struct.pack("<II8x32s32s16s16s32s112x", 0xabcd5432, 0, b"2.4", b"blink",
                          b"10:00:00", b"Nov 21 2026", b"v5.1")
segments = [(0x3c000020, description + bytes(range(64))), (0x40380000, b"code")]
image = struct.pack("<BBBBIB3xHBHH4xB", 0xe9, len(segments), 2, 0x2f, 0x40380000, 0xee, 5, 0, 3, 399, 1)
for address, data in segments:
    image += struct.pack("<II", address, len(data)) + data
image += bytes(15 - len(image) % 16)
image += bytes([functools.reduce(lambda a, b: a ^ b, b"".join(data for _, data in segments), 0xef)])
image += hashlib.sha256(image).digest()
open(sys.argv[1], "wb").write(image)
PYTHON
}

an_esp32_image_is_understood() {
    make_esp32 blink.bin
    "$UPDRAFT" image blink.bin --json >json
    is sound true
    is chip ESP32-C3
    is hash match
    is crc absent
    is version 2.4
    is flash_size 4194304
    is flash_mhz 80
    is region DROM
    "$UPDRAFT" image blink.bin >text
    grep -qE '^hash +SHA-256 appended, matches$' text
    grep -qE '^ +1  40380000  IRAM +4 ' text
    # No ESP8266 flash is made from it.
    ! "$UPDRAFT" flash --layout 4M2M --out chip.flash --app blink.bin
}

damage_to_an_esp32_image_is_seen() {
    make_esp32 blink.bin
    local offset status
    for offset in 0 1 60 300 390; do
        cp blink.bin damaged.bin
        patch_byte damaged.bin $offset 314
        status=0
        "$UPDRAFT" image damaged.bin >/dev/null || status=$?
        [ $status -eq 1 ] || { echo "damage at $offset: $status"; return 1; }
    done
}

check facts_are_those_of_the_file
check json_is_json
check people_read_the_same_facts
check a_patched_header_is_explained
check a_compressed_image_is_looked_into
check a_signature_is_told_from_other_bytes
check signature_key_and_manifest_are_shown
check a_flash_holds_the_image_at_its_start
check a_compressed_image_is_inflated_into_flash
check an_esp32_image_is_understood
check damage_to_an_esp32_image_is_seen
check parts_go_where_the_layout_has_them
tap_end
