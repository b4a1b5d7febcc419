# A virtual device updates from web servers that know nothing of updates: no
# version, no x-MD5, HTTP/1.0 or 1.1, redirects.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/device.sh"

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1-$2.bin" --project "$1" --version "$2" --size 100000; }

# web_server VERSION: serves $TAP_TMP/files; sets WEB to its address.
web_server() {
    local tries out=$TAP_TMP/web-$1
    python3 "$TAP_ROOT/tests/interop/static_server.py" "$TAP_TMP/files" "$1" >"$out" &
    tap_background $!
    for tries in $(seq 600); do [ -s "$out" ] && break; sleep 0.1; done
    WEB=http://127.0.0.1:$(cat "$out")
}

# arrives PATH [options]: a device that runs 1.0.0 takes 1.1.0 from there.
arrives() {
    local path=$1
    shift
    rm -f new.flash
    device_once new.flash "$WEB/$path" --app "$TAP_TMP/demo-1.0.0.bin" "$@"
    expect "status for $path" "$status" 0 || { cat said; return 1; }
    expect "version in flash after $path" "$(version_in new.flash)" 1.1.0
    # The updater leaves the running flash mode in byte 2; the rest is the file, exactly.
    cmp -n "$(stat -c %s "$TAP_TMP/demo-1.1.0.bin")" new.flash "$TAP_TMP/demo-1.1.0.bin"
}

a_plain_file_is_enough() { arrives demo.bin; }
a_right_x_md5_is_welcome() { arrives "demo.bin?md5=$(md5_of "$TAP_TMP/files/demo.bin")"; }
an_upper_case_x_md5_is_as_good() {
    arrives "demo.bin?md5=$(md5_of "$TAP_TMP/files/demo.bin" | tr a-f A-F)"
}
# As a signature does on a device that does not verify.
what_follows_the_image_is_ignored() { arrives trailed.bin; }
a_compressed_file_is_unpacked() { arrives demo.bin.gz; }

redirects_are_followed_when_asked_to() {
    local code
    for code in 301 302 303 307 308; do arrives "demo.bin?redirect=$code" --redirects; done
}

redirects_are_a_wrong_code_otherwise() {
    device_once old.flash "$WEB/demo.bin?redirect=302" --app "$TAP_TMP/demo-1.0.0.bin"
    expect status "$status" 1
    grep -q -- -104 said
    expect "version in flash" "$(version_in old.flash)" 1.0.0
}

a_circle_of_redirects_ends() {
    device_once old.flash "$WEB/loop" --redirects --app "$TAP_TMP/demo-1.0.0.bin"
    expect status "$status" 1
    expect "version in flash" "$(version_in old.flash)" 1.0.0
}

pythons_own_server_will_do() {
    local port tries
    (cd "$TAP_TMP/files" && exec python3 -u -m http.server --bind 127.0.0.1 0) >port 2>/dev/null &
    server_pid=$!
    for tries in $(seq 600); do port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' port); [ -n "$port" ] && break; sleep 0.1; done
    WEB=http://127.0.0.1:$port
    arrives demo.bin && result=0 || result=1
    kill $server_pid
    return $result
}

mkdir "$TAP_TMP/files"
make_image demo 1.0.0
make_image demo 1.1.0
cp "$TAP_TMP/demo-1.1.0.bin" "$TAP_TMP/files/demo.bin"
gzip -9 -n -k "$TAP_TMP/files/demo.bin"
{ cat "$TAP_TMP/files/demo.bin"; head -c 260 /dev/urandom; } >"$TAP_TMP/files/trailed.bin"
for http in 1.0 1.1; do
    web_server $http
    echo "# HTTP/$http"
    check a_plain_file_is_enough
    check a_right_x_md5_is_welcome
    check an_upper_case_x_md5_is_as_good
    check what_follows_the_image_is_ignored
    check a_compressed_file_is_unpacked
    check redirects_are_followed_when_asked_to
    check redirects_are_a_wrong_code_otherwise
    check a_circle_of_redirects_ends
done
check pythons_own_server_will_do
tap_end
