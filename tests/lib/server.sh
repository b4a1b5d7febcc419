# An update server, and devices played with curl, for test scripts. Source it
# after tap.sh.

FIRMWARE=${FIRMWARE:-$TAP_ROOT/build/firmware}
OLD=$FIRMWARE/demo-1.0.0.bin
NEW=$FIRMWARE/demo-1.1.0.bin

# server_start DIR [options]: a server over $TAP_TMP/DIR, on any free port or the
# one in SERVER_PORT. Sets SERVER (http://ADDR:PORT), TOKEN, server_pid, and what
# the updraft command reads. Call it outside of `check`.
server_start() {
    local data=$TAP_TMP/$1 tries
    shift
    mkdir -p "$data"
    : >"$data.out" # of the server before: its address must not be read again
    "$UPDRAFT" serve --data "$data" --listen "127.0.0.1:${SERVER_PORT:-0}" "$@" \
        >"$data.out" 2>"$data.log" &
    server_pid=$!
    tap_background $server_pid
    for tries in $(seq 600); do
        SERVER=$(sed -n 's/^listening on //p' "$data.out")
        [ -n "$SERVER" ] && break
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.1
    done
    [ -n "$SERVER" ] || { echo "Bail out! the server did not start: $(cat "$data.log")"; exit 1; }
    TOKEN=$(cat "$data/operator.token")
    export SERVER TOKEN UPDRAFT_SERVER=$SERVER UPDRAFT_TOKEN_FILE=$data/operator.token
}

# server_stop [SIGNAL]: and waits until it is gone.
server_stop() {
    kill "-${1:-TERM}" "$server_pid"
    wait "$server_pid" 2>/dev/null
}

# api METHOD PATH [curl options]: the operator API; the answer on stdout.
api() {
    local method=$1 path=$2
    shift 2
    curl -sS --fail-with-body -X "$method" -H "Authorization: Bearer $TOKEN" "$@" "$SERVER/api/v1$path"
}

# publish FILE PRODUCT VERSION [CHANNEL]
publish() {
    api POST "/releases?product=$2&version=$3&channel=${4:-stable}&name=$(basename "$1")" \
        --data-binary "@$1" -H 'Content-Type: application/octet-stream' >/dev/null
}

# assign MAC JSON: sets a device's product, group, channel or pin.
assign() { api PUT "/devices/$1" --data "$2" "${@:3}" >/dev/null; }

# json PATH…: what is there in the JSON on stdin, e.g. `json devices 0 mac`.
json() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for step in sys.argv[1:]:
    value = value[int(step) if step.lstrip("-").isdigit() else step]
print(json.dumps(value) if isinstance(value, (dict, list, bool, type(None))) else value)' "$@"
}

# device_says MAC PATH…: a field of a device.
device_says() {
    local mac=$1
    shift
    api GET "/devices/$mac" | json "$@"
}

# Headers as an ESP8266 sends them: the example of the Arduino core's documents.
# Further arguments replace some: esp8266 sketch-size=10, or leave them out: esp8266 -version.
esp8266() {
    apply_changes x-ESP8266- "$@" <<'END'
User-Agent: ESP8266-http-Update
x-ESP8266-Chip-ID: 11184810
x-ESP8266-STA-MAC: 18:FE:AA:AA:AA:AA
x-ESP8266-AP-MAC: 1A:FE:AA:AA:AA:AA
x-ESP8266-free-space: 671744
x-ESP8266-sketch-size: 373940
x-ESP8266-sketch-md5: a56f8ef78a0bebd812f62067daf1408a
x-ESP8266-chip-size: 4194304
x-ESP8266-sdk-version: 1.3.0
x-ESP8266-mode: sketch
x-ESP8266-version: DOOR-7-g14f53a19
END
}

# The same from an ESP32.
esp32() {
    apply_changes x-ESP32- "$@" <<'END'
User-Agent: ESP32-http-Update
Cache-Control: no-cache
x-ESP32-STA-MAC: 24:0A:C4:AA:AA:AA
x-ESP32-AP-MAC: 24:0A:C4:AA:AA:AB
x-ESP32-free-space: 1310720
x-ESP32-sketch-size: 873940
x-ESP32-sketch-md5: a56f8ef78a0bebd812f62067daf1408a
x-ESP32-sketch-sha256: 55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA
x-ESP32-chip-size: 4194304
x-ESP32-sdk-version: v4.4.7
x-ESP32-mode: sketch
x-ESP32-version: DOOR-7
END
}

apply_changes() { # PREFIX [NAME=VALUE | -NAME]…
    local prefix=$1 headers change name
    shift
    headers=$(cat)
    for change in "$@"; do
        case $change in
        -*) headers=$(printf '%s\n' "$headers" | grep -vi "^\($prefix\)\?${change#-}:") ;;
        *)
            name=${change%%=*}
            headers=$(printf '%s\n' "$headers" |
                sed "s|^\($prefix\)\?$name: .*|\1$name: ${change#*=}|I")
            ;;
        esac
    done
    printf '%s\n' "$headers"
}

# ask HEADERS [curl options]: a check-in with these header lines. The answer's
# status goes to the variable `status`, its head to the file answer_head, its body to the file body.
ask() {
    local headers=$1
    shift
    rm -f body answer_head
    status=$(printf '%s\n' "$headers" | curl -sS -H @- -o body -D answer_head -w '%{http_code}' "$@" \
        "$SERVER${ASK_PATH:-/update}")
    [ -e body ] || : >body
}

# download_is MAC PATTERN: what the server says of a device's download matches, within a minute.
download_is() {
    local tries
    for tries in $(seq 600); do
        device_says "$1" download | grep -q "$2" && return
        sleep 0.1
    done
    echo "the download of $1 is $(device_says "$1" download), it is $(device_says "$1" state)"
    return 1
}

# slow_download MAC [changes to the headers]: begins one that would take minutes, and waits
# until the server is sending. Its process goes to the variable `slow`.
slow_download() {
    local mac=$1
    shift
    { esp8266 STA-MAC="$mac" "$@" | python3 "$TAP_ROOT/tests/lib/slow_get.py" "$SERVER/update" & } 2>/dev/null
    slow=$!
    download_is "$mac" '"sent": [1-9]'
}

# eventually COMMAND…: until it holds, for at most a minute.
eventually() {
    local tries
    for tries in $(seq 300); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    echo "never: $*"
    "$@"
}

# header NAME: a header's value in the last answer.
header() { tr -d '\r' <answer_head | sed -n "s/^$1: //Ip"; }

# expect WHAT GOT WANTED
expect() {
    [ "$2" = "$3" ] && return 0
    echo "$1: $2, expected $3"
    return 1
}

md5_of() { md5sum "$1" | cut -d ' ' -f 1; }
sha256_of() { sha256sum "$1" | cut -d ' ' -f 1; }
