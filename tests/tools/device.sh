# `updraft device` by itself: mistakes, flash files, goals, what it prints. What
# it does with servers is tests/interop's.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

FIRMWARE=$BUILD/firmware
OLD=$FIRMWARE/demo-1.0.0.bin
NOBODY=http://127.0.0.1:9/ # nothing listens there
ONE="--url $NOBODY --app $OLD"

wrong_calls_are_refused() {
    refused 2 device
    says '--url is missing'
    refused 2 device http://127.0.0.1/
    says 'goes after --url'
    for url in '' 127.0.0.1 ftp://127.0.0.1/ http:// http://127.0.0.1:99999/ 'http://a b/'; do
        refused 2 device --app "$OLD" --url "$url"
        says 'is no URL like'
    done
    refused 2 device --app "$OLD" --url https://127.0.0.1/
    says '--ca FILE or --pin PIN'
    for mac in '' 5C:CF:7F 5C:CF:7F:00:00:0G 5C:CF:7F:00:00:01:02 nonsense; do
        refused 2 device $ONE --mac "$mac"
        says 'is no MAC address like'
    done
    refused 2 device $ONE --mac 01:00:5E:00:00:01
    says 'group address'
    refused 2 device $ONE --mac 5C:CF:7F:FF:FF:FF --count 2
    says 'there are not 2 addresses'
    for count in 0 30001 -1 many; do refused 2 device $ONE --count "$count"; done
    for poll in 0 86401 soon; do refused 2 device $ONE --poll "$poll"; done
    refused 2 device $ONE --timeout 86401
    refused 2 device $ONE --speed warp
    says 'real or fast'
    refused 2 device $ONE --layout 5M
    says 'unknown layout 5M'
    refused 2 device $ONE --once --until 1.1.0
    refused 2 device $ONE --flash a.flash --dir folder
    refused 2 device $ONE --flash a.flash --count 2
    refused 2 device $ONE --user me
    refused 2 device $ONE --password-file secret
    refused 2 device --url "$NOBODY"
    says '--app is missing'
    [ ! -e a.flash ] && [ ! -e folder ]
}

wrong_files_are_refused() {
    head -c 5000 /dev/zero >zeros
    : >empty
    mkdir -p directory
    for app in zeros empty directory missing; do refused 1 device --url "$NOBODY" --app "$app" --flash a.flash; done
    refused 1 device $ONE --layout 1M64K --flash a.flash
    says 'made for 4 MB of flash'
    refused 1 device --url "$NOBODY" --flash a.flash
    says 'a.flash does not exist; --app FILE says'
    [ ! -e a.flash ]
    refused 1 device $ONE --flash zeros
    says 'zeros is no flash file for layout 4M2M: its size is not 4194304 bytes'
    refused 1 device $ONE --flash directory
    refused 1 device $ONE --flash missing/a.flash
    refused 1 device $ONE --dir zeros
    refused 1 device $ONE --user me --password-file missing
    says 'missing: No such file'
}

# run OPTION…: to the file said, the status to $status.
run() {
    status=0
    timeout 300 "$UPDRAFT" device "$@" >said 2>err || status=$?
}

flash_without_a_program_is_said_to_be_so() {
    head -c 4194304 /dev/zero | tr '\0' '\377' >blank.flash
    refused 1 device --url "$NOBODY" --flash blank.flash
    says 'no bootloader in flash'
    run $ONE --flash a.flash --once
    head -c 4096 a.flash >half.flash
    tail -c +4097 blank.flash >>half.flash
    refused 1 device --url "$NOBODY" --flash half.flash
    says 'no application in flash'
}

a_server_that_is_away_is_said_to_be_so() {
    refused 1 device $ONE --once
    says '5C:CF:7F:00:00:01: failed (-1): HTTP error: connection failed'
}

a_new_device_holds_the_firmware_and_keeps_it() {
    run $ONE --flash a.flash --once
    [ "$(stat -c %s a.flash)" -eq 4194304 ]
    cmp -n "$(stat -c %s "$OLD")" a.flash "$OLD"
    cp a.flash before
    # An existing device is not filled again.
    run --url "$NOBODY" --app "$FIRMWARE/demo-1.1.0.bin" --flash a.flash --once
    cmp a.flash before
    grep -q 'runs demo 1.0.0' said
}

a_folder_holds_a_file_for_each() {
    run $ONE --dir new/folder --count 3 --mac 5c-cf-7f-00-00-fe --once
    [ "$(cd new/folder && echo *)" = "5CCF7F0000FE.flash 5CCF7F0000FF.flash 5CCF7F000100.flash" ]
    [ "$(wc -l <err)" -eq 3 ]
}

flash_in_use_is_left_alone() {
    "$UPDRAFT" device $ONE --flash a.flash >first &
    local first=$! tries
    for tries in $(seq 600); do [ -s first ] && break; sleep 0.1; done
    refused 1 device $ONE --flash a.flash --once
    says 'a.flash is in use'
    kill $first
    wait $first
    # Another time it is free again.
    run $ONE --flash a.flash --once
    grep -q 'failed (-1)' err
}

time_runs_out() {
    refused 1 device $ONE --until 1.1.0 --poll 1 --timeout 2
    says '0 of 1 devices run 1.1.0, and time is up'
}

it_ends_well_when_told_to() {
    local signal pid tries
    for signal in INT TERM; do
        : >said
        # Background jobs of scripts ignore SIGINT; env gives it back.
        env --default-signal=INT "$UPDRAFT" device $ONE >said 2>err &
        pid=$!
        for tries in $(seq 600); do [ -s said ] && break; sleep 0.1; done
        kill -$signal $pid
        wait $pid || { echo "status $? after $signal"; return 1; }
        not grep -v 'connection failed' err # it may have asked its server before
    done
}

json_is_an_object_a_line() {
    run $ONE --once --json
    [ "$status" -eq 1 ]
    python3 -c '
import json
events = [json.loads(line) for line in open("said")]
assert [e["event"] for e in events] == ["started", "asking", "failed"], events
assert all(e["mac"] == "5C:CF:7F:00:00:01" and e["version"] == "1.0.0" for e in events), events
assert events[2]["number"] == -1 and "connection failed" in events[2]["text"], events
'
}

many_run_in_one_process() {
    run $ONE --once --count 1000
    [ "$(wc -l <err)" -eq 1000 ]
    [ "$(grep -c 'failed (-1)' err)" -eq 1000 ]
}

check wrong_calls_are_refused
check wrong_files_are_refused
check flash_without_a_program_is_said_to_be_so
check a_server_that_is_away_is_said_to_be_so
check a_new_device_holds_the_firmware_and_keeps_it
check a_folder_holds_a_file_for_each
check flash_in_use_is_left_alone
check time_runs_out
check it_ends_well_when_told_to
check json_is_an_object_a_line
check many_run_in_one_process
tap_end
