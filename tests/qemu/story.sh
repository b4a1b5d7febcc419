# The whole way, from reset: a flash image made by our tools, the bootloader, 1.0.0 on the
# chip's instruction set; then updates by each way in, cold restarts from the same flash, a
# trial that is confirmed, one that is not, and only what is signed.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/board.sh"
. "$TAP_ROOT/tests/lib/board_ways.sh"
. "$TAP_ROOT/tests/lib/browser.sh"

# ---- The three ways in: give FILE [TEXT]; TEXT is what the page says of it in the end ----

by_server() {
    local version
    version=$("$UPDRAFT" image "$1" --json | json description version)
    publish "$1" demo "$version"
}

by_push() { UPDRAFT_PASSWORD=$PASSWORD "$UPDRAFT" push "127.0.0.1:$upload_port" "$1"; }

by_page() {
    (cd "$TAP_ROOT" && node tests/qemu/browser_update.mjs "$browser" "http://127.0.0.1:$page_port/update" \
        $USER_NAME $PASSWORD "$(realpath "$TAP_TMP/$1")" "$2") || { cat said; return 1; }
}

# ---- The story ----

tell() { # WAY MAC
    local way=$1
    MAC=$2
    new_chip "$way"
    assign "$MAC" '{"product": "demo"}'
    switch_on "$way"
    runs 1.0.0

    "by_$way" net-1.1.0.bin 'Done. The device is back and runs demo 1.1.0'
    has_said 'demo 1.1.0'
    cold_restart "$way"
    runs 1.1.0
    cmp -n "$(stat -c %s "$NET-1.1.0.bin")" "$way" "$NET-1.1.0.bin"

    "by_$way" net-2.0.0.bin.gz 'Done. The device is back and runs demo 2.0.0'
    has_said 'on trial, boot 1 of 3'
    has_said 'confirmed'
    cold_restart "$way"
    runs 2.0.0
    not grep -qE 'on trial|confirmed' said

    "by_$way" demo-2.1.0-crashes.bin 'runs demo 2.0.0: the new program did not stay'
    has_said 'on trial, boot 3 of 3'
    : >said
    has_said 'up to date'
    cold_restart "$way"
    runs 2.0.0
    cmp -n "$(stat -c %s "$NET-2.0.0.bin")" "$way" "$NET-2.0.0.bin"
    switch_off
}

from_reset_by_a_server() { tell server 5C:CF:7F:00:0A:01; }
from_reset_by_push() { tell push 5C:CF:7F:00:0A:02; }
from_reset_by_the_page() { tell page 5C:CF:7F:00:0A:03; }

# ---- Trust ----

refuses() { # WAY FILE TEXT
    "by_$1" "$2" 'nothing' >told 2>&1 || true
    has_said "$3"
    ! grep -q 'updated by\|updated: restarts' said
}

takes_signed() { # WAY MAC
    local way=$1
    MAC=$2
    new_chip "signed-$way" key=ours.pub
    assign "$MAC" '{"product": "demo"}'
    switch_on "signed-$way"
    refuses "$way" net-1.1.0.bin "${3:-ignature}"
    refuses "$way" theirs.bin "${3:-ignature}"
    "by_$way" ours.bin 'Done. The device is back and runs demo 2.0.0'
    has_said 'confirmed'
    cold_restart "signed-$way"
    runs 2.0.0
    switch_off
}

only_what_is_signed_by_push() { takes_signed push 5C:CF:7F:00:0B:02; }
only_what_is_signed_by_the_page() { takes_signed page 5C:CF:7F:00:0B:03 'up to date'; }

# The server knows the device's keys, and offers nothing else.
only_what_is_signed_by_a_server() { takes_signed server 5C:CF:7F:00:0B:01 'up to date'; }

make_files() {
    local version key
    for version in 1.1.0 2.0.0; do cp "$NET-$version.bin" .; done
    gzip -n -9 -k net-2.0.0.bin
    pack 2.1.0-crashes
    for key in ours theirs; do "$UPDRAFT" keygen --type p256 --private $key.key --public $key.pub >/dev/null; done
    "$UPDRAFT" sign net-2.0.0.bin.gz --key ours.key --out ours.bin >/dev/null
    "$UPDRAFT" sign net-1.1.0.bin --key theirs.key --out theirs.bin >/dev/null
}

find_browser from_reset_by_each_way_in
server_start data
check make_files
check from_reset_by_push
check from_reset_by_the_page
check only_what_is_signed_by_push
check only_what_is_signed_by_the_page
check only_what_is_signed_by_a_server
server_stop
server_start other
check from_reset_by_a_server
tap_end
