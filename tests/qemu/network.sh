# The device with a network: LX106 code, our bootloader, lwIP, against a real server. It
# polls, updates and confirms itself; what does not work is gone again.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/board.sh"

MAC=5C:CF:7F:00:00:01

# new_board FLASH [URL]: runs 1.0.0, and has asked once.
new_board() {
    rm -f "$1"
    board "$1" "${3:-up to date}" --app "$NET-1.0.0.bin" --url "${2:-$SERVER/update}" --poll 1 --trial 60
}

# Serves the folder files; sets WEB and web_pid. Call it outside of `check`.
web_server() {
    local tries
    mkdir -p "$TAP_TMP/files"
    : >"$TAP_TMP/web"
    python3 "$TAP_ROOT/tests/interop/static_server.py" "$TAP_TMP/files" 1.0 >"$TAP_TMP/web" &
    web_pid=$!
    tap_background $web_pid
    for tries in $(seq 600); do [ -s "$TAP_TMP/web" ] && break; sleep 0.1; done
    WEB=http://127.0.0.1:$(cat "$TAP_TMP/web")
}

it_gets_an_address_and_asks() {
    new_board chip
    grep -q '^address 10\.0\.2\.15' said
    grep -q "^asks http://10\.0\.2\.2:${SERVER##*:}/update every 1 s" said
    expect "version the server knows" "$(device_says $MAC version)" 1.0.0
    expect "chip the server knows" "$(device_says $MAC chip)" ESP8266
    assign $MAC '{"product": "demo"}'
}

it_updates_itself() {
    publish "$NET-1.1.0.bin" demo 1.1.0
    board chip "demo 1.1.0"
    cmp -n "$(stat -c %s "$NET-1.1.0.bin")" chip "$NET-1.1.0.bin"
    # Cold, from the same flash; and the server is told.
    board chip "up to date"
    runs 1.1.0
    not grep -q 'update of' said
    expect "state the server sees" "$(device_says $MAC state)" current
}

a_compressed_update_confirms_itself() {
    gzip -n -9 <"$NET-2.0.0.bin" >net.gz
    publish net.gz demo 2.0.0
    board chip "confirmed"
    grep -q "an update of $(stat -c %s net.gz) bytes" said
    grep -q '^on trial, boot 1 of 3' said
    board chip "up to date"
    runs 2.0.0
    not grep -qE 'on trial|confirmed' said
    expect "state the server sees" "$(device_says $MAC state)" current
}

# It crashes in each of its boots. The server gives up on it by itself.
one_that_crashes_is_gone_again() {
    publish "$TAP_TMP/demo-2.1.0-crashes.bin" demo 2.1.0-crashes
    board chip "up to date"
    runs 2.0.0
    expect "boots it had" "$(grep -c '^on trial, boot' said)" 9
    expect "times it came back" "$(grep -c '^<' said)" 3
    expect "state the server sees" "$(device_says $MAC state)" failing
    cmp -n "$(stat -c %s "$NET-2.0.0.bin")" chip "$NET-2.0.0.bin"
}

# The watchdog ends each of its boots, and the bootloader brings back what ran before.
goes_back_from() { # VERSION
    local port boot
    port=$(free_port)
    rm -f hung
    board_in_background hung --app "$NET-1.0.0.bin" --uploads "$port"
    has_said 'address 10.0.2.15'
    "$UPDRAFT" push "127.0.0.1:$port" "$TAP_TMP/demo-$1.bin"
    for boot in 1 2 3; do has_said "on trial, boot $boot of 3"; done
    : >said
    has_said 'demo 1.0.0'
    has_said 'address 10.0.2.15'
    kill $pid
    wait $pid
    expect "restarts by the watchdog since the last boot" "$(grep -c 'rst cause:4' said)" 1
    cmp -n "$(stat -c %s "$NET-1.0.0.bin")" hung "$NET-1.0.0.bin"
}

one_that_hangs_is_gone_again() { goes_back_from 2.1.0-hangs; }
one_that_hangs_with_interrupts_off_is_too() { goes_back_from 2.1.0-locks; }

