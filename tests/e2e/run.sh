# ./run, as a new user types it: the whole story, and an end without traces.
. "$(dirname "$0")/../lib/tap.sh"

cd "$TAP_ROOT" || exit 1

expect() { [ "$2" = "$3" ] || { echo "$1 is '$2', not '$3'"; return 1; }; }

# What this folder's ./run started and still goes on.
left_over() { pgrep -f "$UPDRAFT (serve|device) .*$TAP_ROOT/build/run/"; }

tree_state() { git status --porcelain 2>&1 || :; } # an unpacked archive has none

once_ends_with_three_arrived() {
    cd "$TAP_ROOT"
    tree_state >"$TAP_TMP/before"
    ./run --once >"$TAP_TMP/once"
    expect "the last line" "$(tail -n 1 "$TAP_TMP/once")" "3 of 3 devices run 1.1.0"
}

flash_files_say_the_same() {
    local file
    for file in 5CCF7F000001 5CCF7F000002 348518000001; do
        "$UPDRAFT" image "$TAP_ROOT/build/run/devices/$file.flash" | grep -q '1\.1\.0'
    done
}

nothing_goes_on_afterwards() { ! left_over; }

the_tree_stays_clean() { (cd "$TAP_ROOT" && tree_state) | diff "$TAP_TMP/before" -; }

wait_for() { # WHAT COMMAND…: at most 60 s
    local what=$1 tries
    shift
    for tries in $(seq 300); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
    echo "not within 60 s: $what"
    return 1
}

it_stays_up_until_ctrl_c() {
    local origin run_pid
    cd "$TAP_ROOT"
    # Job control gives it a process group. env gives it SIGINT back, which it ignores
    # for good where this script is itself a background job of another.
    set -m
    env --default-signal=INT ./run >"$TAP_TMP/stays" 2>&1 &
    run_pid=$!
    set +m
    wait_for "that it stays up" grep -q "Ctrl-C" "$TAP_TMP/stays"
    grep -q "3 of 3 devices run 1.1.0" "$TAP_TMP/stays"
    origin=$(sed -n 's|^dashboard: \(http://[^/]*\)/.*|\1|p' "$TAP_TMP/stays" | tail -n 1)
    curl -fsS "$origin/" >"$TAP_TMP/page"
    grep -qi "<title>.*updraft" "$TAP_TMP/page"
    ! ./run --once 2>"$TAP_TMP/second" || { echo "a second one starts beside it"; return 1; }
    expect "lines for the second" "$(wc -l <"$TAP_TMP/second")" 1
    left_over >/dev/null
    kill -INT -- "-$run_pid"
    wait "$run_pid" && status=0 || status=$?
    expect status "$status" 130
    ! left_over
}

# Releases in stages, on 30 devices; the bad one gets no further than the first three.
a_fleet_stops_a_bad_release() {
    cd "$TAP_ROOT"
    ./run --fleet --once >"$TAP_TMP/fleet" 2>"$TAP_TMP/told"
    expect "the last line" "$(tail -n 1 "$TAP_TMP/fleet")" \
        "30 of 30 devices run 2.0.0; 2.1.0-hangs was halted in its first stage"
    grep -q 'rollout 2 of demo 2.1.0-hangs is halted: ' "$TAP_TMP/told"
}

# The same on the chip's own instruction set, in emulators.
boards_arrive_and_confirm_it() {
    local number
    cd "$TAP_ROOT"
    ./run --qemu --once >"$TAP_TMP/boards" || { tail -n 5 build/run/board-*.log; return 1; }
    expect "the last line" "$(tail -n 1 "$TAP_TMP/boards")" "3 of 3 boards run 2.0.0 and have confirmed it"
    for number in 1 2 3; do
        "$UPDRAFT" image "build/run/devices/$number.flash" | grep '2\.0\.0' >/dev/null
        grep -q '^confirmed' "build/run/board-$number.log"
    done
}

an_unknown_option_is_one_line() {
    cd "$TAP_ROOT"
    ./run --twice >"$TAP_TMP/out" 2>"$TAP_TMP/err" && return 1 || status=$?
    expect status "$status" 2
    expect "lines on stderr" "$(wc -l <"$TAP_TMP/err")" 1
    [ ! -s "$TAP_TMP/out" ]
}

check once_ends_with_three_arrived
check flash_files_say_the_same
check nothing_goes_on_afterwards
check the_tree_stays_clean
check it_stays_up_until_ctrl_c
check nothing_goes_on_afterwards
check a_fleet_stops_a_bad_release
check nothing_goes_on_afterwards
check boards_arrive_and_confirm_it
check nothing_goes_on_afterwards
check an_unknown_option_is_one_line
tap_end
