# A bad link before every client and server (proxy.py): each ends in time with a line that
# says what happened, nothing unverified runs, and over a good link it goes on.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

FAULT=$TAP_TMP/fault
SIZE=$(wc -c <"$NEW")
HALF=$((SIZE / 2))
: >"$FAULT"

# proxy PORT: sets PROXY, the port of a bad link to it.
proxy() {
    local tries
    python3 "$TAP_ROOT/tests/faults/proxy.py" "$1" "$FAULT" >"$TAP_TMP/proxy.$1" &
    tap_background $!
    for tries in $(seq 1200); do [ -s "$TAP_TMP/proxy.$1" ] && break; sleep 0.05; done
    PROXY=$(cat "$TAP_TMP/proxy.$1")
}

fault() { printf '%s' "$*" >"$FAULT"; }

# ---- a device pulls ----

# pull URL [options]: a device that runs the old one asks once.
pull() {
    local url=$1
    shift
    timeout 180 "$UPDRAFT" device --mac "$MAC" --url "$url" --flash device.flash --app "$OLD" --once --json "$@" >events 2>err
}

runs() { "$UPDRAFT" image device.flash | grep -q "$1" || { echo "it does not run $1"; cat events err; return 1; }; }

# fresh_device FAULT: one the server knows nothing of yet but what it is to run.
fresh_device() {
    MAC=$(printf '5C:CF:7F:%02X:%02X:%02X' $((RANDOM % 256)) $((RANDOM % 256)) $((RANDOM % 256)))
    assign "$MAC" '{"product": "demo"}'
    rm -f device.flash
    fault "$1"
}

# A download that fails leaves the old program; the next check-in gets the new one.
pull_through() { # FAULT
    fresh_device "$1"
    pull "$LINK/update" || true
    runs '1\.0\.0'
    fault clean
    pull "$LINK/update"
    runs '1\.1\.0'
}

# It takes longer, or bytes more than they should be: the new program runs, whole.
pull_in_spite_of() {
    fresh_device "$1"
    pull "$LINK/update" || true
    runs '1\.1\.0'
}

a_pull_survives_a_reset() { pull_through "reset $HALF"; }
a_pull_survives_a_reset_within_the_head() { pull_through "reset 40"; }
a_pull_survives_truncation() { pull_through "truncate $HALF"; }
a_pull_survives_a_half_open_connection() { pull_through "half-open $HALF"; }
a_pull_survives_repeated_bytes() { pull_through "duplicate $HALF"; }
a_pull_survives_a_refused_connection() { pull_through refuse; }
a_pull_goes_through_delay() { pull_in_spite_of "delay 0.02"; }
a_pull_goes_through_a_slow_drip() { pull_in_spite_of "drip 1024 20"; }
a_pull_goes_through_loss() { pull_in_spite_of "lossy 0.3"; }

# ---- who publishes ----

publishing_through() { # FAULT
    fault "$1"
    if timeout 300 "$UPDRAFT" publish --server "http://127.0.0.1:$PROXY" --product other --version "3.$2" "$NEW" >out 2>err; then
        echo "taken for a success: $(cat out)"
        return 1
    fi
    expect "lines" "$(wc -l <err)" 1
    fault clean
    timeout 180 "$UPDRAFT" publish --server "http://127.0.0.1:$PROXY" --product other --version "3.$2" "$NEW" >out 2>err ||
        { cat err; return 1; }
}

publishing_says_that_the_connection_was_refused() { publishing_through refuse 1; }
publishing_says_that_the_answer_was_reset() { publishing_through "reset 10" 2; }
publishing_says_that_the_answer_was_cut_off() { publishing_through "truncate 30" 3; }
publishing_says_that_its_body_was_reset() { publishing_through "sent reset $HALF" 4; }
publishing_says_that_its_body_was_cut_off() { publishing_through "sent truncate $HALF" 5; }
publishing_twice_the_same_piece_is_refused() { publishing_through "sent duplicate $HALF" 6; }

publishing_goes_through_a_slow_drip() {
    fault "drip 2048 5"
    timeout 300 "$UPDRAFT" publish --server "http://127.0.0.1:$PROXY" --product other --version 4.0 "$NEW" >out 2>err
}

server_start data
publish "$NEW" demo 1.1.0
publish "$OLD" demo 1.0.0 old
proxy "${SERVER##*:}"
LINK=http://127.0.0.1:$PROXY
check a_pull_survives_a_reset
check a_pull_survives_a_reset_within_the_head
check a_pull_survives_truncation
check a_pull_survives_a_half_open_connection
check a_pull_survives_repeated_bytes
check a_pull_survives_a_refused_connection
check a_pull_goes_through_delay
check a_pull_goes_through_a_slow_drip
check a_pull_goes_through_loss
check publishing_says_that_the_connection_was_refused
check publishing_says_that_the_answer_was_reset
check publishing_says_that_the_answer_was_cut_off
check publishing_says_that_its_body_was_reset
check publishing_says_that_its_body_was_cut_off
check publishing_twice_the_same_piece_is_refused
check publishing_goes_through_a_slow_drip
tap_end
