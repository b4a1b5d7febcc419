# The component's example, run on this host over a flash file: updates from a server, from
# the bench and by the page, each confirmed by the program itself.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/server.sh"
. "$(dirname "$0")/../lib/ports.sh"

EXAMPLE=$NATIVE/tests/esp-idf/esp-idf-example
FIRMWARE_C3=$FIRMWARE/demo-c3
MAC=34:85:18:00:10:00

new_flash() {
    "$UPDRAFT" flash --chip esp32-c3 --table "$TAP_ROOT/device/port/esp-idf/example/partitions.csv" \
        --app "$FIRMWARE_C3-1.0.0.bin" --out chip.flash --force
}

# run [NAME=VALUE…]: the example in the background, its console in ./said
run() {
    : >said
    env "$@" "$EXAMPLE" chip.flash 8 >said 2>&1 &
    example_pid=$!
    tap_background $example_pid
    heard 'runs demo-c3'
}

stop() { kill $example_pid; wait $example_pid 2>/dev/null || true; }

heard() { # TEXT
    local tries
    for tries in $(seq 600); do grep -q -- "$1" said && return; sleep 0.1; done
    cat said
    return 1
}

state() { "$UPDRAFT" otadata show chip.flash >state; grep -q "$1" state || { cat state; return 1; }; }

server_start data
publish "$FIRMWARE_C3-1.0.0.bin" demo-c3 1.0.0 || { echo "Bail out! nothing can be published"; exit 1; }

a_server_updates_it() {
    new_flash
    run URL="$SERVER/update"
    heard 'nothing newer'
    stop
    assign $MAC '{"product": "demo-c3"}'
    publish "$FIRMWARE_C3-1.1.0.bin" demo-c3 1.1.0
    run URL="$SERVER/update"
    heard 'restarts into the new program'
    heard 'boot: app1'
    heard 'runs demo-c3 1.1.0'
    heard 'nothing newer'
    stop
    state 'slot 1 of 2'
    state ' valid'
    [ "$(api GET /devices | json devices 0 version)" = 1.1.0 ]
}

# A trial that no server answered is over with the next boot.
an_unanswered_trial_ends() {
    new_flash
    "$UPDRAFT" flash --chip esp32-c3 --app "$FIRMWARE_C3-1.1.0.bin" --out other.flash
    dd if="$FIRMWARE_C3-1.1.0.bin" of=chip.flash bs=4096 seek=400 conv=notrunc status=none
    "$UPDRAFT" otadata switch chip.flash --slot 1
    python3 - <<'PY'
data = bytearray(open("chip.flash", "rb").read())
for sector in (0xe000, 0xf000):
    if data[sector:sector + 4] != b"\xff" * 4:
        data[sector + 24:sector + 28] = bytes(4)  # new: to be tried
open("chip.flash", "wb").write(data)
PY
    run URL=http://127.0.0.1:9/update
    heard 'boot: app1'
    heard 'no update'
    stop
    run URL=http://127.0.0.1:9/update
    heard 'boot: app0, a trial has ended'
    stop
}

the_bench_updates_it() {
    local port
    port=$(free_port)
    printf 'secret\n' >password
    new_flash
    run UPLOAD_PORT="$port" PASSWORD=secret
    "$UPDRAFT" push "127.0.0.1:$port" "$FIRMWARE_C3-1.1.0.bin" --password-file password
    heard 'runs demo-c3 1.1.0'
    printf 'wrong\n' >wrong
    not "$UPDRAFT" push "127.0.0.1:$port" "$FIRMWARE_C3-1.0.0.bin" --password-file wrong 2>err
    not "$UPDRAFT" push "127.0.0.1:$port" "$OLD" --password-file password 2>err
    grep -q 'another chip' err
    "$UPDRAFT" push "127.0.0.1:$port" "$FIRMWARE_C3-1.0.0.bin" --password-file password
    heard 'boot: app0'
    eventually state ' valid'
    stop
}

the_page_updates_it() {
    local port
    port=$(free_port)
    new_flash
    run PAGE_PORT="$port" PASSWORD=secret
    [ "$(curl -s -o page -w '%{http_code}' "http://127.0.0.1:$port/update")" = 401 ]
    curl -sS --fail --compressed --anyauth -u admin:secret "http://127.0.0.1:$port/update" >page
    grep -qi '<form' page
    curl -sS --fail --anyauth -u admin:secret -F "firmware=@$FIRMWARE_C3-1.1.0.bin" "http://127.0.0.1:$port/update"
    heard 'runs demo-c3 1.1.0'
    eventually state ' valid'
    stop
}

check a_server_updates_it
check an_unanswered_trial_ends
check the_bench_updates_it
check the_page_updates_it
tap_end
