# updraft sign and updraft verify.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

# Beside the binary under test lie the firmware files.
NEW=$BUILD/firmware/demo-1.1.0.bin
VECTORS=$TAP_ROOT/tests/vectors/signing
cp "$VECTORS"/* "$TAP_TMP"

vectors_come_out_byte_for_byte() {
    local bits
    for bits in 1024 2048 3072 4096; do
        "$UPDRAFT" sign fw.bin --key "rsa$bits.key" --out out.signed
        cmp out.signed "fw.bin.rsa$bits.signed"
        "$UPDRAFT" verify out.signed --key "rsa$bits.pub"
    done
    "$UPDRAFT" sign fw.bin --key rsa2048.key --legacy
    cmp fw.bin.signed fw.bin.rsa2048.signed
    cmp fw.bin.legacy_sig fw.bin.rsa2048.legacy
}

names_are_those_of_the_documents() {
    cp rsa2048.key private.key
    cp rsa2048.pub public.key
    rm -f fw.bin.signed fw.bin.legacy_sig
    "$UPDRAFT" sign fw.bin >out
    cmp fw.bin.signed fw.bin.rsa2048.signed
    [ ! -e fw.bin.legacy_sig ]
    grep -qx 'fw.bin.signed: signed with RSA-2048 1804b9fb39ac8280, 269 bytes' out
    "$UPDRAFT" verify fw.bin.signed >out
    grep -qx 'fw.bin.signed is signed by this key: RSA-2048 1804b9fb39ac8280, 9 bytes before the signature' out
}

p256_signatures_are_raw_numbers() {
    "$UPDRAFT" keygen --type p256 --private mine.key --public mine.pub >/dev/null
    "$UPDRAFT" sign fw.bin --key mine.key --out mine.signed
    [ "$(stat -c %s mine.signed)" -eq $((9 + 64 + 4)) ]
    "$UPDRAFT" verify mine.signed --key mine.pub
    refused 1 sign fw.bin --key mine.key --out none --legacy
    says 'the legacy form is for RSA keys only'
    [ ! -e none ]
}

verify_says_what_is_wrong() {
    cp rsa2048.pub public.key
    refused 1 verify fw.bin
    says 'fw.bin has no signature this key could have made (public.key)'
    refused 1 verify fw.bin.rsa3072.signed
    says 'has no signature this key could have made'
    refused 1 verify fw.bin.rsa2048.legacy
    says 'is signed by this key in the legacy form, which only Arduino cores up to 2.5.2 accept'
    sed 's/firm/farm/' fw.bin.rsa2048.signed >changed.bin
    refused 1 verify changed.bin
    says 'changed.bin is not signed by this key, or was changed after it was signed'
    { cat fw.bin; openssl dgst -sha256 -sign mine.key fw.bin; } >der.bin
    printf "\\$(printf %o $(($(stat -c %s der.bin) - 9)))\\0\\0\\0" >>der.bin
    refused 1 verify der.bin --key mine.pub
    says 'in DER, which no device accepts'
}

verify_speaks_json() {
    local status=0
    "$UPDRAFT" verify fw.bin.rsa2048.signed --key rsa2048.pub --json >json
    python3 - <<'PYTHON'
import json
answer = json.load(open("json"))
assert answer["verified"] is True and answer["signature"] == "good", answer
assert answer["key"] == "RSA-2048" and answer["key_id"] == "1804b9fb39ac8280", answer
assert answer["content_size"] == 9, answer
PYTHON
    "$UPDRAFT" verify fw.bin --key rsa2048.pub --json >json 2>/dev/null || status=$?
    [ $status -eq 1 ]
    python3 -c 'import json; answer = json.load(open("json")); assert answer["verified"] is False'
}

nothing_is_signed_twice() {
    refused 1 sign fw.bin.rsa2048.signed --key rsa2048.key --out twice
    says 'is signed already: sign the file it was made from'
    [ ! -e twice ]
}

# A manifest as docs/trust.md has it, and as the image describes itself.
a_manifest_says_what_the_file_is_for() {
    local trust=$TAP_ROOT/tests/vectors/trust
    printf files >files.bin
    "$UPDRAFT" sign files.bin --key rsa2048.key --manifest --kind files --product lamp --version 1.4.0
    cmp files.bin.signed "$trust/files.bin.signed"
    cp "$NEW" new.bin
    "$UPDRAFT" sign new.bin --key rsa2048.key --manifest --security 7
    "$UPDRAFT" verify new.bin.signed --key rsa2048.pub
    tail -c $((112 + 260)) new.bin.signed | head -c 112 >manifest
    python3 - <<'PYTHON'
import struct
fields = struct.unpack("<4sBBHII64s32s", open("manifest", "rb").read())
assert fields == (b"UDmf", 1, 1, 0x8266, 7, 0, b"demo".ljust(64, b"\0"), b"1.1.0".ljust(32, b"\0")), fields
PYTHON
    gzip -n -9 <"$NEW" >new.bin.gz
    "$UPDRAFT" sign new.bin.gz --key rsa2048.key --manifest --security 7
    head -c $((16 + 112)) new.bin.gz.signed | tail -c 112 | cmp - manifest
    head -c -260 new.bin.gz.signed | gunzip | cmp - "$NEW"
}

what_cannot_have_a_manifest_is_told() {
    refused 2 sign fw.bin --key rsa2048.key --product lamp
    says 'go with --manifest'
    refused 1 sign fw.bin --key rsa2048.key --manifest --product lamp --version 1
    says 'if it is a file system, say --kind files'
    refused 2 sign fw.bin --key rsa2048.key --manifest --kind spiffs
    says '--kind takes application or files, not spiffs'
    refused 2 sign fw.bin --key rsa2048.key --manifest --kind files
    says 'the file does not say its product: give --product'
    refused 2 sign fw.bin --key rsa2048.key --manifest --kind files --product "$(printf '%065d' 0)"
    says '--product takes at most 64 bytes'
    refused 2 sign fw.bin --key rsa2048.key --manifest --kind files --product lamp --version 1 \
        --security 0x100000000
    refused 1 sign new.bin.signed --key rsa3072.key
    says 'is signed already'
}

mistakes_are_told() {
    local size
    rm -f ./*.signed.signed
    : >empty
    refused 2 sign
    refused 2 sign fw.bin fw.bin
    refused 1 sign missing --key rsa2048.key
    says 'missing: No such file'
    refused 1 sign empty --key rsa2048.key
    says 'there is nothing to sign'
    refused 1 sign fw.bin --key missing.key
    says 'missing.key: No such file'
    refused 1 sign fw.bin --key rsa2048.pub
    says 'holds a public key'
    refused 1 sign fw.bin --key fw.bin
    says 'holds no key that can be read'
    refused 1 sign fw.bin --key rsa512.key
    says 'easily forged'
    refused 1 sign fw.bin --key rsa2048.key --out nowhere/out
    refused 1 sign fw.bin --key rsa2048.key --out .
    refused 2 verify
    refused 1 verify missing --key rsa2048.pub
    refused 1 verify fw.bin --key missing
    for size in 0 1 3 4 5 64 259 260 268; do
        head -c $size fw.bin.rsa2048.signed >cut.bin
        refused 1 verify cut.bin --key rsa2048.pub
    done
}

check vectors_come_out_byte_for_byte
check names_are_those_of_the_documents
check p256_signatures_are_raw_numbers
check verify_says_what_is_wrong
check verify_speaks_json
check nothing_is_signed_twice
check a_manifest_says_what_the_file_is_for
check what_cannot_have_a_manifest_is_told
check mistakes_are_told
tap_end
