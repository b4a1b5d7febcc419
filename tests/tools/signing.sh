# Called as the Arduino core's signing tool: its options and messages, and the
# automatic flow of its documents.
. "$(dirname "$0")/../lib/tap.sh"

VECTORS=$TAP_ROOT/tests/vectors/signing
SIGNING=$TAP_TMP/signing.py
ln -s "$UPDRAFT" "$SIGNING"

# What the core's build runs for a sketch, before and after it is compiled.
before_build() {
    "$SIGNING" --mode header --publickey sketch/public.key --out build/core/Updater_Signing.h
}
after_build() {
    "$SIGNING" --mode sign --privatekey sketch/private.key --bin build/sketch.ino.bin \
        --out build/sketch.ino.bin.signed --legacy build/sketch.ino.bin.legacy_sig
}

new_sketch() {
    rm -rf sketch build
    mkdir -p sketch build
    cp "$VECTORS/fw.bin" build/sketch.ino.bin
}

# run STATUS COMMAND…: stderr goes to the file err; nothing is said on stdout.
run() {
    local expected=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    [ ! -s out ] || { echo "said on stdout:"; cat out; return 1; }
    [ $status -eq "$expected" ] || { echo "ended with $status, not $expected:"; cat err; return 1; }
}

# says LINE…: stderr has just these lines.
says() { printf '%s\n' "$@" | diff - err; }

a_sketch_with_keys_is_signed() {
    new_sketch
    cp "$VECTORS/rsa2048.key" sketch/private.key
    cp "$VECTORS/rsa2048.pub" sketch/public.key
    run 0 before_build
    says 'Enabling binary signing'
    run 0 after_build
    says 'Signed binary: build/sketch.ino.bin.signed' \
        'Legacy signed binary: build/sketch.ino.bin.legacy_sig'
    cmp build/sketch.ino.bin.signed "$VECTORS/fw.bin.rsa2048.signed"
    cmp build/sketch.ino.bin.legacy_sig "$VECTORS/fw.bin.rsa2048.legacy"
}

a_sketch_without_keys_is_not() {
    new_sketch
    run 0 before_build
    says 'Not enabling binary signing'
    [ "$(cat build/core/Updater_Signing.h)" = '#define ARDUINO_SIGNING 0' ]
    run 0 after_build
    says 'Not signing the generated binary'
    [ ! -e build/sketch.ino.bin.signed ]
    [ ! -e build/sketch.ino.bin.legacy_sig ]
}

# The core builds with it: the key comes out of the array, as a C string.
the_header_holds_the_key() {
    new_sketch
    cp "$VECTORS/rsa2048.pub" sketch/public.key
    before_build
    head -n 3 build/core/Updater_Signing.h | diff - <(printf '%s\n' '#include <pgmspace.h>' \
        '#define ARDUINO_SIGNING 1' 'static const char signing_pubkey[] PROGMEM = {')
    mkdir -p stub
    echo '#define PROGMEM' >stub/pgmspace.h
    printf '#include "Updater_Signing.h"\n#include <stdio.h>\nint main(void)\n{\n%s\n}\n' \
        '    return !ARDUINO_SIGNING || fputs(signing_pubkey, stdout) < 0;' >print.c
    gcc -Wall -Werror -Istub -Ibuild/core print.c -o print
    ./print | cmp - sketch/public.key
}

an_unchanged_header_is_left_alone() {
    new_sketch
    before_build
    touch -d 2020-01-01 build/core/Updater_Signing.h
    before_build
    [ "$(stat -c %Y build/core/Updater_Signing.h)" = "$(date -d 2020-01-01 +%s)" ]
    cp "$VECTORS/rsa2048.pub" sketch/public.key
    before_build
    grep -q 'ARDUINO_SIGNING 1' build/core/Updater_Signing.h
}

# Uploaders prefer a .signed file, so one of an earlier build must not stay.
a_stale_signed_binary_does_not_stay() {
    new_sketch
    cp "$VECTORS/rsa2048.key" sketch/private.key
    after_build
    rm sketch/private.key
    after_build
    [ -e build/sketch.ino.bin.signed ]
    echo changed >>build/sketch.ino.bin
    run 0 after_build
    says 'Not signing the generated binary' \
        'Removed build/sketch.ino.bin.signed, which an earlier build had signed' \
        'Removed build/sketch.ino.bin.legacy_sig, which an earlier build had signed'
    [ ! -e build/sketch.ino.bin.signed ]
    [ ! -e build/sketch.ino.bin.legacy_sig ]
    echo 'no signed binary' >build/sketch.ino.bin.signed
    run 0 after_build
    [ -e build/sketch.ino.bin.signed ]
}

short_options_work() {
    cp "$VECTORS/fw.bin" "$VECTORS/rsa2048.key" "$VECTORS/rsa2048.pub" .
    run 0 "$SIGNING" -m sign -s rsa2048.key -b fw.bin -o fw.signed
    says 'Signed binary: fw.signed'
    run 0 "$SIGNING" -m header -p rsa2048.pub -o signing.h
    says 'Enabling binary signing'
}

failures_show_in_the_exit_status() {
    new_sketch
    run 2 "$SIGNING"
    says 'ERROR: Mode not specified as header or sign'
    run 2 "$SIGNING" --mode verify
    says 'ERROR: Mode not specified as header or sign'
    run 2 "$SIGNING" --mode sign --privatekey sketch/private.key
    run 2 "$SIGNING" --mode header
    run 2 "$SIGNING" --nonsense
    echo 'no key' >sketch/private.key
    cp sketch/private.key sketch/public.key
    run 1 after_build
    says 'signing: sketch/private.key holds no key that can be read: it takes PEM or DER' \
        'Not signing the generated binary'
    run 1 before_build
    [ ! -e build/core ]
    cp "$VECTORS/rsa2048.key" sketch/public.key
    run 1 before_build
    says 'signing: sketch/public.key holds a private key, which must not go into firmware: give the public one'
    cp "$VECTORS/rsa2048.key" sketch/private.key
    rm build/sketch.ino.bin
    run 1 after_build
    says 'signing: build/sketch.ino.bin: No such file or directory' 'Not signing the generated binary'
    : >build/sketch.ino.bin
    run 1 after_build
    says 'OpenSSL returned an error signing the binary: there is nothing to sign' \
        'OpenSSL returned an error legacy signing the binary: there is nothing to sign'
}

it_is_a_subcommand_too() {
    local status=0
    cp "$VECTORS/fw.bin" "$VECTORS/rsa2048.key" .
    "$UPDRAFT" signing --mode sign --privatekey rsa2048.key --bin fw.bin --out fw.signed
    cmp fw.signed "$VECTORS/fw.bin.rsa2048.signed"
    ln -sf "$UPDRAFT" signing
    ./signing --mode header --publickey none --out signing.h
    ./signing --help | sed -n 1p >usage
    grep -q '^usage: signing ' usage
    ln -sf "$UPDRAFT" signing.sh
    ./signing.sh --mode header 2>/dev/null || status=$?
    [ $status -eq 2 ]
}

check a_sketch_with_keys_is_signed
check a_sketch_without_keys_is_not
check the_header_holds_the_key
check an_unchanged_header_is_left_alone
check a_stale_signed_binary_does_not_stay
check short_options_work
check failures_show_in_the_exit_status
check it_is_a_subcommand_too
tap_end
