# `updraft device --qemu`: one board at a terminal. What boards do is told elsewhere.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

APP=$BUILD/firmware/demo-1.0.0.bin
UP="free for an update" # the last words of the demo's greeting

# board OPTION…: what it says goes to the files said and err, the status to $status.
board() {
    status=0
    timeout 300 "$UPDRAFT" device --qemu "$@" >said 2>err </dev/null || status=$?
}

# Gone, or dead and not yet collected by whoever collects orphans.
is_over() { ! grep -q '^State:[[:space:]]*[^Z]' "/proc/$1/status" 2>/dev/null; }

# The emulators of a process, whose parent is still there to be asked.
emulators_of() { pgrep -P "$1" qemu-system; }

wrong_calls_are_refused() {
    local option
    for option in --once --redirects "--user me" "--password-file x" \
        "--stage" "--dir folder" "--count 2" "--speed real" --json; do
        # shellcheck disable=SC2086
        refused 2 device --qemu --app "$APP" $option
        says "${option%% *} does not go with --qemu"
    done
    for option in 1 0b 1t 12x 12b+ 12b+rt nonsense ''; do
        refused 2 device --qemu --app "$APP" --cut "$option"
        says 'is no cut like'
    done
    refused 2 device --app "$APP" --url http://127.0.0.1/ --cut 1b
    says 'with --qemu only'
    for option in "--poll 3" "--trial 3"; do
        # shellcheck disable=SC2086
        refused 2 device --qemu --app "$APP" $option
        says "go with --url"
    done
    refused 2 device --app "$APP" --url http://127.0.0.1/ --trial 3
    says 'with --qemu only'
    refused 2 device --qemu --app "$APP" --url https://127.0.0.1/
    refused 2 device --qemu --app "$APP" --url http://127.0.0.1/ --poll 0
    refused 2 device --qemu --app "$APP" --page 65536
    refused 2 device --qemu --app "$APP" --page 8080 --page-user me
    refused 2 device --qemu --app "$APP" --uploads 65536
    refused 2 device --qemu --app "$APP" --uploads 8266 --upload-address 0.0.0.0
    refused 2 device --app "$APP" --url http://127.0.0.1/ --set poll=1
    refused 1 device --qemu --app "$APP" --set poll=0
    says 'poll takes 1 to 86400 seconds'
    refused 2 device --qemu --app "$APP" --set nonsense=1
    says 'there is no setting nonsense'
    refused 2 device --qemu --app "$APP" --mac 5D:CF:7F:00:00:02
    says 'is a group address'
    refused 1 device --qemu --app "$APP" --url "http://127.0.0.1/$(printf 'x%.0s' {1..300})"
    says 'server takes at most 255 characters'
    refused 2 device --qemu
    says '--app is missing'
    refused 2 device --qemu --app "$APP" --timeout 86401
    refused 2 device --qemu --app "$APP" --layout 5M
    [ ! -e folder ]
}

wrong_files_are_refused() {
    head -c 5000 /dev/zero >zeros
    refused 1 device --qemu --app zeros
    refused 1 device --qemu --app "$APP" --layout 1M64K
    says 'made for 4 MB of flash'
    refused 1 device --qemu --flash missing
    says 'missing does not exist; --app FILE says'
    refused 1 device --qemu --flash zeros
    says 'its size is not 4194304 bytes'
    refused 1 device --qemu --app "$APP" --rom missing
    says "missing: No such file or directory; --rom FILE says where"
    refused 1 device --qemu --app "$APP" --rom zeros
    says 'does not run the board'
}

an_emulator_that_is_missing_is_named() {
    local updraft
    updraft=$(realpath "$UPDRAFT")
    PATH=/nowhere "$updraft" device --qemu --app "$APP" >said 2>err && return 1
    says 'Debian has it in the package qemu-system-misc'
}

the_console_is_shown_as_it_comes() {
    board --app "$APP" --until "$UP"
    [ "$status" -eq 0 ]
    [ ! -s err ]
    grep -q 'rst cause:1, boot mode:(3,6)' said
    grep -q '^demo 1\.0\.0, built ' said
    # The text that was waited for ends the run in mid-line, and yet the line is whole.
    [ "$(tail -c 1 said | od -An -c | tr -d ' ')" = '\n' ]
}

flash_is_kept_in_a_file() {
    board --flash chip --app "$APP" --until "$UP"
    [ "$(stat -c %s chip)" -eq 4194304 ]
    cmp -n "$(stat -c %s "$APP")" chip "$APP"
    # Another time it is as it was left, whatever there is for new ones.
    board --flash chip --app "$BUILD/firmware/demo-1.1.0.bin" --until "$UP"
    grep -q '^demo 1\.0\.0, ' said
}

