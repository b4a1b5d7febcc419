# A virtual device takes an image that must confirm itself: it stays once it has
# reached a server, and else the old one comes back by itself.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/device.sh"

NOBODY=http://127.0.0.1:9/ # nothing listens there

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1.bin" --project demo "${@:2}"; }

web_server() {
    local tries
    python3 "$TAP_ROOT/tests/interop/static_server.py" "$TAP_TMP" 1.0 >"$TAP_TMP/web" &
    tap_background $!
    for tries in $(seq 600); do [ -s "$TAP_TMP/web" ] && break; sleep 0.1; done
    WEB=http://127.0.0.1:$(cat "$TAP_TMP/web")
}

# updated FILE: a flash file that has just taken the image and booted it once.
updated() {
    rm -f "$1"
    device_once "$1" "$WEB/new.bin${2:-}" --app old.bin
    expect "status of the update" "$status" 0 || { cat said; return 1; }
    expect "version after the update" "$(version_in "$1")" 1.1.0
}

# boots FILE URL TIMES: switches the device on so many times.
boots() {
    local i
    for i in $(seq "$3"); do device_once "$1" "$2"; done
}

an_image_that_reaches_its_server_stays() {
    updated stays.flash
    boots stays.flash "$WEB/new.bin?status=304" 1
    boots stays.flash "$NOBODY" 5
    expect "version in flash" "$(version_in stays.flash)" 1.1.0
}

an_image_that_reaches_nobody_has_three_boots() {
    updated back.flash
    boots back.flash "$NOBODY" 2
    expect "version in the third boot" "$(version_in back.flash)" 1.1.0
    boots back.flash "$NOBODY" 1
    grep -q 'did not confirm itself' said
    grep -q 'runs demo 1.0.0' said
    expect "version in the fourth boot" "$(version_in back.flash)" 1.0.0
    cmp -n "$(stat -c %s old.bin)" back.flash old.bin
    boots back.flash "$NOBODY" 3
    expect "version from then on" "$(version_in back.flash)" 1.0.0
}

# It never gets as far as asking; the watchdog restarts it until the old one is back.
one_that_hangs_comes_back_by_itself() {
    rm -f hangs.flash
    timeout 300 "$UPDRAFT" device --url "$WEB/new.bin" --flash hangs.flash --app old.bin --hangs 1.1.0 --poll 1 --json >events &
    tap_background $!
    local tries
    for tries in $(seq 600); do grep -q '"returned"' events && break; sleep 0.1; done
    kill $!
    wait $! || true
    expect "boots of the new one" "$(sed '/"returned"/q' events | grep -c '"hanging"')" 3
}

a_compressed_one_comes_back_as_well() {
    cp new.bin plain.bin
    gzip -9 -n -c plain.bin >new.bin.gz
    updated zipped.flash .gz
    boots zipped.flash "$NOBODY" 3
    expect "version in the fourth boot" "$(version_in zipped.flash)" 1.0.0
}

# 1 MB less 64 KB of files has no room for a second program of 500 KB.
without_room_for_a_way_back_it_says_so() {
    device_once narrow.flash "$WEB/large.bin" --app large-old.bin --layout 1M64K
    expect "status of the update" "$status" 0 || { cat said; return 1; }
    grep -q 'no room to keep the running program' said
    expect "version after the update" "$(version_in narrow.flash)" 1.1.0
    boots narrow.flash "$NOBODY" 5
    expect "version after five boots" "$(version_in narrow.flash)" 1.1.0
    device_once wide.flash "$WEB/new.bin" --app old.bin
    ! grep -q 'no room to keep' said
}

make_image old --version 1.0.0 --size 100000
make_image new --version 1.1.0 --size 120000 --trial
make_image large-old --version 1.0.0 --size 400000 --flash-mb 1
make_image large --version 1.1.0 --size 500000 --flash-mb 1 --trial
web_server
check an_image_that_reaches_its_server_stays
check an_image_that_reaches_nobody_has_three_boots
check one_that_hangs_comes_back_by_itself
check a_compressed_one_comes_back_as_well
check without_room_for_a_way_back_it_says_so
tap_end
