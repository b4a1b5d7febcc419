# Virtual ESP32s: flash put together from files, updates from a real server and from the
# bench, trials that are stood and not; and what is not for the chip.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/server.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

PORT=$(free_ports 2)

make_image() { # VERSION [options]
    local version=$1
    shift
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/esp32-$version.bin" --project blinker \
        --version "$version" --chip esp32 --size 60000 "$@"
}

# image_for CHIP_ID: 1.0.0 as it would be for another ESP32, with its hash.
image_for() {
    python3 - "$TAP_TMP/esp32-1.0.0.bin" "$1" <<'PY'
import hashlib, sys
data = bytearray(open(sys.argv[1], "rb").read())
data[12] = int(sys.argv[2])
data[-32:] = hashlib.sha256(data[:-32]).digest()
open("other.bin", "wb").write(data)
PY
}

starts() { # FLASH SLOT STATE
    "$UPDRAFT" otadata show "$1" --json >found.json
    [ "$(json slot <found.json)" = "$2" ] || { cat found.json; return 1; }
    grep -q "\"state\": \"$3\"" found.json || { cat found.json; return 1; }
}

# device NAME [options]: what one says goes to ./said
device() {
    local name=$1
    shift
    "$UPDRAFT" device --chip esp32 --flash "$name.flash" --mac 24:0A:C4:00:00:01 --json --timeout 120 "$@" >said
}

said() { grep -q "$1" said || { cat said; return 1; }; }

for version in 1.0.0 1.1.0 1.2.0; do make_image $version; done
server_start data
publish "$TAP_TMP/esp32-1.0.0.bin" blinker 1.0.0 || { echo "Bail out! nothing can be published"; exit 1; }

flash_is_put_together() {
    head -c 5000 /dev/urandom >files.bin
    printf 'nvs,data,nvs,,0x4000\notadata,data,ota,,0x2000\nfactory,app,factory,,1M\nota_0,app,ota_0,,1M\nota_1,app,ota_1,,1M\nfs,data,littlefs,,64K\n' >table.csv
    "$UPDRAFT" flash --chip esp32 --table table.csv --app esp32-1.0.0.bin --boot esp32-1.1.0.bin \
        --fs files.bin --out chip.bin 2>err && { echo "a bootloader that is too large"; return 1; }
    grep -q 'does not fit' err
    python3 "$TAP_ROOT/tests/lib/make_image.py" boot.bin --project boot --version 1 --chip esp32 --size 8000
    "$UPDRAFT" flash --chip esp32 --table table.csv --app esp32-1.0.0.bin --boot boot.bin --fs files.bin --out chip.bin
    cmp -n "$(stat -c %s boot.bin)" -i 4096:0 chip.bin boot.bin
    cmp -n "$(stat -c %s esp32-1.0.0.bin)" -i 65536:0 chip.bin esp32-1.0.0.bin
    "$UPDRAFT" partitions table.csv table.bin
    cmp -n 3072 -i 32768:0 chip.bin table.bin
    cmp -n 5000 -i $((0x310000)):0 chip.bin files.bin
    [ "$(stat -c %s chip.bin)" -eq 4194304 ]
}

flash_refuses_what_is_not_for_the_chip() {
    not "$UPDRAFT" flash --chip esp32-s3 --app esp32-1.0.0.bin --out no.bin 2>err
    grep -q 'is for ESP32, not for ESP32-S3' err
    image_for 9
    "$UPDRAFT" flash --chip S3 --app other.bin --out s3.bin
    not "$UPDRAFT" flash --chip esp99 --app other.bin --out no.bin 2>err
    grep -q 'unknown chip' err
    [ ! -e no.bin ]
}

an_update_that_is_not_confirmed_is_taken_back() {
    device a --app esp32-1.0.0.bin --url "$SERVER/update" --once
    said '"event":"current"'
    assign 24:0A:C4:00:00:01 '{"product": "blinker"}'
    publish esp32-1.1.0.bin blinker 1.1.0
    device a --url "$SERVER/update" --once
    said '"event":"updated"'
    starts a.flash 1 'pending verify'
    device a --url "$SERVER/update" --once # power went before it had reached its server
    said '"event":"returned"'
    said '"event":"started","version":"1.0.0"'
    said '"event":"updated"' # and is given another try
    starts a.flash 1 'pending verify'
}

