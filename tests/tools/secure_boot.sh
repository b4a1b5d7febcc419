# Secure Boot v2's signatures in ESP32 images: shown, verified, and seen when they are wrong.
# Signed by openssl's command.
. "$(dirname "$0")/../lib/tap.sh"

IMAGE=$BUILD/firmware/demo-c3-1.0.0.bin

field() { python3 -c 'import json, sys
for step in sys.argv[1:]: value = (value if "value" in dir() else json.load(sys.stdin))[int(step) if step.isdigit() else step]
print(value)' "$@" <json; }

sign() { python3 "$TAP_ROOT/tests/lib/secure_boot.py" "$IMAGE" "$@" >digests; }

make_keys() {
    [ ! -e rsa.pem ] || return 0
    openssl genrsa -out rsa.pem 3072 2>/dev/null
    openssl genrsa -out other.pem 3072 2>/dev/null
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem
}

patch_byte() { # FILE OFFSET
    python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[2])] ^= 0x10
open(sys.argv[1], "wb").write(data)' "$@"
}

# The CRC again over block 0, so that it is not what is seen.
repair_crc() {
    python3 -c 'import sys, zlib
data = bytearray(open(sys.argv[1], "rb").read())
at = len(data) - 4096
data[at + 1196:at + 1200] = zlib.crc32(bytes(data[at:at + 1196])).to_bytes(4, "little")
open(sys.argv[1], "wb").write(data)' "$@"
}

each_kind_is_shown_and_verified() {
    local key kind
    make_keys
    for key in rsa p256 p384; do
        case $key in rsa) kind=RSA-3072 ;; p256) kind=P-256 ;; p384) kind=P-384 ;; esac
        sign signed.bin $key.pem
        "$UPDRAFT" image signed.bin --json >json
        [ "$(field secure_boot 0 kind)" = $kind ]
        [ "$(field secure_boot 0 verdict)" = verified ] || { cat json; return 1; }
        [ "$(field secure_boot 0 key_digest)" = "$(cat digests)" ]
        "$UPDRAFT" image signed.bin | grep -q "^Secure Boot .*block 0, $kind, verified; key digest $(cat digests)"
    done
}

three_keys_of_one_chip() {
    make_keys
    sign signed.bin rsa.pem other.pem rsa.pem
    "$UPDRAFT" image signed.bin --json >json
    [ "$(python3 -c 'import json; print(len(json.load(open("json"))["secure_boot"]))')" = 3 ]
    [ "$(field secure_boot 1 key_digest)" = "$(sed -n 2p digests)" ]
    "$UPDRAFT" image signed.bin --key other.pem | grep -q 'signed by .*verified'
}

a_key_is_asked_for() {
    make_keys
    openssl pkey -in rsa.pem -pubout -out rsa.pub
    sign signed.bin rsa.pem
    "$UPDRAFT" image signed.bin --key rsa.pub | grep -q 'signed by .*RSA-3072 .*verified'
    not "$UPDRAFT" image signed.bin --key other.pem >text 2>err
    grep -q 'not verified' text
    grep -q 'is not signed by the key' err
    sign signed.bin p256.pem
    "$UPDRAFT" image signed.bin --key p256.pem >text
    ! "$UPDRAFT" image signed.bin --key rsa.pub >text 2>err
}

# wrong AT MESSAGE…: a byte of the signature sector is changed
wrong() {
    cp signed.bin wrong.bin
    patch_byte wrong.bin $(($(stat -c %s wrong.bin) - 4096 + $1))
    ${3:-true} wrong.bin
    ! "$UPDRAFT" image wrong.bin >text 2>err || { echo "byte $1 passes"; return 1; }
    grep -q "bad Secure Boot signature in block 0: $2" err || { cat err; return 1; }
}

what_is_wrong_is_said() {
    make_keys
    sign signed.bin rsa.pem
    wrong 900 'the block is damaged'
    wrong 900 'not made by the key' repair_crc
    wrong 10 'made for another image' repair_crc
    wrong 40 'the block is damaged' repair_crc # the key and what was computed of it
    wrong 500 'the block is damaged' repair_crc
    wrong 809 'the block is damaged' repair_crc
    sign signed.bin p256.pem
    wrong 110 'not made by the key' repair_crc
    wrong 40 'not made by the key' repair_crc
    wrong 36 'the block is damaged' repair_crc
    sign signed.bin p384.pem
    wrong 160 'not made by the key' repair_crc
}

# The padding between image and sector is signed as well.
the_padding_is_signed() {
    make_keys
    sign signed.bin rsa.pem
    patch_byte signed.bin 4000
    not "$UPDRAFT" image signed.bin >text 2>err
    grep -q 'made for another image' err
}

check each_kind_is_shown_and_verified
check three_keys_of_one_chip
check a_key_is_asked_for
check what_is_wrong_is_said
check the_padding_is_signed
tap_end