flash_in_use_is_left_alone() {
    local first tries
    "$UPDRAFT" device --qemu --flash chip >first &
    first=$!
    for tries in $(seq 600); do [ -s first ] && break; sleep 0.1; done
    refused 1 device --qemu --flash chip
    says 'chip is in use'
    kill $first
    wait $first
}

# A chip with remains of a journal: the bootloader ends the record, erases it, and that
# is all.
new_chip_with_debris() {
    rm -f chip
    board --flash chip --app "$APP" --until "$UP"
    printf '\363\331\345\267\0\0\0\0' | dd of=chip bs=1 seek=$((0x3fc000)) conv=notrunc 2>/dev/null
}

# How many bytes of them there still are.
debris_left() { tail -c +$((0x3fc000 + 1)) chip | head -c 4096 | tr -d '\377' | wc -c; }

power_goes_once_and_comes_back() {
    new_chip_with_debris
    board --flash chip --cut 1b --until "$UP"
    [ "$status" -eq 0 ]
    grep -q '^-- power cut at 1b --$' said
    [ "$(grep -c 'rst cause:1, ' said)" -eq 2 ]
    [ "$(debris_left)" -eq 0 ]
}

a_cut_that_keeps_rtc_memory_is_a_reset() {
    new_chip_with_debris
    board --flash chip --cut 1t:7+rtc --until "$UP"
    [ "$status" -eq 0 ]
    grep -q '^-- reset at 1t:7+rtc --$' said
    [ "$(grep -c 'rst cause:2, ' said)" -eq 1 ]
    [ "$(debris_left)" -eq 0 ]
}

a_cut_is_where_it_was_planned() {
    new_chip_with_debris
    [ "$(debris_left)" -eq 8 ]
    board --flash chip --cut 2a --until "$UP"
    grep -q '^-- power cut at 2a --$' said
    new_chip_with_debris
    board --flash chip --cut 3b --until "$UP"
    [ "$status" -eq 0 ]
    ! grep -q 'power cut' said
}

what_does_not_start_is_told() {
    head -c 4194304 /dev/zero | tr '\0' '\377' >blank
    board --flash blank
    [ "$status" -eq 1 ]
    says 'found nothing to start'
}

time_runs_out() {
    board --app "$APP" --timeout 1
    [ "$status" -eq 1 ]
    says 'time is up'
    board --app "$APP" --timeout 1 --until 'what it never says'
    [ "$status" -eq 1 ]
    says 'it did not say "what it never says", and time is up'
}

it_ends_well_when_told_to() {
    local signal pid emulator tries
    for signal in INT TERM; do
        : >said
        env --default-signal=INT "$UPDRAFT" device --qemu --app "$APP" >said 2>err &
        pid=$!
        for tries in $(seq 600); do grep -q "$UP" said && break; sleep 0.1; done
        emulator=$(emulators_of $pid)
        kill -$signal $pid
        wait $pid || { echo "status $? after $signal"; return 1; }
        [ ! -s err ]
        is_over "$emulator"
    done
}

a_goal_not_reached_is_told() {
    local pid status=0 tries
    env --default-signal=INT "$UPDRAFT" device --qemu --app "$APP" --until never >said 2>err &
    pid=$!
    for tries in $(seq 600); do grep -q "$UP" said && break; sleep 0.1; done
    kill -INT $pid
    wait $pid || status=$?
    [ "$status" -eq 1 ]
    says 'it did not say "never"'
}

no_emulator_is_left_by_one_that_is_killed() {
    local pid emulator tries
    "$UPDRAFT" device --qemu --app "$APP" >said 2>err &
    pid=$!
    for tries in $(seq 600); do grep -q "$UP" said && break; sleep 0.1; done
    emulator=$(emulators_of $pid)
    kill -KILL $pid
    wait $pid || true
    for tries in $(seq 600); do is_over "$emulator" && return; sleep 0.1; done
    echo "the emulator lives on"
    return 1
}

check wrong_calls_are_refused
check wrong_files_are_refused
check an_emulator_that_is_missing_is_named
check the_console_is_shown_as_it_comes
check flash_is_kept_in_a_file
check flash_in_use_is_left_alone
check power_goes_once_and_comes_back
check a_cut_that_keeps_rtc_memory_is_a_reset
check a_cut_is_where_it_was_planned
check what_does_not_start_is_told
check time_runs_out
check it_ends_well_when_told_to
check a_goal_not_reached_is_told
check no_emulator_is_left_by_one_that_is_killed
tap_end
