# Every wrong file, from servers that do not look at it: the device ends with the
# error's own number, and what it runs is untouched, byte for byte.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/device.sh"

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/files/$1" --project demo "${@:2}"; }

make_files() {
    mkdir "$TAP_TMP/files"
    make_image old.bin --version 1.0.0 --size 100000
    make_image new.bin --version 1.1.0 --size 100000
    make_image large.bin --version 1.1.0 --size 2200000
    make_image other-chip.bin --version 1.1.0 --size 100000 --chip esp32
    make_image other-flash.bin --version 1.1.0 --size 100000 --flash-mb 16
    cd "$TAP_TMP/files" || exit 1
    head -c 60000 new.bin >truncated.bin
    { printf '\000'; tail -c +2 new.bin; } >wrong-magic.bin
    { head -c 50000 new.bin; printf '\000\377'; tail -c +50003 new.bin; } >damaged.bin
    printf '<!DOCTYPE html><title>Sign in to this network</title>\n' >page.html
    : >empty.bin
    gzip -9 -n -k new.bin
    head -c 30000 new.bin.gz >truncated.bin.gz
    { head -c 30000 new.bin.gz; printf '\000\377'; tail -c +30003 new.bin.gz; } >damaged.bin.gz
    cd "$TAP_TMP" || exit 1
}

# fails PATH NUMBER [options]: and leaves the running image alone. The whole flash
# below what is free for staging is compared, boot record included.
fails() {
    local path=$1 number=$2 size
    shift 2
    cp clean.flash wrong.flash
    device_once wrong.flash "$WEB/$path" "$@"
    expect "status for $path" "$status" 1 || { cat said; return 1; }
    grep -qE -- "(^|[^0-9-])$number([^0-9]|$)" said || { echo "$path: no $number in: $(cat said)"; return 1; }
    size=$(stat -c %s files/old.bin)
    cmp -n $(((size + 4095) / 4096 * 4096)) wrong.flash clean.flash
    expect "version in flash after $path" "$(version_in wrong.flash)" 1.0.0
    # It still runs, and still takes what is right.
    device_once wrong.flash "$WEB/new.bin"
    expect "status of a right file after $path" "$status" 0 || { cat said; return 1; }
    expect "version in flash after a right file" "$(version_in wrong.flash)" 1.1.0
}

a_truncated_file() { fails truncated.bin 18; }
a_wrong_first_byte() { fails wrong-magic.bin -106; }
a_login_page() { fails page.html -106; }
another_chip() { fails other-chip.bin 17; }
a_larger_flash() { fails other-flash.bin -107; }
damaged_content() { fails damaged.bin 18; }
an_empty_file() { fails empty.bin -101; }
a_file_that_does_not_fit() { fails large.bin -100; }
a_wrong_md5_header() { fails 'new.bin?md5=00000000000000000000000000000000' 7; }
a_malformed_md5_header() { fails 'new.bin?md5=0123' -105; }
a_connection_that_breaks() { fails 'new.bin?cut=50000' -5; }
a_body_without_length() { fails 'new.bin?length=none' -101; }
a_length_that_is_none() { fails 'new.bin?length=many' -101; }
a_chunked_body() { fails 'new.bin?chunked' -9; }
status_401() { fails 'new.bin?status=401' -108; }
status_403() { fails 'new.bin?status=403' -103; }
status_404() { fails nothing.bin -102; }
status_500() { fails 'new.bin?status=500' -104; }
a_truncated_compressed_file() { fails truncated.bin.gz 29; }
a_damaged_compressed_file() { fails damaged.bin.gz 29; }

web_server() {
    local tries
    python3 "$TAP_ROOT/tests/interop/static_server.py" "$TAP_TMP/files" 1.0 >"$TAP_TMP/web" &
    tap_background $!
    for tries in $(seq 600); do [ -s "$TAP_TMP/web" ] && break; sleep 0.1; done
    WEB=http://127.0.0.1:$(cat "$TAP_TMP/web")
}

# What it runs before: booted once, nothing to take.
clean_flash() {
    cd "$TAP_TMP" || exit 1
    device_once clean.flash "$WEB/old.bin?status=304" --app files/old.bin
    [ -s clean.flash ]
}

make_files
web_server
clean_flash || { echo "Bail out! no flash file to begin with: $(cat "$TAP_TMP/said")"; exit 1; }
check a_truncated_file
check a_wrong_first_byte
check a_login_page
check another_chip
check a_larger_flash
check damaged_content
check an_empty_file
check a_file_that_does_not_fit
check a_wrong_md5_header
check a_malformed_md5_header
check a_connection_that_breaks
check a_body_without_length
check a_length_that_is_none
check a_chunked_body
check status_401
check status_403
check status_404
check status_500
check a_truncated_compressed_file
check a_damaged_compressed_file
tap_end
