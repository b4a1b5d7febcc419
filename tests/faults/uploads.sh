# Uploads from the bench, and to the page, through a bad network: the device runs the old
# program or the new one whole, who uploads is told in time and in one line, and over a good
# network it goes on.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

FAULT=$TAP_TMP/fault
HEARD=$TAP_TMP/heard
HALF=$(($(wc -c <"$NEW") / 2))
echo secret >"$TAP_TMP/password"
export UPDRAFT_PASSWORD=secret

fault() { printf '%s' "$*" >"$FAULT"; }

# ends PID: with the test, which is a shell of its own.
running=()
ends() {
    running+=("$1")
    trap 'kill "${running[@]}" 2>/dev/null' EXIT
}

# started COMMAND…: in the background, and sets PORT to what it prints.
started() {
    local tries
    : >"$TAP_TMP/port"
    "$@" >"$TAP_TMP/port" &
    ends $!
    for tries in $(seq 1200); do [ -s "$TAP_TMP/port" ] && break; sleep 0.05; done
    PORT=$(cat "$TAP_TMP/port")
}

# a_device [options]: one that runs the old program; its events are in the file `events`.
a_device() {
    local tries
    rm -f device.flash
    "$UPDRAFT" device --flash device.flash --app "$OLD" --json "$@" >events 2>device.err &
    device_pid=$!
    ends $device_pid
    for tries in $(seq 1200); do
        grep -q '"event":"started"' events && return
        kill -0 $device_pid 2>/dev/null || break
        sleep 0.05
    done
    cat device.err
    return 1
}

stop_device() { kill $device_pid; wait $device_pid 2>/dev/null || true; }

# runs VERSION: at last.
runs() {
    local tries
    for tries in $(seq 600); do
        [ "$(grep '"event":"started"' events | tail -n 1 | grep -c "\"version\":\"$1\"")" = 1 ] && return
        sleep 0.1
    done
    echo "it does not run $1"
    cat events
    return 1
}

# push_it [SECONDS]: by the way that the variable `way` says, with so much patience.
push_it() { timeout 300 "$UPDRAFT" push "${way[@]}" --timeout "${1:-5}" "$NEW" >said 2>err; }

succeeds() {
    push_it 60 || { cat said err; return 1; }
    runs 1.1.0
}

# breaks FAULT: one line says so, the old program runs on, and the next time it goes well.
breaks() {
    fault "$1"
    if push_it; then
        echo "taken for a success through $1: $(cat said)"
        return 1
    fi
    expect "lines for $1: $(cat err)" "$(wc -l <err)" 1
    expect "starts" "$(grep -c '"event":"started"' events)" 1
    fault clean
    succeeds
}

# on_some_port [options]: a device, with some port in place of PORT in them; another one where
# somebody has that already. Sets DEVICE_PORT.
on_some_port() {
    local tries
    for tries in 1 2 3; do
        DEVICE_PORT=$(free_port)
        a_device "${@/PORT/$DEVICE_PORT}" && return
    done
    return 1
}

# ---- espota ----

bench_device() {
    on_some_port --uploads PORT --upload-password-file "$TAP_TMP/password"
    : >"$HEARD"
    started python3 "$TAP_ROOT/tests/faults/espota_proxy.py" "$DEVICE_PORT" "$FAULT" "$HEARD"
    way=("127.0.0.1:$PORT")
}

upload_through() { # FAULT
    bench_device
    fault "$1"
    succeeds
    stop_device
}

upload_breaks() {
    bench_device
    breaks "$1"
    stop_device
}

