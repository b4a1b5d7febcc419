# Kills the server with SIGKILL at random instants while it publishes, answers
# check-ins and sends files, and looks after each restart whether anything it
# had acknowledged is gone, or anything it had not is there by half.
#   SEED=N    replays the instants of a run
#   ROUNDS=N  instead of 100
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
ROUNDS=${ROUNDS:-100}
DATA=$TAP_TMP/data
ACKNOWLEDGED=$TAP_TMP/acknowledged
WINDOW_MS=500 # after which a round's server is killed at the latest
GZIP_TIME_OFFSET=4 # of the four bytes of a gzip header that change nothing

RANDOM=$SEED
echo "# seed $SEED, $ROUNDS rounds"
mkdir -p "$ACKNOWLEDGED"
touch "$ACKNOWLEDGED"/{releases,devices,offers}

# random_below LIMIT: sets `random`. A subshell's numbers would not follow the seed.
random_below() { random=$((RANDOM % $1)); }

make_base() {
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/base.bin" --project demo --version 0 --size 40000
    gzip -n -c "$TAP_TMP/base.bin" >"$TAP_TMP/base.bin.gz"
}

# variant NUMBER FILE: the same image in a file of its own digest.
variant() {
    cp "$TAP_TMP/base.bin.gz" "$2"
    printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))" |
        dd of="$2" bs=1 seek=$GZIP_TIME_OFFSET conv=notrunc status=none
}

mac_of() { printf '02:00:00:%02X:%02X:%02X' $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }

# Each of the three runs until the server is gone, and notes what it was told is
# done. Numbers go on from round to round.
publisher() { # FIRST NUMBER
    local number=$1 file=$TAP_TMP/variant.gz code
    while :; do
        variant "$number" "$file"
        code=$(curl -s -o "$TAP_TMP/publisher.out" -w '%{http_code}' -H "Authorization: Bearer $TOKEN" \
            --data-binary "@$file" "$SERVER/api/v1/releases?product=demo&version=$number")
        case $code in
        200 | 201) echo "$number $(sha256_of "$file")" >>"$ACKNOWLEDGED/releases" ;;
        *) break ;;
        esac
        number=$((number + 1))
    done
}

stranger() { # FIRST NUMBER
    local number=$1 mac code
    while :; do
        mac=$(mac_of "$number")
        code=$(esp8266 STA-MAC="$mac" | curl -s -H @- -o /dev/null -w '%{http_code}' "$SERVER/update")
        [ "$code" = 304 ] || break
        echo "$mac -" >>"$ACKNOWLEDGED/devices"
        number=$((number + 1))
    done
}

customer() { # FIRST NUMBER
    local number=$1 mac code
    while :; do
        mac=$(mac_of $((number + 8388608)))
        code=$(curl -s -o "$TAP_TMP/customer.out" -w '%{http_code}' -X PUT -H "Authorization: Bearer $TOKEN" \
            --data '{"product": "steady"}' "$SERVER/api/v1/devices/$mac")
        [ "$code" = 201 ] || break
        echo "$mac steady" >>"$ACKNOWLEDGED/devices"
        # The status line is the acknowledgement, whether all of the file comes or not.
        esp8266 STA-MAC="$mac" | curl -s -H @- -D "$TAP_TMP/customer.head" -o "$TAP_TMP/customer.out" "$SERVER/update"
        grep -q '^HTTP/1.1 200' "$TAP_TMP/customer.head" || break
        echo "$mac" >>"$ACKNOWLEDGED/offers"
        rm -f "$TAP_TMP/customer.head"
        number=$((number + 1))
    done
}

