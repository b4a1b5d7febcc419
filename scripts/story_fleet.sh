# ./run --fleet: a release that goes to 30 devices in stages, one that hangs and is
# halted by itself, and the way back for those that took it. Sourced by ./run.

FLEET=30
GOOD=2.0.0
BAD=2.1.0-hangs
# The bad one's program really hangs; virtual devices, which do not run it, are told so.
fleet_stages=3,30%,100%

pack_demo() { # VERSION
    updraft image --pack "$BUILD/firmware/demo-$1.bin" --boot "$BUILD/lx106/boot/lx106/boot.elf" \
        --app "$BUILD/lx106/firmware/demo-$1.elf" --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null ||
        die "demo $1 could not be packed"
}

enter_fleet() {
    local number
    updraft devices group field --product demo >/dev/null || die "the group could not be entered"
    for number in $(seq $FLEET); do
        updraft devices set "$(mac_of "$number")" --group field >/dev/null || die "a device could not be entered"
    done
}

run_fleet() {
    exec "$UPDRAFT" device --url "$UPDRAFT_SERVER/update" --count $FLEET --mac "$(mac_of 1)" \
        --app "$BUILD/firmware/demo-$OLD.bin" --layout 4M2M --poll 1 --speed real --hangs "$BAD"
}

publish_demo() { # VERSION CHANNEL
    updraft publish "$BUILD/firmware/demo-$1.bin" --product demo --version "$1" --channel "$2" >"$STAGE/publish.log" 2>&1 &&
        return
    cat "$STAGE/publish.log" >&2
    die "demo $1 could not be published"
}

running() { # VERSION: how many devices say they run it
    updraft devices --json | grep -c "\"version\": *\"$1\""
}

rollout_state() { updraft rollout show "$1" --json | sed -n 's/^ *"state": *"\([^"]*\)".*/\1/p' | head -n 1; }

# await WHAT WANTED COMMAND…: at most three minutes.
await() {
    local what=$1 wanted=$2 tries
    shift 2
    for tries in $(seq 600); do [ "$("$@")" = "$wanted" ] && return; sleep 0.3; done
    die "$what is $("$@"), not $wanted, after three minutes"
}

# start_rollout VERSION: its number is in `rollout`.
start_rollout() {
    publish_demo "$1" candidate
    rollout=$(updraft rollout start --product demo --version "$1" --stages $fleet_stages --promote stable --json |
        sed -n 's/^ *"id": *\([0-9]*\).*/\1/p' | head -n 1)
    [ -n "$rollout" ] || die "a rollout of $1 could not be started"
    say "$1 goes out in stages of 3, 9 and all $FLEET devices (rollout $rollout)"
}

tell_fleet() {
    pack_demo $GOOD
    pack_demo $BAD
    publish_demo $OLD stable
    enter_fleet
    say "dashboard: $dashboard"
    run_fleet >"$STAGE/devices.log" 2>&1 &
    devices_pid=$!
    await "the number of devices that run $OLD" $FLEET running $OLD
    say "$FLEET virtual ESP8266s run $OLD"

    start_rollout $GOOD
    await "rollout $rollout" finished rollout_state "$rollout"
    await "the number of devices that run $GOOD" $FLEET running $GOOD
    say "all $FLEET run $GOOD, and it is what 'stable' means now"

    start_rollout $BAD
    await "rollout $rollout" halted rollout_state "$rollout"
    updraft rollout show "$rollout" | head -n 1 >&2
    await "the number of devices that run $GOOD" $FLEET running $GOOD
    updraft rollout cancel "$rollout" >/dev/null
    result="$FLEET of $FLEET devices run $GOOD; $BAD was halted in its first stage"
}

# The devices go on as they are.
keep_fleet() { :; }
