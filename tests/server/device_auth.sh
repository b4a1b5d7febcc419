# What devices must prove: nothing, a shared secret, or their own.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=18:FE:AA:AA:AA:AA
OTHER=18:FE:AA:AA:AA:BB
IMAGE=$TAP_TMP/demo.bin
python3 "$TAP_ROOT/tests/lib/make_image.py" "$IMAGE" --project demo --version 2.0.0 --size 20000

# answers STATUS WHAT MAC [curl options]: how a check-in of the device is answered.
answers() {
    local wanted=$1 what=$2
    ask "$(esp8266 "STA-MAC=$3" version=1.0.0)" "${@:4}"
    expect "$what" "$status" "$wanted"
}

# with_key SECRET COMMAND…: devices ask with the secret in their URL.
with_key() { ASK_PATH="/update?key=$1" "${@:2}"; }

open_servers_want_nothing() {
    "$UPDRAFT" publish "$IMAGE" >/dev/null
    assign $MAC '{"product": "demo"}'
    answers 200 "without a secret" $MAC
    answers 200 "with one that nobody asked for" $MAC -u device:whatever
    "$UPDRAFT" secret add --name fleet >"$TAP_TMP/shared" 2>/dev/null
    "$UPDRAFT" secret add --name old >"$TAP_TMP/old" 2>/dev/null
    "$UPDRAFT" secret add $MAC >"$TAP_TMP/own" 2>/dev/null
    "$UPDRAFT" secret add $OTHER >"$TAP_TMP/others" 2>/dev/null
    "$UPDRAFT" secret | grep -q "^ 3  *$MAC "
    grep -rqaF -f "$TAP_TMP/own" "$TAP_TMP/data" && return 1
    "$UPDRAFT" devices retry $MAC >/dev/null
}

a_shared_secret_is_wanted() {
    answers 401 "without" $MAC
    expect "how to prove it" "$(header WWW-Authenticate)" 'Basic realm="updraft"'
    answers 401 "with a wrong one" $MAC -u device:whatever
    answers 401 "with another device's own" $MAC -u "device:$(cat "$TAP_TMP/others")"
    with_key whatever answers 401 "with a wrong one in the URL" $MAC
    expect "what the device is known for meanwhile" "$(device_says $MAC attempts)" 0
    answers 200 "as the password of Basic" $MAC -u "device:$(cat "$TAP_TMP/shared")"
    with_key "$(cat "$TAP_TMP/shared")" answers 200 "in the URL" $MAC
    "$UPDRAFT" devices retry $MAC >/dev/null
    answers 200 "with its own" $MAC -u "$MAC:$(cat "$TAP_TMP/own")"
    answers 200 "with the old shared one" $MAC -u "device:$(cat "$TAP_TMP/old")"
    "$UPDRAFT" secret revoke 2
    answers 401 "with the old one, revoked" $MAC -u "device:$(cat "$TAP_TMP/old")"
}

plain_downloads_want_it_too() {
    local code
    code=$(curl -sS -o image -w '%{http_code}' "$SERVER/firmware/demo")
    expect "without" "$code" 401
    code=$(curl -sS -o image -w '%{http_code}' -u "x:$(cat "$TAP_TMP/shared")" "$SERVER/firmware/demo")
    expect "with" "$code" 200
    cmp image "$IMAGE"
}

strangers_are_not_even_listed() {
    answers 401 "a stranger" 18:FE:AA:AA:AA:CC
    api GET /devices/18:FE:AA:AA:AA:CC >/dev/null 2>&1 && return 1
    answers 304 "a new device with the secret" 18:FE:AA:AA:AA:CC -u "device:$(cat "$TAP_TMP/shared")"
    expect "its state" "$(device_says 18:FE:AA:AA:AA:CC state)" unassigned
}

a_virtual_device_updates_with_the_secret_in_its_url() {
    local images=$TAP_ROOT/tests/lib/make_image.py
    python3 "$images" old.bin --project key-demo --version 1.0.0 --size 300000
    python3 "$images" new.bin --project key-demo --version 1.1.0 --size 300000
    "$UPDRAFT" device --url "$SERVER/update?key=$(cat "$TAP_TMP/shared")" --flash "$TAP_TMP/a.flash" \
        --app old.bin --layout 4M2M --mac 5C:CF:7F:00:00:07 --poll 1 --until 1.1.0 >out 2>&1 &
    local device=$!
    for _ in $(seq 600); do
        api GET /devices/5C:CF:7F:00:00:07 >/dev/null 2>&1 && break
        sleep 0.1
    done
    publish new.bin key-demo 1.1.0
    assign 5C:CF:7F:00:00:07 '{"product": "key-demo"}'
    timeout 120 tail --pid=$device -f /dev/null
    wait $device || { cat out; return 1; }
}

each_device_s_own_is_wanted() {
    answers 401 "without" $MAC
    answers 401 "with the shared one" $MAC -u "device:$(cat "$TAP_TMP/shared")"
    answers 401 "with another device's" $MAC -u "device:$(cat "$TAP_TMP/others")"
    "$UPDRAFT" devices retry $MAC >/dev/null
    answers 200 "with its own" $MAC -u "device:$(cat "$TAP_TMP/own")"
    with_key "$(cat "$TAP_TMP/own")" answers 200 "with its own in the URL" $MAC
    "$UPDRAFT" secret revoke 3
    answers 401 "with its own, revoked" $MAC -u "device:$(cat "$TAP_TMP/own")"
    grep -q "$MAC has no secret" "$TAP_TMP/data.log"
}

secrets_are_for_admins_and_recorded() {
    "$UPDRAFT" token add olaf --role operator >olaf 2>/dev/null
    "$UPDRAFT" secret --token-file olaf 2>err && return 1
    grep -q 'needs the role admin' err
    "$UPDRAFT" audit --limit 0 | grep -q "POST /device-secrets .* secret 3, $MAC"
    "$UPDRAFT" secret revoke 3 2>err && return 1
    grep -q 'there is no secret 3' err
}

server_start data
check open_servers_want_nothing
server_stop
server_start data --device-auth shared
check a_shared_secret_is_wanted
check plain_downloads_want_it_too
check strangers_are_not_even_listed
check a_virtual_device_updates_with_the_secret_in_its_url
server_stop
server_start data --device-auth own
check each_device_s_own_is_wanted
check secrets_are_for_admins_and_recorded
tap_end