# It works, but for what it is there for.
one_that_does_not_reach_its_server_is_gone_again() {
    cp "$NET-2.0.0.bin" "$TAP_TMP/files/"
    new_board alone "$WEB/net-2.0.0.bin?cut=0" 'error'
    board alone "updated: restarts" --url "$WEB/net-2.0.0.bin" --poll 1 --trial 2
    kill $web_pid
    board_in_background alone
    has_said 'on trial, boot 3 of 3'
    has_said 'demo 1.0.0'
    kill $pid
    wait $pid
    expect "restarts for want of a server" "$(grep -c 'no server has confirmed it in 2 s' said)" 3
    cmp -n "$(stat -c %s "$NET-1.0.0.bin")" alone "$NET-1.0.0.bin"
}

what_arrives_damaged_is_not_taken() {
    local query size
    size=$(stat -c %s "$NET-1.1.0.bin")
    cp "$NET-1.1.0.bin" "$TAP_TMP/files/"
    for query in cut=40000 md5=00112233445566778899aabbccddeeff; do
        new_board refuses "$WEB/net-1.1.0.bin?$query" 'check-in failed'
        not grep -q 'restarts' said
        runs 1.0.0
    done
    { head -c $((size / 2)) "$NET-1.1.0.bin"; printf 'x'; tail -c +$((size / 2 + 2)) "$NET-1.1.0.bin"; } \
        >"$TAP_TMP/files/flipped.bin"
    new_board refuses "$WEB/flipped.bin" 'check-in failed'
    cmp -n "$(stat -c %s "$NET-1.0.0.bin")" refuses "$NET-1.0.0.bin"
}

servers_that_are_not_there_are_asked_again() {
    local url
    for url in http://127.0.0.1:9/ http://nobody.invalid/update; do
        rm -f lonely
        board_in_background lonely --app "$NET-1.0.0.bin" --url "$url" --poll 1
        has_said 'check-in failed: error -'
        : >said
        has_said 'check-in failed: error -'
        kill $pid
        wait $pid
    done
}

# On a cold start it has the old program or the new one, and arrives at the new one.
power_cuts_do_not_stop_an_update() {
    local cut
    cp "$NET-1.1.0.bin" "$TAP_TMP/files/"
    for cut in 1a 2t:5 19t:7 34a 36t:9 40b 45t:11 52t:13 60a; do
        rm -f cut
        board cut "demo 1.1.0" --app "$NET-1.0.0.bin" --url "$WEB/net-1.1.0.bin" --poll 1 --cut $cut
        grep -q "power cut at $cut" said || { echo "$cut was not reached"; return 1; }
        cmp -n "$(stat -c %s "$NET-1.1.0.bin")" cut "$NET-1.1.0.bin"
    done
}

page_says() { curl -sS -m 120 "http://127.0.0.1:$1/update?info" | json version; }

a_browser_updates_it() {
    local port
    port=$(free_port)
    board_in_background browsed --app "$NET-1.0.0.bin" --page "$port"
    has_said "-- http://127.0.0.1:$port/update is the board's page --"
    has_said 'address 10.0.2.15'
    expect "version by the page" "$(page_says "$port")" 1.0.0
    curl -sS -m 120 --compressed "http://127.0.0.1:$port/update" >shown
    grep -q '</html>\|</script>' shown
    curl -sS -m 120 -F "firmware=@$NET-1.1.0.bin" "http://127.0.0.1:$port/update" | grep 'Update Success'
    has_said 'demo 1.1.0'
    head -c 5000 /dev/urandom >noise
    curl -sS -m 120 -T noise "http://127.0.0.1:$port/update" | grep 'Update error'
    # On trial, and nobody to ask: it is enough that it can be reached.
    gzip -n -9 <"$NET-2.0.0.bin" >browsed.gz
    "$UPDRAFT" push --http "127.0.0.1:$port" browsed.gz
    has_said 'confirmed'
    expect "version by the page" "$(page_says "$port")" 2.0.0
    kill $pid
    wait $pid
    cmp -n "$(stat -c %s "$NET-2.0.0.bin")" browsed "$NET-2.0.0.bin"
}

# Both proofs of the password, and an uploader that does not know it.
uploads_update_it() {
    local port proof
    echo secret >password
    for proof in '' --upload-sha256; do
        port=$(free_port)
        rm -f uploaded
        # shellcheck disable=SC2086
        board_in_background uploaded --app "$NET-1.0.0.bin" --uploads "$port" --upload-password-file password $proof
        has_said 'uploads on port 8266, with a password'
        has_said 'address 10.0.2.15'
        not env UPDRAFT_PASSWORD=wrong "$UPDRAFT" push "127.0.0.1:$port" "$NET-1.1.0.bin" 2>err
        grep -q 'wrong password' err
        has_said 'an upload did not prove the password'
        UPDRAFT_PASSWORD=secret "$UPDRAFT" push "127.0.0.1:$port" "$NET-1.1.0.bin"
        has_said 'demo 1.1.0'
        kill $pid
        wait $pid
        cmp -n "$(stat -c %s "$NET-1.1.0.bin")" uploaded "$NET-1.1.0.bin"
    done
}

