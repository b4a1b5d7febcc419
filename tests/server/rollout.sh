# Rollouts as operators and devices see them: a bad release halts by itself, a good
# one reaches everybody, one is rolled back; and what is refused.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

DEVICES=30
FIRST=5C:CF:7F:00:00:01

image() { # FILE VERSION SIZE
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$1" --project demo --version "$2" --size "$3"
}
image "$TAP_TMP/old.bin" 1.0.0 300000
image "$TAP_TMP/good.bin" 2.0.0 300000
# It runs, and still reports 1.0.0: to the server that is an update that was undone.
image "$TAP_TMP/bad.bin" 1.0.0 290000

# rollout_says ID PATH…
rollout_says() {
    local id=$1
    shift
    api GET "/rollouts/$id" | json "$@"
}

# wait_for WHAT WANTED COMMAND…: at most 60 s.
wait_for() {
    local what=$1 wanted=$2 tries
    shift 2
    for tries in $(seq 300); do [ "$("$@")" = "$wanted" ] && return; sleep 0.2; done
    echo "$what is $("$@"), not $wanted"
    "$UPDRAFT" rollout || true
    return 1
}

running() { # VERSION: how many devices run it
    api GET /overview | python3 -c '
import json, sys
print(sum(row["devices"] for row in json.load(sys.stdin)["by_version"] if row["version"] == sys.argv[1]))' "$1"
}

refuses() { # TEXT BODY [PATH]
    local text=$1 body=$2 code
    code=$(api POST "${3:-/rollouts}" --data "$body" -o answer -w '%{http_code}' || true)
    case $code in 400 | 404 | 409) ;; *) echo "status of $body: $code"; return 1 ;; esac
    json error <answer | grep -qF -- "$text" || { cat answer; return 1; }
}

plans_are_checked() {
    local all='"stages": [{"percent": 100}]'
    refuses 'must be an object' '[]'
    refuses 'must be an object' ''
    refuses 'needs a product and a version' "{$all}"
    refuses 'array of 1 to 8' '{"product": "demo", "version": "2.0.0"}'
    refuses 'array of 1 to 8' '{"product": "demo", "version": "2.0.0", "stages": []}'
    refuses 'either devices or percent' '{"stages": [{}]}'
    refuses 'either devices or percent' '{"stages": [{"percent": 5, "devices": 5}]}'
    refuses 'percent must be a number from 1 to 100' '{"stages": [{"percent": 101}]}'
    refuses 'add up' '{"stages": [{"percent": 50}, {"percent": 50}]}'
    refuses 'has no colour' "{\"colour\": 1, $all}"
    refuses 'cannot be a group' "{\"target\": {\"group\": \"a/b\"}, $all}"
    refuses 'time of day' "{\"window\": {\"from\": \"25:00\", \"to\": \"05:00\"}, $all}"
    refuses 'time in UTC' "{\"product\": \"demo\", \"version\": \"2.0.0\", \"start\": \"tomorrow\", $all}"
    refuses 'has no release 9' "{\"product\": \"demo\", \"version\": \"9\", $all}"
    refuses 'there is no rollout 77' '' /rollouts/77/pause
    expect rollouts "$(api GET /rollouts | json rollouts)" '[]'
}

# Planned for a time that is far away, then given up; what was said comes back.
a_planned_one_waits_for_its_time() {
    "$UPDRAFT" rollout start -p demo -v 2.0.0 --start 2099-12-31T22:00:00.500Z \
        --window 22:00-05:30 --utc-offset 330 --west --group lab --time-limit 3600 --json >plan
    local id
    id=$(json id <plan)
    sleep 2
    expect state "$(rollout_says "$id" state)" planned
    expect start "$(rollout_says "$id" start)" 2099-12-31T22:00:00.500Z
    expect window "$(rollout_says "$id" window)" \
        '{"from": "22:00", "to": "05:30", "utc_offset_minutes": -330}'
    expect group "$(rollout_says "$id" target group)" lab
    expect stages "$(rollout_says "$id" stages 1 percent) $(rollout_says "$id" stages 1 time_limit)" "25 3600"
    "$UPDRAFT" rollout cancel "$id" >said
    expect state "$(rollout_says "$id" state)" cancelled
}

a_dry_run_counts_and_changes_nothing() {
    "$UPDRAFT" rollout start -p demo -v 2.0.0 --stages 3,50%,100% --dry-run >said
    grep -qxF "$DEVICES devices: $DEVICES can take it (0 run it already), 0 cannot; stages of 3 15 $DEVICES" said || { cat said; return 1; }
    expect rollouts "$(api GET /rollouts | json rollouts)" '[]'
}

a_bad_release_halts_by_itself() {
    "$UPDRAFT" rollout start -p demo -v 1.9.0 --stages 4,100% --promote stable >said
    wait_for state halted rollout_says 1 state
    rollout_says 1 reason | grep -q 'of 4 devices failed' || { rollout_says 1; return 1; }
    expect "open stages" "$(rollout_says 1 stage)" 1
    expect "devices reached" "$(rollout_says 1 counts devices)" 4
    grep -q 'rollout 1 of demo 1.9.0: halted' "$TAP_TMP/data.log"
    "$UPDRAFT" rollout show 1 | grep -q '^rollout 1 of demo 1.9.0 is halted: '
    api GET /rollouts/1/failures >failures
    expect "how they failed" "$(json failures 0 standing <failures)" failed
    expect "why" "$(json failures 0 reason <failures)" 'came back with 1.0.0'
    [ "$(json failures 0 devices <failures)" -ge 1 ]
    # Nobody else was offered it, and nobody is any more: what was begun before is in the log.
    sleep 1
    [ "$(grep -c 'is offered demo 1.9.0' "$TAP_TMP/data.log")" -le 8 ]
    local before
    before=$(grep -c 'is offered' "$TAP_TMP/data.log")
    sleep 3
    expect "offers after the halt" "$(grep -c 'is offered' "$TAP_TMP/data.log")" "$before"
    api GET /devices | python3 -c '
import json, sys
reasons = [device["reason"] for device in json.load(sys.stdin)["devices"]]
assert all("rollout 1 of 1.9.0 is halted" in reason for reason in reasons), reasons
assert sum("failed here" in reason for reason in reasons) > 0, reasons'
    "$UPDRAFT" rollout cancel 1 | grep -q 'is cancelled'
}

