# What ESP-IDF's example advanced_https_ota is tested for, by the names of its cases, with
# two clients: one that goes on as esp_https_ota does, over esp_ota_* of the ESP-IDF
# component (https-ota), and a virtual ESP32 that asks as HTTPUpdate does (device).
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/server.sh"

HTTPS_OTA=$NATIVE/tests/esp-idf/https-ota
C3_ID=5

image() { # VERSION
    python3 "$TAP_ROOT/tests/lib/make_image.py" plain.bin --project blinker --version "$1" --chip esp32 --size 100000
    python3 - "$1" $C3_ID <<'PY'
import hashlib, sys
data = bytearray(open("plain.bin", "rb").read())
data[12] = int(sys.argv[2])
data[-32:] = hashlib.sha256(data[:-32]).digest()
open(f"{sys.argv[1]}.bin", "wb").write(data)
PY
}

new_flash() { "$UPDRAFT" flash --chip esp32-c3 --app 1.0.0.bin --out chip.flash --force >/dev/null; }
starts() { [ "$("$UPDRAFT" image chip.flash --json | json description version)" = "$1" ]; }

cd "$TAP_TMP" || exit 1
image 1.0.0
image 1.1.0
python3 "$TAP_ROOT/tests/slots/ota_server.py" 1.1.0.bin port &
tap_background $!
for tries in $(seq 600); do [ -s port ] && break; sleep 0.1; done
URL=http://127.0.0.1:$(cat port)
server_start data

# https_ota PATH HOW…: into ./said
https_ota() {
    local path=$1
    shift
    "$HTTPS_OTA" chip.flash "$URL/$path" "$@" >said
}

# device PATH [options]
device() {
    local path=$1
    shift
    "$UPDRAFT" device --chip esp32-c3 --flash chip.flash --url "$URL/$path" --once --json --timeout 120 "$@" >said 2>&1
}

# refused PATH ERROR: by both, and the old program starts as if nothing had been.
refused() {
    new_flash
    not https_ota "$1" whole
    grep -q "error $2\$" said || { cat said; return 1; }
    starts 1.0.0
    new_flash
    not device "$1"
    grep -q '"event":"failed"' said || { cat said; return 1; }
    starts 1.0.0
}

taken() { # PATH [device options]
    local path=$1
    shift
    new_flash
    https_ota "$path" whole || { cat said; return 1; }
    starts 1.1.0
    new_flash
    device "$path" "$@" || { cat said; return 1; }
    starts 1.1.0
}

example() { taken whole; }
example_truncated_bin() { refused truncated 0x1503; }
example_truncated_header() { refused header 0x1503; }
example_random() { refused random 0x10a; }
example_invalid_chip_id() { refused chip 0x10a; }
example_verify_min_chip_revision() { refused min-revision 0x10a; }
example_verify_max_chip_revision() { refused max-revision 0x10a; }
example_redirect_url() { taken redirect --redirects; }
a_connection_that_ends_early() { refused cut 0; }

example_chunked() {
    new_flash
    https_ota chunked whole
    starts 1.1.0
    # As the Arduino core, a check-in's answer has a length.
    new_flash
    not device chunked
    starts 1.0.0
}

redirects_end() {
    new_flash
    not https_ota loop whole
    not device loop --redirects
    starts 1.0.0
}

example_partial_download_request() {
    new_flash
    https_ota whole ranges 16384
    starts 1.1.0
}

example_range_request_support_detection() {
    new_flash
    https_ota norange ranges 16384
    grep -q 'ignores ranges' said
    starts 1.1.0
}

example_ota_resumption() {
    new_flash
    not https_ota whole cut 40000
    starts 1.0.0
    https_ota whole resume 40000 || { cat said; return 1; }
    not grep -q 'ignores ranges' said
    starts 1.1.0
    new_flash
    not https_ota norange cut 40000
    https_ota norange resume 40000
    grep -q 'ignores ranges' said
    starts 1.1.0
}

# From our own server.
our_server_has_the_same() {
    local how
    publish 1.1.0.bin blinker 1.1.0
    for how in whole 'ranges 16384'; do
        new_flash
        # shellcheck disable=SC2086
        "$HTTPS_OTA" chip.flash "$SERVER/firmware/blinker/1.1.0" $how >said || { cat said; return 1; }
        starts 1.1.0
    done
    new_flash
    not "$HTTPS_OTA" chip.flash "$SERVER/firmware/blinker" cut 40000 >said
    "$HTTPS_OTA" chip.flash "$SERVER/firmware/blinker" resume 40000 >said
    not grep -q 'ignores ranges' said
    starts 1.1.0
}

for name in example example_truncated_bin example_truncated_header example_random example_invalid_chip_id \
    example_verify_min_chip_revision example_verify_max_chip_revision example_redirect_url example_chunked \
    a_connection_that_ends_early redirects_end example_partial_download_request \
    example_range_request_support_detection example_ota_resumption our_server_has_the_same; do
    check "$name"
done
tap_end