a_program_that_reaches_its_server_stays() {
    device a --url "$SERVER/update" --poll 1 --until 1.1.0
    starts a.flash 1 valid
    device a --url "$SERVER/update" --once
    said '"version":"1.1.0"'
    said '"event":"current"'
    [ "$(api GET /devices | json devices 0 version)" = 1.1.0 ]
    [ "$(api GET /devices | json devices 0 chip)" = ESP32 ]
}

# A server that knows it only by the digest of its program has nothing for it.
the_server_knows_a_program_by_its_sha256() {
    local digest
    digest=$(tail -c 32 esp32-1.1.0.bin | od -An -tx1 | tr -d ' \n' | tr a-f A-F)
    curl -sS -o /dev/null -w '%{http_code}' "$SERVER/update" -A ESP32-http-Update \
        -H 'x-ESP32-STA-MAC: 24:0A:C4:00:00:01' -H 'x-ESP32-AP-MAC: 24:0A:C4:00:00:02' \
        -H 'x-ESP32-free-space: 1310720' -H 'x-ESP32-sketch-size: 60464' -H 'x-ESP32-chip-size: 4194304' \
        -H 'x-ESP32-sdk-version: v5' -H "x-ESP32-sketch-sha256: $digest" >code
    [ "$(cat code)" = 304 ]
}

# An ESP32-C3 that says so is not sent what is for an ESP32.
the_server_tells_one_esp32_from_another() {
    image_for 5
    mv other.bin c3.bin
    "$UPDRAFT" device --chip esp32-c3 --flash c3.flash --app c3.bin --mac 24:0A:C4:00:00:09 --json --timeout 120 \
        --url "$SERVER/update" --once >said
    [ "$(api GET /devices/24:0A:C4:00:00:09 | json chip)" = ESP32-C3 ]
    assign 24:0A:C4:00:00:09 '{"product": "blinker"}'
    "$UPDRAFT" device --chip esp32-c3 --flash c3.flash --mac 24:0A:C4:00:00:09 --json --timeout 120 \
        --url "$SERVER/update" --once >said
    said '"event":"current"'
    api GET /devices/24:0A:C4:00:00:09 >device
    [ "$(json state <device)" = unfit ]
    grep -q '1.1.0 is for ESP32, this is an ESP32-C3' device
}

# Only what is signed, and for its product and chip, in that order of publishing.
a_key_ring_on_an_esp32() {
    "$UPDRAFT" keygen >/dev/null
    publish esp32-1.1.0.bin signed 1.1.0
    assign 24:0A:C4:00:00:0A '{"product": "signed"}'
    set -- --trust public.key --manifest --product signed --url "$SERVER/update" --once
    "$UPDRAFT" device --chip esp32 --flash k.flash --app esp32-1.0.0.bin --mac 24:0A:C4:00:00:0A --json --timeout 120 "$@" >said
    said '"event":"current"' # there is no form it takes
    [ "$(api GET /devices/24:0A:C4:00:00:0A | json state)" = unfit ]
    "$UPDRAFT" publish esp32-1.2.0.bin --product signed --version 1.2.0 --sign private.key --manifest >/dev/null
    "$UPDRAFT" device --chip esp32 --flash k.flash --mac 24:0A:C4:00:00:0A --json --timeout 120 "$@" >said
    said '"event":"started","version":"1.2.0"'
    "$UPDRAFT" keygen --private other.key --public other.pub >/dev/null
    not "$UPDRAFT" device --chip esp32 --flash k2.flash --app esp32-1.0.0.bin --mac 24:0A:C4:00:00:0B --json \
        --timeout 120 --trust other.pub --url "$SERVER/firmware/signed/1.2.0" --once >said 2>err
    said '"event":"failed"'
}

# The page, with curl as a browser would send it.
the_page_on_an_esp32() {
    local tries port=$((PORT + 1))
    "$UPDRAFT" flash --chip esp32 --app esp32-1.0.0.bin --out p.flash
    "$UPDRAFT" device --chip esp32 --flash p.flash --page $port --json --timeout 600 >pages &
    uploader=$!
    for tries in $(seq 600); do grep -q started pages && break; sleep 0.1; done
    curl -sS --compressed "http://127.0.0.1:$port/update" | grep -qi '<form'
    not curl -sS --fail -F "firmware=@$NEW" "http://127.0.0.1:$port/update" >answer 2>err # an ESP8266's
    curl -sS --fail -F firmware=@esp32-1.1.0.bin "http://127.0.0.1:$port/update" >answer
    for tries in $(seq 600); do grep -q '"started","version":"1.1.0"' pages && break; sleep 0.1; done
    kill $uploader
    wait $uploader
    starts p.flash 1 valid
}

