# Devices seen by mDNS, in a network of the test's own: two namespaces on one cable.
# Avahi's daemon and tools look from one end at virtual devices at the other.
if [ "${1:-}" != inside ]; then
    if unshare --mount --net true 2>/dev/null; then
        exec unshare --mount --net bash "$0" inside
    fi
fi
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

if [ "${1:-}" != inside ]; then
    skip devices_are_seen_by_mdns "this user may not make network namespaces"
    tap_end
fi

on_the_other_side() { nsenter --net="$TAP_TMP/other" "$@"; }

trap 'umount -l "$TAP_TMP/other"; tap_cleanup' EXIT

# This namespace is the devices' end, the other that of the Avahi daemon.
lay_the_cable() {
    touch "$TAP_TMP/other"
    unshare --net="$TAP_TMP/other" true
    ip link add here type veth peer name there
    ip link set there netns "$TAP_TMP/other"
    ip addr add 10.77.0.1/24 dev here
    ip link set here up
    ip link set lo up
    on_the_other_side ip addr add 10.77.0.2/24 dev there
    on_the_other_side ip link set there up
    on_the_other_side ip link set lo up
}

# Avahi's daemon, with a message bus of its own.
start_avahi() {
    local tries
    mount -t tmpfs none /run
    mkdir -p /run/avahi-daemon
    cat >"$TAP_TMP/bus.conf" <<X
<busconfig><type>system</type><listen>unix:path=$TAP_TMP/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
X
    printf '[server]\nhost-name=lookout\nuse-ipv6=no\n[wide-area]\n[publish]\n' >"$TAP_TMP/avahi.conf"
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TAP_TMP/bus
    dbus-daemon --config-file="$TAP_TMP/bus.conf" --nofork >"$TAP_TMP/bus.log" 2>&1 &
    tap_background $!
    for tries in $(seq 600); do [ -S "$TAP_TMP/bus" ] && break; sleep 0.1; done
    on_the_other_side avahi-daemon -f "$TAP_TMP/avahi.conf" --no-drop-root --no-chroot --no-rlimits \
        >"$TAP_TMP/avahi.log" 2>&1 &
    tap_background $!
    for tries in $(seq 600); do grep -q 'Server startup complete' "$TAP_TMP/avahi.log" && return; sleep 0.1; done
    cat "$TAP_TMP/avahi.log"
    return 1
}

# device ADDRESS PORT MAC [options]: one in the background; sets device_pid.
device() {
    local address=$1 port=$2 mac=$3
    shift 3
    "$UPDRAFT" device --upload-address "$address" --uploads "$port" --mac "$mac" \
        --app "$TAP_TMP/old.bin" --json --timeout 120 "$@" >"$TAP_TMP/device-$port" 2>&1 &
    device_pid=$!
    tap_background $!
}

# avahi_lists [TYPE]: what avahi-browse sees: name;host;address;port;texts
avahi_lists() {
    on_the_other_side timeout 60 avahi-browse --resolve --terminate --parsable "${1:-_arduino._tcp}" |
        grep '^=' | cut -d';' -f4,7- | sort
}

# until_listed COUNT: so many devices; probing and announcing take a second each.
until_listed() {
    local tries
    for tries in $(seq 60); do
        avahi_lists >listed
        [ "$(wc -l <listed)" -eq "$1" ] && return
        sleep 1
    done
    cat listed "$TAP_TMP"/device-*
    return 1
}

avahi_sees_name_port_and_texts() {
    until_listed 1
    expect "what avahi-browse prints" "$(cat listed)" \
        'esp8266-000001;esp8266-000001.local;10.77.0.1;8266;"auth_upload=yes" "board=generic" "ssh_upload=no" "tcp_check=no"'
}

a_browser_finds_the_page() {
    lists_it() { [ -n "$(avahi_lists _http._tcp)" ]; }
    eventually lists_it
    expect "what avahi-browse prints" "$(avahi_lists _http._tcp)" \
        'esp8266-000001;esp8266-000001.local;10.77.0.1;8080;'
}

# Avahi's tool shows them backwards.
texts_are_in_the_cores_order() {
    expect texts "$(on_the_other_side python3 "$TAP_ROOT/tests/discovery/ask_texts.py" 10.77.0.2 esp8266-000001)" \
        'tcp_check=no ssh_upload=no board=generic auth_upload=yes'
}

two_devices_with_one_name_get_two_names() {
    device 10.77.0.1 8366 5C:CF:7F:00:00:01
    until_listed 2
    expect names "$(cut -d';' -f1 listed | sort | paste -sd' ')" 'esp8266-000001 esp8266-000001-2'
    expect hosts "$(cut -d';' -f2 listed | sort | paste -sd' ')" \
        'esp8266-000001-2.local esp8266-000001.local'
    kill $device_pid
    until_listed 1
}

discover_lists_it() {
    on_the_other_side "$UPDRAFT" discover --timeout 6 >listed
    expect "the table" "$(tr -s ' ' <listed)" "$(printf '%s\n%s' 'name address port board password' \
        'esp8266-000001 10.77.0.1 8266 generic yes')"
    on_the_other_side "$UPDRAFT" discover --timeout 6 --json >listed.json
    expect address "$(json 0 address <listed.json)" 10.77.0.1
    expect needs_password "$(json 0 needs_password <listed.json)" true
}

