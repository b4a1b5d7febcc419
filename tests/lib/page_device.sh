# A virtual device with a page for uploads, for test scripts. Source it after tap.sh;
# it runs what is in the file old.bin.
. "$TAP_ROOT/tests/lib/ports.sh"

# device [options]: started in the background; sets PORT and PAGE. Its events go to the
# file events.
device() {
    local tries
    PORT=$(free_port)
    PAGE=http://127.0.0.1:$PORT/update
    "$UPDRAFT" device --page $PORT --app "$TAP_TMP/old.bin" --layout 4M2M --json --timeout 600 "$@" \
        >events 2>device.err &
    device_pid=$!
    tap_background $device_pid
    for tries in $(seq 1200); do
        grep -q '"event":"started"' events && return
        sleep 0.05
    done
    cat device.err
    return 1
}

stop_device() { kill "$device_pid"; wait "$device_pid" 2>/dev/null || true; }

# starts COUNT: so often it has started.
starts() {
    local tries
    for tries in $(seq 1200); do
        [ "$(grep -c '"event":"started"' events)" -ge "$1" ] && return
        sleep 0.05
    done
    tail -n 5 events
    return 1
}

# The device has restarted with that version.
runs() {
    local tries
    for tries in $(seq 1200); do
        [ "$(grep '"event":"started"' events | tail -n 1 | grep -c "\"version\":\"$1\"")" -eq 1 ] && return
        sleep 0.05
    done
    tail -n 5 events
    return 1
}