# As esp_https_ota does: HEAD, then ranges.
plain_downloads_in_ranges() {
    local size url=$SERVER/firmware/blinker/1.1.0 at
    size=$(curl -sSI "$url" | tr -d '\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p')
    [ "$size" -eq "$(stat -c %s esp32-1.1.0.bin)" ]
    : >whole.bin
    for at in 0 16384 32768; do curl -sS -r "$at-$((at + 16383))" "$url" >>whole.bin; done
    curl -sS -r 49152- "$url" >>whole.bin
    cmp whole.bin esp32-1.1.0.bin
    [ "$(curl -sS -o /dev/null -w '%{http_code}' -r "$size-" "$url")" = 416 ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' -r 0- "$url")" = 206 ]
}

# What starts is looked at, wherever it lies, and nothing is changed.
image_looks_into_whole_flash() {
    cp a.flash whole.flash
    "$UPDRAFT" image whole.flash --json >json
    [ "$(json container <json)" = flash ]
    [ "$(json starts label <json)" = app1 ]
    [ "$(json description version <json)" = 1.1.0 ]
    "$UPDRAFT" otadata switch whole.flash --slot 0
    [ "$("$UPDRAFT" image whole.flash --json | json description version)" = 1.0.0 ]
    head -c 4194304 /dev/zero | tr '\0' '\377' >blank.flash
    "$UPDRAFT" partitions table.csv table.bin
    dd if=table.bin of=blank.flash bs=4096 seek=8 conv=notrunc status=none
    not "$UPDRAFT" image blank.flash 2>err
    grep -q 'no program that would start' err
}

# start_uploads: a device that takes them until the test ends
start_uploads() {
    cp c.flash d.flash 2>/dev/null || "$UPDRAFT" flash --chip esp32 --app esp32-1.0.0.bin --out d.flash
    "$UPDRAFT" device --chip esp32 --flash d.flash --uploads $PORT --json --timeout 600 "$@" >uploads &
    uploader=$!
    local tries
    for tries in $(seq 600); do grep -q started uploads && return; sleep 0.1; done
    return 1
}

uploads_from_the_bench() {
    printf 'secret\n' >password
    start_uploads --upload-password-file password
    "$UPDRAFT" push 127.0.0.1:$PORT esp32-1.1.0.bin --password-file password
    "$UPDRAFT" push 127.0.0.1:$PORT esp32-1.2.0.bin --password-file password
    not "$UPDRAFT" push 127.0.0.1:$PORT esp32-1.0.0.bin --password-file /dev/null 2>err
    image_for 9
    not "$UPDRAFT" push 127.0.0.1:$PORT other.bin --password-file password 2>err
    grep -q 'for another chip' err
    kill $uploader
    wait $uploader
    starts d.flash 0 valid # twice over: slot 1, then slot 0
    grep -q '"event":"started","version":"1.2.0"' uploads
}

a_slot_that_lost_bits_is_passed_over() {
    printf 'Z' | dd of=d.flash bs=1 seek=$((0x10000 + 5000)) conv=notrunc status=none
    device d --url "$SERVER/update" --once || true
    said 'would not start'
    said '"event":"started","version":"1.1.0"'
}

mistakes_are_one_line() {
    local arguments status
    for arguments in "--chip esp99" "--chip esp32 --layout 1M64K" "--table table.csv" "--chip esp32 --table missing.csv" \
        "--chip esp32 --stage" "--chip c3"; do
        status=0
        # shellcheck disable=SC2086
        "$UPDRAFT" device --app esp32-1.0.0.bin --url http://127.0.0.1:9/ $arguments --once >out 2>err || status=$?
        [ $status -ne 0 ]
        [ "$(wc -l <err)" -eq 1 ] || { echo "$arguments"; cat err; return 1; }
    done
}

check flash_is_put_together
check flash_refuses_what_is_not_for_the_chip
check an_update_that_is_not_confirmed_is_taken_back
check a_program_that_reaches_its_server_stays
check the_server_knows_a_program_by_its_sha256
check plain_downloads_in_ranges
check the_server_tells_one_esp32_from_another
check a_key_ring_on_an_esp32
check the_page_on_an_esp32
check image_looks_into_whole_flash
check uploads_from_the_bench
check a_slot_that_lost_bits_is_passed_over
check mistakes_are_one_line
tap_end
