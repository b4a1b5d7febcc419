# Signatures between ours and plain openssl, both ways.
. "$(dirname "$0")/../lib/tap.sh"

little_endian_word() { # NUMBER below 65536
    printf "\\$(printf %o $(($1 % 256)))\\$(printf %o $(($1 / 256)))\\0\\0"
}

make_keys() {
    head -c 70001 /dev/urandom >fw.bin
    for type in rsa2048 rsa3072 p256; do
        "$UPDRAFT" keygen --type $type --private ours-$type.key --public ours-$type.pub >/dev/null
    done
    openssl genrsa -out theirs-rsa2048.key 2048 2>/dev/null
    openssl genrsa -out theirs-rsa3072.key 3072 2>/dev/null
    openssl genrsa -out theirs-rsa4096.key 4096 2>/dev/null
    openssl ecparam -genkey -name prime256v1 -out theirs-p256.key
    for key in theirs-*.key; do
        openssl pkey -in "$key" -pubout -out "${key%.key}.pub"
    done
}

# r || s as DER, which openssl wants.
to_der() {
    python3 -c '
import sys
def number(raw):
    raw = raw.lstrip(b"\0") or b"\0"
    raw = (b"\0" if raw[0] & 0x80 else b"") + raw
    return bytes([2, len(raw)]) + raw
raw = sys.stdin.buffer.read()
body = number(raw[:32]) + number(raw[32:])
sys.stdout.buffer.write(bytes([0x30, len(body)]) + body)'
}

# Ours sign, openssl dgst -verify verifies.
openssl_verifies_ours() {
    local key length
    make_keys
    for key in ours-rsa2048 ours-rsa3072 theirs-rsa2048 theirs-rsa4096; do
        "$UPDRAFT" sign fw.bin --key $key.key --out signed
        cmp -n 70001 signed fw.bin
        length=$(($(stat -c %s signed) - 70005))
        tail -c 4 signed | cmp - <(little_endian_word $length)
        tail -c +70002 signed | head -c $length >signature
        openssl dgst -sha256 -verify $key.pub -signature signature fw.bin
    done
}

openssl_verifies_our_p256() {
    local key
    # Often enough for numbers with leading zeros and with the top bit set.
    for key in ours-p256 theirs-p256; do
        for _ in $(seq 20); do
            "$UPDRAFT" sign fw.bin --key $key.key --out signed >/dev/null
            tail -c 68 signed | head -c 64 | to_der >signature
            openssl dgst -sha256 -verify $key.pub -signature signature fw.bin >/dev/null
        done
    done
}

# openssl dgst -sign signs, ours verify.
we_verify_openssls() {
    local key length
    for key in ours-rsa2048 ours-rsa3072 theirs-rsa2048 theirs-rsa3072 theirs-rsa4096; do
        openssl dgst -sha256 -sign $key.key fw.bin >signature
        length=$(stat -c %s signature)
        { cat fw.bin signature; little_endian_word "$length"; } >signed
        "$UPDRAFT" verify signed --key $key.pub
        "$UPDRAFT" sign fw.bin --key $key.key --out again
        cmp signed again
    done
}

# The form of cores up to 2.5.2, which the original made with `rsautl -sign`.
the_legacy_form_is_raw_padding_round_the_digest() {
    "$UPDRAFT" sign fw.bin --key theirs-rsa2048.key --legacy
    openssl dgst -sha256 -binary fw.bin >digest
    openssl pkeyutl -sign -inkey theirs-rsa2048.key -in digest -out signature
    tail -c +70002 fw.bin.legacy_sig | head -c 256 | cmp - signature
    openssl pkeyutl -verifyrecover -pubin -inkey theirs-rsa2048.pub -in signature | cmp - digest
}

check openssl_verifies_ours
check openssl_verifies_our_p256
check we_verify_openssls
check the_legacy_form_is_raw_padding_round_the_digest
tap_end