# As the Arduino core's uploader does it, with nothing newer than its options.
the_stock_uploader_updates_it() {
    local port
    echo secret >password
    port=$(free_port)
    rm -f stock
    board_in_background stock --app "$NET-1.0.0.bin" --uploads "$port" --upload-password-file password
    has_said 'address 10.0.2.15'
    "$UPDRAFT" espota -i 127.0.0.1 -p "$port" --auth=secret -f "$NET-1.1.0.bin"
    has_said 'demo 1.1.0'
    kill $pid
    wait $pid
}

# From a chip with nothing but a program to one that has updated itself.
its_console_sets_it_up() {
    cp "$NET-1.1.0.bin" "$TAP_TMP/files/"
    rm -f typed typist
    mkfifo typist
    : >said
    "$UPDRAFT" device --qemu --flash typed --app "$NET-1.0.0.bin" <typist >said 2>err &
    pid=$!
    exec 7>typist
    has_said 'no settings in flash'
    has_said 'address 10.0.2.15' # the console was open before
    printf 'help\nset name kitchen\rset password open sesame\nset poll 0\nset colour red\nnonsense\n' >&7
    has_said 'no such command'
    grep -q 'poll cannot be that' said
    grep -q 'there is no setting colour' said
    printf 'show\nupdate now\nset server http://10.0.2.2:%s/net-1.1.0.bin\nset poll 2\nsave\n' "${WEB##*:}" >&7
    has_said 'saved; restart'
    grep -q '^\*name kitchen' said
    grep -q '^\*password (set)' said
    not grep -q sesame said
    grep -q 'there is no server to ask' said
    printf 'restart\n' >&7
    has_said 'demo 1.1.0'
    exec 7>&-
    kill $pid
    wait $pid
    "$UPDRAFT" settings typed >settings
    grep -q '^name  *kitchen$' settings
    grep -q '^poll  *2$' settings
    grep -qa 'open sesame' typed
}

# While one sends, others are told to wait.
one_upload_at_a_time() {
    local port first
    port=$(free_port)
    board_in_background busy --app "$NET-1.0.0.bin" --page "$port"
    has_said 'address 10.0.2.15'
    curl -sS -m 240 --limit-rate 40k -T "$NET-1.1.0.bin" "http://127.0.0.1:$port/update" >answer &
    first=$!
    has_said 'an update of'
    expect "the second one's status" \
        "$(curl -sS -m 120 -o body -w '%{http_code}' -T "$NET-1.1.0.bin" "http://127.0.0.1:$port/update")" 503
    wait $first
    grep -q 'Update Success' answer
    has_said 'demo 1.1.0'
    kill $pid
    wait $pid
}

# Of one core, in hundredths of a second.
time_spent() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

an_idle_device_sleeps() {
    local emulator before spent
    new_board idle
    board_in_background idle --url "$SERVER/update" --poll 60
    has_said 'up to date'
    emulator=$(pgrep -P $pid qemu-system)
    before=$(time_spent "$emulator")
    sleep 10
    spent=$(($(time_spent "$emulator") - before))
    kill $pid
    wait $pid
    # One per cent is 10; half of that is usual, and on a machine that does other things the same
    # work takes longer.
    [ "$spent" -le 20 ] || { echo "spent $spent of 1000"; return 1; }
}

pack 2.1.0-crashes
pack 2.1.0-hangs
pack 2.1.0-locks
server_start data
check it_gets_an_address_and_asks
check it_updates_itself
check a_compressed_update_confirms_itself
check one_that_crashes_is_gone_again
check one_that_hangs_is_gone_again
check one_that_hangs_with_interrupts_off_is_too
web_server
check one_that_does_not_reach_its_server_is_gone_again
web_server # the last one was ended
check what_arrives_damaged_is_not_taken
check servers_that_are_not_there_are_asked_again
check power_cuts_do_not_stop_an_update
check a_browser_updates_it
check uploads_update_it
check the_stock_uploader_updates_it
check its_console_sets_it_up
check one_upload_at_a_time
check an_idle_device_sleeps
tap_end