# Invitation, invitation, the challenge's answer: each way the first was lost.
an_upload_goes_through_lost_datagrams() {
    upload_through "datagrams lose 1"
    [ "$(wc -l <"$HEARD")" -ge 3 ]
}
an_upload_goes_through_doubled_datagrams() { upload_through "datagrams twice"; }
an_upload_goes_through_late_datagrams() { upload_through "datagrams late 300"; }
an_upload_goes_through_a_slow_drip() { upload_through "drip 2048 5"; }
an_upload_goes_through_loss() { upload_through "lossy 0.2"; }
an_upload_breaks_with_a_reset() { upload_breaks "reset $HALF"; }
an_upload_breaks_with_its_connection_cut() { upload_breaks "truncate $HALF"; }
an_upload_breaks_with_a_half_open_connection() { upload_breaks "half-open $HALF"; }
an_upload_breaks_with_bytes_twice() { upload_breaks "duplicate $HALF"; }
an_upload_breaks_when_the_device_cannot_call() { upload_breaks refuse; }

# By then the device may have all of it.
an_upload_whose_counts_are_cut_off_is_no_success() {
    bench_device
    fault "sent truncate 2"
    not push_it
    expect "lines: $(cat err)" "$(wc -l <err)" 1
    fault clean
    succeeds
    stop_device
}

# Whoever listened says all of it again: no upload comes of it.
what_was_said_once_does_nothing_again() {
    bench_device
    fault clean
    succeeds
    grep -q '"event":"started","version":"1.1.0"' events
    python3 - "${way[0]##*:}" "$HEARD" >answers <<'END'
import socket, sys
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.settimeout(5)
for line in open(sys.argv[2]).read().split():
    peer.sendto(bytes.fromhex(line), ("127.0.0.1", int(sys.argv[1])))
    try:
        print(peer.recv(2048))
    except TimeoutError:
        print("silence")
END
    cat answers
    grep -q "AUTH" answers
    not grep -q "b'OK" answers
    expect "starts" "$(grep -c '"event":"started"' events)" 2
    stop_device
}

# ---- the page ----

page_device() {
    local tries
    on_some_port --page PORT --page-user root --upload-password-file "$TAP_TMP/password"
    for tries in $(seq 1200); do
        curl -s -o /dev/null "http://127.0.0.1:$DEVICE_PORT/update" && break
        sleep 0.05
    done
    started python3 "$TAP_ROOT/tests/faults/proxy.py" "$DEVICE_PORT" "$FAULT"
    way=(--http "http://127.0.0.1:$PORT/update" --user root)
}

page_breaks() { # FAULT
    page_device
    breaks "$1"
    stop_device
}

the_page_is_refused() { page_breaks refuse; }
a_form_breaks_with_a_reset() { page_breaks "sent reset $HALF"; }
a_form_breaks_with_its_connection_cut() { page_breaks "sent truncate $HALF"; }
a_form_breaks_with_a_half_open_connection() { page_breaks "sent half-open $HALF"; }
a_form_breaks_with_bytes_twice() { page_breaks "sent duplicate $HALF"; }

# What was sent is whole, and only the answer is lost: no success, but none of the device's.
a_lost_answer_is_no_success() {
    local kind
    for kind in "reset 1" "truncate 1"; do
        page_device
        fault "$kind"
        not push_it
        expect "lines for $kind" "$(wc -l <err)" 1
        stop_device
    done
}

a_form_goes_through_a_slow_drip() {
    page_device
    fault "drip 1460 2"
    succeeds
    stop_device
}

check an_upload_goes_through_lost_datagrams
check an_upload_goes_through_doubled_datagrams
check an_upload_goes_through_late_datagrams
check an_upload_goes_through_a_slow_drip
check an_upload_goes_through_loss
check an_upload_breaks_with_a_reset
check an_upload_breaks_with_its_connection_cut
check an_upload_breaks_with_a_half_open_connection
check an_upload_breaks_with_bytes_twice
check an_upload_breaks_when_the_device_cannot_call
check an_upload_whose_counts_are_cut_off_is_no_success
check what_was_said_once_does_nothing_again
check the_page_is_refused
check a_form_breaks_with_a_reset
check a_form_breaks_with_its_connection_cut
check a_form_breaks_with_a_half_open_connection
check a_form_breaks_with_bytes_twice
check a_lost_answer_is_no_success
check a_form_goes_through_a_slow_drip
tap_end
