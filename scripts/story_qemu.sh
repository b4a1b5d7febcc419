# ./run --qemu: three boards that run firmware for the chip's own instruction set, each
# from its bootloader on, in an emulator of its own; a release that asks for a trial, and
# the three confirming it. Sourced by ./run.

BOARDS=3
NEW=2.0.0
FIRST_PAGE=8281
FIRST_UPLOAD=8266

publish_net() { # VERSION
    updraft publish "$BUILD/firmware/net-$1.bin" --product demo --version "$1" >"$STAGE/publish.log" 2>&1 && return
    cat "$STAGE/publish.log" >&2
    die "demo $1 could not be published"
}

# Each in its process; sets devices_pid. Who stays can use their pages and uploads.
run_boards() {
    local number ways
    devices_pid=
    for number in $(seq $BOARDS); do
        ways=(--page $((FIRST_PAGE + number - 1)) --uploads $((FIRST_UPLOAD + number - 1)))
        ! $once || ways=()
        "$UPDRAFT" device --qemu --url "$UPDRAFT_SERVER/update" --mac "$(mac_of "$number")" \
            --flash "$STAGE/devices/$number.flash" --app "$BUILD/firmware/net-$OLD.bin" --poll 1 \
            ${ways[@]+"${ways[@]}"} </dev/null >"$STAGE/board-$number.log" 2>&1 &
        devices_pid="$devices_pid $!"
    done
}

# await_devices FIELD VALUE: until the server has seen that of all boards, a minute at most.
await_devices() {
    local tries
    for tries in $(seq 300); do
        [ "$(updraft devices --json | grep -c "\"$1\": *\"$2\"")" -eq $BOARDS ] && return
        sleep 0.2
    done
    tail -n 3 "$STAGE"/board-*.log >&2
    return 1
}

# It runs it, was told so by its server, and has ended its trial.
count_arrived() {
    local number
    arrived=0
    for number in $(seq $BOARDS); do
        grep -q '^confirmed' "$STAGE/board-$number.log" &&
            updraft image "$STAGE/devices/$number.flash" --json | grep -q "\"version\": *\"$NEW\"" &&
            arrived=$((arrived + 1))
    done
}

tell_qemu() {
    local number arrived
    need_packages qemu-system-misc
    scripts/network.sh || die "the firmware with a network was not built"
    mkdir -p "$STAGE/devices"
    for number in $(seq $BOARDS); do
        updraft devices set "$(mac_of "$number")" --product demo >/dev/null || die "a device could not be entered"
    done
    publish_net $OLD
    say "dashboard: $dashboard"
    run_boards
    say "$BOARDS boards start with version $OLD, each under QEMU; $NEW, on trial, is published when all have checked in"
    await_devices version $OLD && await_devices state current && publish_net $NEW && await_devices version $NEW
    for number in $(seq 100); do
        count_arrived
        [ "$arrived" -eq $BOARDS ] && break
        sleep 0.2
    done
    result="$arrived of $BOARDS boards run $NEW and have confirmed it"
    [ "$arrived" -eq $BOARDS ]
}

# They have been up all the while.
keep_qemu() {
    hint="consoles:  tail -f build/run/board-*.log
pages:     http://127.0.0.1:$FIRST_PAGE/update, and the next two ports
uploads:   build/updraft push 127.0.0.1:$FIRST_UPLOAD FILE, and the next two ports"
}