nothing_is_no_failure() {
    ip link set here down
    "$UPDRAFT" discover --timeout 1 2>said
    grep -q 'no device' said
    ip link set here up
}

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1.bin" --project demo "${@:2}"; }

names_find_devices() {
    export UPDRAFT_PASSWORD=secret
    on_the_other_side "$UPDRAFT" push ESP8266-000001.local "$TAP_TMP/new.bin"
    has_run '1.0.0 1.1.0' # the uploader does not wait for the device's restart
    on_the_other_side "$UPDRAFT" push esp8266-000001 "$TAP_TMP/old.bin"
    has_run '1.0.0 1.1.0 1.0.0'
    on_the_other_side "$UPDRAFT" push --all --board generic "$TAP_TMP/new.bin"
    has_run '1.0.0 1.1.0 1.0.0 1.1.0'
    not on_the_other_side "$UPDRAFT" push --all --board d1_mini "$TAP_TMP/new.bin" 2>said
    grep -q 'no such device' said
}

# has_run VERSIONS: sooner or later, and is there again by its name.
has_run() {
    local tries
    for tries in $(seq 600); do [ "$(programs_run)" = "$1" ] && break; sleep 0.1; done
    expect "programs it ran" "$(programs_run)" "$1"
    until_listed 1
}

programs_run() { grep '"event":"started"' "$TAP_TMP/device-8266" | json_versions; }
json_versions() { sed 's/.*"version":"\([^"]*\)".*/\1/' | paste -sd' '; }

# ---- the Arduino IDE's protocol ----

# answers COMMANDS: what it says to these lines, one JSON object a line.
answers() {
    { while IFS= read -r line; do case $line in sleep*) $line ;; *) echo "$line" ;; esac; done; } |
        on_the_other_side "$UPDRAFT" discover --arduino | an_object_a_line
}

an_object_a_line() {
    python3 -c '
import json, sys
text, decoder = sys.stdin.read(), json.JSONDecoder()
while text.strip():
    value, end = decoder.raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    print(json.dumps(value, sort_keys=True))'
}

the_arduino_ide_is_told() {
    printf '%s\n' 'HELLO 1 "arduino-cli 1.0"' START 'sleep 8' LIST STOP QUIT | answers >said
    grep -qF '{"eventType": "hello", "message": "OK", "protocolVersion": 1}' said
    grep -qF '{"eventType": "start", "message": "OK"}' said
    grep -qF '{"eventType": "list", "ports": [{"address": "10.77.0.1", "label": "esp8266-000001 at 10.77.0.1", "properties": {".": "generic", "auth_upload": "yes", "board": "generic", "hostname": "esp8266-000001.local", "port": "8266", "ssh_upload": "no", "tcp_check": "no"}, "protocol": "network", "protocolLabel": "Network Port"}]}' said
    grep -qF '{"eventType": "stop", "message": "OK"}' said
    expect "the last answer" "$(tail -n 1 said)" '{"eventType": "quit", "message": "OK"}'
}

# hears COUNT EVENT: so many of them are in the file heard, sooner or later.
hears() {
    has_heard() { [ "$(grep -cE "\"eventType\": *\"$2\"" heard)" -ge "$1" ]; }
    eventually has_heard "$@"
}

the_arduino_ide_hears_of_comings_and_goings() {
    rm -f typist
    mkfifo typist
    on_the_other_side "$UPDRAFT" discover --arduino <typist >heard &
    local listener=$!
    exec 6>typist
    printf '%s\n' 'HELLO 1 "arduino-cli 1.0"' START_SYNC >&6
    hears 1 add
    device 10.77.0.1 8367 5C:CF:7F:00:00:02
    hears 2 add
    kill $device_pid
    hears 1 remove
    echo QUIT >&6
    wait $listener
    exec 6>&-
    an_object_a_line <heard >said
    expect "the second answer" "$(sed -n 2p said)" '{"eventType": "start_sync", "message": "OK"}'
    expect added "$(grep -c '"eventType": "add"' said)" 2
    grep '"eventType": "add"' said | grep -q '"label": "esp8266-000002 at 10.77.0.1"'
    grep -qF '{"eventType": "remove", "port": {"address": "10.77.0.1", "protocol": "network"}}' said
}

the_arduino_ides_mistakes() {
    printf '%s\n' START hello 'HELLO x' 'HELLO 1 "a"' 'HELLO 1 "a"' FLY LIST STOP START START START_SYNC STOP QUIT |
        answers >said
    expect "errors" "$(grep -c '"error": true' said)" 9
    grep -qF "First command must be HELLO, but got 'START'" said
    grep -qF 'Command FLY not supported' said
    grep -qF 'Discovery already STARTed' said
}

its_end_is_ours() { on_the_other_side timeout 60 "$UPDRAFT" discover --arduino </dev/null; }

lay_the_cable || exit 1
start_avahi || exit 1
make_image old --version 1.0.0
make_image new --version 1.1.0
echo secret >"$TAP_TMP/password"
device 10.77.0.1 8266 5C:CF:7F:00:00:01 --page 8080 --upload-password-file "$TAP_TMP/password"
check avahi_sees_name_port_and_texts
check a_browser_finds_the_page
check texts_are_in_the_cores_order
check two_devices_with_one_name_get_two_names
check discover_lists_it
check names_find_devices
check the_arduino_ide_is_told
check the_arduino_ide_hears_of_comings_and_goings
check the_arduino_ides_mistakes
check its_end_is_ours
check nothing_is_no_failure
tap_end
