# What becomes of releases: drafts, withdrawals, steps in between, and no way back unless it
# is asked for; and all of it the same after a kill.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=18:FE:AA:00:00:01

image() { # VERSION [SIZE]
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/demo-$1.bin" --project demo --version "$1" --size "${2:-300000}"
}
for version in 1.0.0 1.5.0 1.9.0 2.0.0 3.0.0; do image $version; done

# gets VERSION | nothing: what a device that runs $runs is offered.
gets() {
    "$UPDRAFT" devices retry $MAC >/dev/null
    ask "$(esp8266 STA-MAC=$MAC "version=$runs")"
    expect "what $runs gets" "$(header x-version)" "${1#nothing}"
    expect status "$status" "$([ "$1" = nothing ] && echo 304 || echo 200)"
}

refused() { # TEXT COMMAND…
    local text=$1 code=0
    shift
    "$UPDRAFT" "$@" >out 2>err || code=$?
    expect "exit status of $*" $code 1
    grep -qF -- "$text" err || { cat err; return 1; }
}

runs=1.0.0

a_draft_is_offered_to_nobody() {
    "$UPDRAFT" publish "$TAP_TMP/demo-1.5.0.bin" --draft --notes 'the lamps are bright: ✓' >out
    grep -q '1.5.0 is a draft for stable' out || { cat out; return 1; }
    gets nothing
    expect state "$(device_says $MAC state)" current
    refused 'is a draft: nothing can be pinned to it' devices set $MAC --pin 1.5.0
    ASK_PATH=/firmware/demo ask 'Accept: */*'
    expect "the plain download" "$(header x-version)" 1.0.0
    ASK_PATH=/firmware/demo/1.5.0 ask 'Accept: */*'
    api POST '/releases?product=demo&version=1.5.0&draft' --data-binary "@$TAP_TMP/demo-1.5.0.bin" >again
    expect "a name without a value" "$(json state <again)" draft
    expect "the draft's download" "$status" 404
}

live_it_is_its_channel_s_newest() {
    "$UPDRAFT" releases live -p demo -v 1.5.0 >out
    expect said "$(cat out)" 'demo 1.5.0 is live, due on 1 device(s)'
    gets 1.5.0
    refused 'is no draft' releases live -p demo -v 1.5.0
    expect notes "$("$UPDRAFT" releases show -p demo -v 1.5.0 --json | json notes)" 'the lamps are bright: ✓'
}

nothing_goes_back_unless_asked() {
    runs=1.9.0
    gets nothing
    expect state "$(device_says $MAC state)" ahead
    "$UPDRAFT" devices set $MAC --pin 1.0.0 >/dev/null
    gets nothing
    "$UPDRAFT" devices set $MAC --pin 1.0.0 --downgrade >/dev/null
    gets 1.0.0
    "$UPDRAFT" devices set $MAC --pin 1.5.0 >/dev/null
    gets nothing
    "$UPDRAFT" devices set $MAC --pin '' >/dev/null
}

a_step_in_between_is_found() {
    runs=1.0.0
    publish "$TAP_TMP/demo-1.9.0.bin" demo 1.9.0
    "$UPDRAFT" publish "$TAP_TMP/demo-2.0.0.bin" --requires 1.9 >/dev/null
    gets 1.9.0
    expect target "$(device_says $MAC target)" 2.0.0
    expect next "$(device_says $MAC next)" 1.9.0
    device_says $MAC reason | grep -q '2.0.0 needs it first'
    "$UPDRAFT" releases set -p demo -v 1.9.0 --requires 1.2 >/dev/null
    gets 1.5.0
    runs=1.5.0
    gets 1.9.0
    runs=1.9.0
    gets 2.0.0
    expect next "$(device_says $MAC next)" null
}

what_is_withdrawn_stays_so() {
    "$UPDRAFT" publish "$TAP_TMP/demo-3.0.0.bin" --draft >/dev/null
    "$UPDRAFT" rollout start -p demo -v 3.0.0 --stages 100% >/dev/null # which makes it live
    runs=2.0.0
    local tries
    for tries in $(seq 600); do [ "$(api GET /rollouts/1 | json stage)" = 1 ] && break; sleep 0.1; done
    gets 3.0.0
    "$UPDRAFT" releases withdraw -p demo -v 3.0.0 --reason 'it burns' >/dev/null
    gets nothing
    for tries in $(seq 600); do [ "$(api GET /rollouts/1 | json state)" = halted ] && break; sleep 0.1; done
    expect reason "$(api GET /rollouts/1 | json reason)" '3.0.0 was withdrawn: it burns'
    refused 'was withdrawn' rollout resume 1
    refused 'was withdrawn' rollout start -p demo -v 3.0.0
    refused 'was withdrawn' devices set $MAC --pin 3.0.0
    refused 'under another version' publish "$TAP_TMP/demo-3.0.0.bin"
    runs=3.0.0
    gets nothing
    device_says $MAC reason | grep -q 'it runs 3.0.0, which was withdrawn'
    ASK_PATH=/firmware/demo/3.0.0 ask 'Accept: */*'
    expect "its plain download" "$status" 410
}

what_is_withdrawn_stays_so_after_a_kill() {
    runs=2.0.0
    gets nothing
    expect state "$("$UPDRAFT" releases show -p demo -v 3.0.0 --json | json state)" withdrawn
    expect rollout "$(api GET /rollouts/1 | json state)" halted
    refused 'was withdrawn' rollout resume 1
    runs=1.0.0
    gets 1.5.0
}

a_withdrawn_newest_leaves_the_one_before() {
    runs=1.0.0
    "$UPDRAFT" releases withdraw -p demo -v 2.0.0 >/dev/null
    ASK_PATH=/firmware/demo ask 'Accept: */*'
    expect "the plain download" "$(header x-version)" 1.9.0
    runs=1.5.0
    gets 1.9.0
}

the_command_says_what_it_wants() {
    local code=0
    "$UPDRAFT" releases withdraw -p demo 2>err || code=$?
    expect "without a version" $code 2
    "$UPDRAFT" releases set -p demo -v 1.0.0 2>err || { code=$?; grep -q 'set what' err; }
    refused 'has no release 9' releases show -p demo -v 9
    expect "a withdrawn one in the list" "$("$UPDRAFT" releases | grep -c withdrawn)" 2
    for body in '{"notes": 1}' '{"colour": 1}' '{"requires": "a b"}' '[]' x; do
        code=$(api PUT /releases/1 --data "$body" -o answer -w '%{http_code}' || true)
        expect "status of $body" "$code" 400
    done
    code=$(api POST "/releases?notes=%ff&product=x&version=1" --data x -o answer -w '%{http_code}' || true)
    expect "notes that are no UTF-8" "$code" 400
}

server_start data
publish "$TAP_TMP/demo-1.0.0.bin" demo 1.0.0
assign $MAC '{"product": "demo"}'
check a_draft_is_offered_to_nobody
check live_it_is_its_channel_s_newest
check nothing_goes_back_unless_asked
check a_step_in_between_is_found
check what_is_withdrawn_stays_so
SERVER_PORT=${SERVER##*:}
server_stop KILL
server_start data
check what_is_withdrawn_stays_so_after_a_kill
check a_withdrawn_newest_leaves_the_one_before
check the_command_says_what_it_wants
server_stop
tap_end