a_good_release_reaches_all_after_an_approval() {
    "$UPDRAFT" rollout start -p demo -v 2.0.0 --stages 10%,100% --approval --promote stable >said
    wait_for state awaiting rollout_says 2 state
    expect "devices that run it" "$(running 2.0.0)" 3
    "$UPDRAFT" rollout pause 2 >said
    refuses 'is paused: it cannot be approved' '' /rollouts/2/approve
    "$UPDRAFT" rollout resume 2 >said
    wait_for state awaiting rollout_says 2 state
    "$UPDRAFT" rollout approve 2 >said
    wait_for state finished rollout_says 2 state
    wait_for "devices that run it" $DEVICES running 2.0.0
    expect "its channel" "$(api GET /releases | json releases 0 channel)" stable
    "$UPDRAFT" rollout list | grep -q finished
}

it_is_the_same_after_a_kill() {
    expect "bad one" "$(rollout_says 1 state)" cancelled
    expect "good one" "$(rollout_says 2 state)" finished
    expect "stages" "$(rollout_says 2 stages 0 counts arrived)" 3
}

rolled_back_devices_run_what_they_ran() {
    "$UPDRAFT" rollout roll-back 2 >said
    wait_for "devices that run 1.0.0" $DEVICES running 1.0.0
    expect state "$(rollout_says 2 state)" rolled-back
    refuses 'cannot be resumed' '' /rollouts/2/resume
}

nobody_downloads() {
    curl -sS -H "Authorization: Bearer $TOKEN" "$SERVER/metrics" | grep -qx 'updraft_downloads 0'
}

# Downloads that take their time, one more than there may be at a site: it waits.
downloads_at_a_site_are_limited() {
    local mac pids=() i
    python3 "$TAP_ROOT/tests/lib/make_image.py" large.bin --project large --version 1 --size 12000000 --flash-mb 16
    publish large.bin large 1
    for i in 1 2 3; do
        mac=02:00:00:00:00:0$i
        assign $mac '{"product": "large"}'
        [ $i = 3 ] && break
        slow_download $mac free-space=14000000 chip-size=16777216
        pids+=($slow)
    done
    ask "$(esp8266 STA-MAC=$mac free-space=14000000 chip-size=16777216)"
    expect "the third" "$status" 304
    expect "its state" "$(device_says $mac state)" waiting
    device_says $mac reason | grep -q 'at its site'
    kill "${pids[0]}"
    its_turn_comes() {
        ask "$(esp8266 STA-MAC=$mac free-space=14000000 chip-size=16777216)"
        expect "the third, later" "$status" 200
    }
    eventually its_turn_comes
    kill "${pids[1]}"
    eventually nobody_downloads
}

# One that broke off, refuses to go on, or asks only for a version, leaves no gap.
what_ends_badly_makes_room() {
    local i mac=02:00:00:00:00:03
    local large="STA-MAC=$mac free-space=14000000 chip-size=16777216"
    for i in 1 2 3 4; do
        "$UPDRAFT" devices retry $mac >/dev/null
        esp8266 $large | curl -sS -H @- --limit-rate 1M --max-time 1 -o got "$SERVER/update" || true
        eventually nobody_downloads
        ask "$(esp8266 $large mode=version)"
        ask "$(esp8266 $large)" -H 'Range: bytes=99999999-'
        expect "a range beyond the file" "$status" 416
    done
    "$UPDRAFT" devices retry $mac >/dev/null
    ask "$(esp8266 $large)"
    expect "after all of them" "$status" 200
}

server_start data
publish "$TAP_TMP/old.bin" demo 1.0.0
publish "$TAP_TMP/bad.bin" demo 1.9.0 candidate
publish "$TAP_TMP/good.bin" demo 2.0.0 candidate
mkdir "$TAP_TMP/flash"
for i in $(seq $DEVICES); do
    assign "$(printf '5C:CF:7F:00:00:%02X' "$i")" '{"product": "demo"}'
done
"$UPDRAFT" device --url "$SERVER/update" --dir "$TAP_TMP/flash" --app "$TAP_TMP/old.bin" \
    --count $DEVICES --mac $FIRST --poll 1 >"$TAP_TMP/devices.out" 2>&1 &
tap_background $!
device_pid=$!
for tries in $(seq 300); do [ "$(running 1.0.0)" = $DEVICES ] && break; sleep 0.2; done
check plans_are_checked
check a_dry_run_counts_and_changes_nothing
check a_bad_release_halts_by_itself
check a_good_release_reaches_all_after_an_approval
SERVER_PORT=${SERVER##*:}
server_stop KILL
server_start data
check it_is_the_same_after_a_kill
check rolled_back_devices_run_what_they_ran
check a_planned_one_waits_for_its_time
kill "$device_pid"
wait "$device_pid" 2>/dev/null
server_stop
unset SERVER_PORT
server_start limited --site-downloads 2
check downloads_at_a_site_are_limited
check what_ends_badly_makes_room
server_stop
tap_end