# Everything acknowledged is there; every release listed has its file, whole;
# nothing is left of uploads that were cut off.
inspect() {
    [ -z "$(ls "$DATA/blobs/incoming")" ] || { echo "left in incoming: $(ls "$DATA/blobs/incoming")"; return 1; }
    (cd "$DATA/blobs" && for name in [0-9a-f]*; do
        [ -f "$name" ] && [ "$name" != incoming ] && echo "$name  $name"
    done | sha256sum --check --quiet) || return 1
    api GET /releases >"$TAP_TMP/releases.json"
    api GET /devices >"$TAP_TMP/devices.json"
    python3 - "$TAP_TMP" "$DATA/blobs" <<'END'
import json, os, sys

folder, blobs = sys.argv[1:]
lines = lambda name: [line.split() for line in open(f"{folder}/acknowledged/{name}") if line.endswith("\n")]
releases = {r["version"]: r["sha256"] for r in json.load(open(f"{folder}/releases.json"))["releases"]}
devices = {d["mac"]: d for d in json.load(open(f"{folder}/devices.json"))["devices"]}
lost = [f"release {version}" for version, sha256 in lines("releases") if releases.get(version) != sha256]
lost += [f"file of {version}" for version, sha256 in releases.items() if not os.path.exists(f"{blobs}/{sha256}")]
lost += [f"device {mac}" for mac, product in lines("devices")
         if mac not in devices or (product != "-" and devices[mac]["product"] != product)]
lost += [f"offer to {mac}" for mac, in lines("offers") if devices.get(mac, {}).get("attempts", 0) < 1]
unlisted = set(os.listdir(blobs)) - {"incoming"} - set(releases.values())
lost += [f"{name} belongs to no release" for name in unlisted]
print("\n".join(lost))
sys.exit(1 if lost else 0)
END
}

# The server may also die while it starts, on what the last death left.
kill_while_starting() {
    "$UPDRAFT" serve --data "$DATA" --listen 127.0.0.1:0 >/dev/null 2>&1 &
    local pid=$!
    random_below 90
    sleep "$(printf 0.%03d $random)"
    kill -KILL $pid
    wait $pid 2>/dev/null
}

one_round() { # NUMBER
    local workers
    publisher $(($1 * 200)) &
    workers=$!
    stranger $(($1 * 1000)) &
    workers="$workers $!"
    customer $(($1 * 1000)) &
    workers="$workers $!"
    random_below "$WINDOW_MS"
    sleep "$((random / 1000)).$(printf %03d $((random % 1000)))"
    server_stop KILL
    # shellcheck disable=SC2086
    wait $workers 2>/dev/null
}

# On a slow machine, too, the kills are to meet some work: a round lasts as long as
# publishing a few times.
make_steady() {
    local began_ms took_ms
    began_ms=$(date +%s%3N)
    publish "$TAP_TMP/base.bin" steady 1.0.0
    took_ms=$(($(date +%s%3N) - began_ms))
    [ $((took_ms * 5)) -le "$WINDOW_MS" ] || WINDOW_MS=$((took_ms * 5))
    [ "$WINDOW_MS" -le 10000 ] || WINDOW_MS=10000
}

all_rounds() {
    local round
    server_start data
    make_steady
    for round in $(seq "$ROUNDS"); do
        one_round "$round"
        [ $((RANDOM % 4)) -ne 0 ] || kill_while_starting
        server_start data
        inspect || { echo "# after round $round of seed $SEED"; return 1; }
    done
    server_stop
}

nothing_acknowledged_is_lost() { cat "$TAP_TMP/rounds.log"; [ "$rounds_status" -eq 0 ]; }

enough_was_going_on() {
    local kind
    for kind in releases devices offers; do
        [ "$(wc -l <"$ACKNOWLEDGED/$kind")" -ge $((ROUNDS / 4)) ] || { echo "only $(wc -l <"$ACKNOWLEDGED/$kind") $kind"; return 1; }
    done
}

make_base
all_rounds >"$TAP_TMP/rounds.log" 2>&1
rounds_status=$?
for kind in releases devices offers; do
    echo "# acknowledged $kind: $(wc -l <"$ACKNOWLEDGED/$kind")"
done
check nothing_acknowledged_is_lost
check enough_was_going_on
tap_end
