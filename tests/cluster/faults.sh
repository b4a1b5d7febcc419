# Three servers, PostgreSQL and HAProxy under load: while releases are rolled out a server is
# killed, the database is killed, a server stands still for longer than its lease. Each rollout
# ends as it should on all servers, and HAProxy's log has no device that was offered a release more
# often than its limit.
#   UPDRAFT_CLUSTER_ROUNDS=N   N rollouts instead of three, from the fourth on with faults by chance
#   UPDRAFT_CLUSTER_SEED=N     of that chance (printed)
#   UPDRAFT_CLUSTER_NODES=N    servers instead of three
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
. "$TAP_ROOT/tests/lib/proxies.sh"
. "$TAP_ROOT/tests/lib/nodes.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

NODES=${UPDRAFT_CLUSTER_NODES:-3}
ROUNDS=${UPDRAFT_CLUSTER_ROUNDS:-3}
SEED=${UPDRAFT_CLUSTER_SEED:-$RANDOM}
RANDOM=$SEED
GOOD=40 HANGING=3 QUITTING=3 LOAD=100
OFFERS_MAX=3
STANDSTILL_S=13 # more than the judge's lease

# What devices were sent, as HAProxy saw it: who, status, how it ended, version, range.
HAPROXY_MORE='    declare capture request len 17
    declare capture request len 24
    declare capture response len 32
    http-request capture req.hdr(x-ESP8266-STA-MAC) id 0
    http-request capture req.hdr(Range) id 1
    http-response capture res.hdr(x-version) id 0
    log-format "request %[capture.req.hdr(0)] %ST %tsc %[capture.res.hdr(0)] %[capture.req.hdr(1)]"'

version_of() { echo "$(($1 + 1)).0.0"; } # of a round, from 1; 1.0.0 is what they begin with

# devices FIRST-MAC COUNT [options]: play until the script ends.
devices() {
    "$UPDRAFT" device --url "$FRONT/update" --app "$TAP_TMP/1.0.0.bin" --mac "$1" --count "$2" --poll 1 \
        --json "${@:3}" >"$TAP_TMP/devices-${1//:/}.json" 2>&1 &
    tap_background $!
}

# Devices that ask, several times at once, and let go of what they get after its first bytes.
quitters() {
    python3 - "${FRONT#http://}" "$QUITTING" >"$TAP_TMP/quitters" 2>&1 <<'PYTHON' &
import http.client, sys, threading, time

AT_ONCE = 3

def quit_for_ever(front, number):
    headers = {"User-Agent": "ESP8266-http-Update", "x-ESP8266-STA-MAC": f"5C:CF:7F:0F:00:{number:02X}",
               "x-ESP8266-AP-MAC": f"5E:CF:7F:0F:00:{number:02X}", "x-ESP8266-free-space": "2000000",
               "x-ESP8266-sketch-size": "300000", "x-ESP8266-sketch-md5": "0" * 32,
               "x-ESP8266-chip-size": "4194304", "x-ESP8266-sdk-version": "2.2.2", "x-ESP8266-mode": "sketch",
               "x-ESP8266-version": "1.0.0"}
    while True:
        try:
            connection = http.client.HTTPConnection(front, timeout=5)
            connection.request("GET", "/update", headers=headers)
            connection.getresponse().read(100)
            connection.close()
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)

for number in range(1, int(sys.argv[2]) + 1):
    for _ in range(AT_ONCE):
        threading.Thread(target=quit_for_ever, args=(sys.argv[1], number)).start()
PYTHON
    tap_background $!
}

# Somebody enters devices all the while, one after the other.
enter_devices() {
    (
        number=0
        SERVER=$FRONT
        while [ ! -e "$TAP_TMP/enough" ]; do
            number=$((number + 1))
            mac=$(printf '06:00:00:00:%02X:%02X' $((number / 256)) $((number % 256)))
            if api PUT "/devices/$mac" --data '{"product": "other"}' -m 20; then
                echo "$mac" >>"$TAP_TMP/entered"
            fi >/dev/null
            sleep 0.05
        done
        touch "$TAP_TMP/has_enough"
    ) 2>/dev/null &
    tap_background $!
}

# until_true SECONDS COMMAND…
until_true() {
    local end=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "not in time: $*"; "$@"; return 1; }
        sleep 0.3
    done
}

# One that answers and can write.
on_any() {
    local number
    for number in $(seq "$NODES"); do
        on "$number"
        if curl -sSf -m 5 "$SERVER/health/database" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

rollout_says() { on_any && api GET "/rollouts/$1" -m 20 | json "$2"; }
is_under_way() { [ "$(rollout_says "$1" stage)" -ge 2 ]; }
is_over() { [ "$(rollout_says "$1" state)" = finished ]; }

# states VERSION: how many devices of each kind are in which state, by all that a server says.
states() {
    api GET '/devices' -m 60 | python3 -c '
import collections, json, sys
kinds = {"5C:CF:7F:01": "good", "5C:CF:7F:02": "hanging", "5C:CF:7F:03": "hanging", "5C:CF:7F:04": "hanging", "5C:CF:7F:0F": "quitting"}
found = collections.Counter()
for device in json.load(sys.stdin)["devices"]:
    kind = kinds.get(device["mac"][:11])
    if kind == "hanging" and device["mac"][:11] != "5C:CF:7F:0" + sys.argv[1].split(".")[0]: kind = "good"
    if kind: found[kind, device["state"]] += 1
print("; ".join(f"{kind} {state} {count}" for (kind, state), count in sorted(found.items())))' "$1"
}

# What is wanted of a round: those that hang at its version fail, those that quit fail, all
# others run it.
wanted_states() {
    local hanging=0
    [ "$1" -gt 3 ] || hanging=$HANGING
    printf 'good current %s; ' $((GOOD + 3 * HANGING - hanging))
    [ $hanging -eq 0 ] || printf 'hanging failing %s; ' "$hanging"
    printf 'quitting failing %s' $QUITTING
}

has_settled() { # NODE ROUND
    on "$1"
    [ "$(states "$(version_of "$2")")" = "$(wanted_states "$2")" ]
}

# --- faults ---

kill_a_server() {
    node_stop "$1" KILL
    sleep 2
}
mend_kill_a_server() { node_resume "$1"; }

kill_the_database() {
    postgres_stop immediate
    sleep 3
}
mend_kill_the_database() { postgres_resume; }

stop_a_server_for_a_while() {
    kill -STOP "$(pid_of "$1")"
    sleep $STANDSTILL_S
}
mend_stop_a_server_for_a_while() { kill -CONT "$(pid_of "$1")"; }

# The rest by chance only.

restart_a_server() { node_stop "$1"; }
mend_restart_a_server() { node_resume "$1"; }

kill_all_servers_but_one() {
    local number
    for number in $(seq "$NODES"); do [ "$number" = "$1" ] || node_stop "$number" KILL; done
    sleep 2
}
mend_kill_all_servers_but_one() {
    local number
    for number in $(seq "$NODES"); do [ "$number" = "$1" ] || node_resume "$number"; done
}

# Its connections stay, and nothing comes of them.
signal_the_database() {
    local postmaster
    postmaster=$(head -n 1 "$POSTGRES_FOLDER/data/postmaster.pid")
    kill "-$1" "$postmaster" $(pgrep -P "$postmaster") 2>/dev/null
}
freeze_the_database() {
    signal_the_database STOP
    sleep $((RANDOM % 25))
}
mend_freeze_the_database() { signal_the_database CONT; }

# Between a server and the database: what it has under way there ends.
cut_connections() { postgres_ask "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'updraft'" >/dev/null; }
mend_cut_connections() { :; }

FAULTS=(kill_a_server kill_the_database stop_a_server_for_a_while restart_a_server
    kill_all_servers_but_one freeze_the_database cut_connections)

# The first three in turn, then by chance: which, of whom.
fault_of() { if [ "$1" -le 3 ]; then echo "${FAULTS[$1 - 1]}"; else echo "${FAULTS[$((RANDOM % ${#FAULTS[@]}))]}"; fi; }
node_for() { if [ "$1" -le 3 ]; then echo $((($1 - 1) % NODES + 1)); else echo $((RANDOM % NODES + 1)); fi; }

start_round() {
    local version
    version=$(version_of "$1")
    on $(($1 % NODES + 1))
    api POST "/releases?product=demo&version=$version&draft=1" --data-binary "@$version.bin" \
        -H 'Content-Type: application/octet-stream' >/dev/null
    # Whichever the next request goes to.
    UPDRAFT_SERVER=$SERVER "$UPDRAFT" rollout start -p demo -v "$version" --stages 5,50%,100% \
        --success 60 --failure 60 --promote stable
}

# --- checks of a round; set by the loop below ---

the_rollout_began() {
    start_round "$round"
    until_true 240 is_under_way "$round"
}

it_ends_on_all_servers_as_it_should() {
    until_true 360 is_over "$round"
    local node
    for node in $(seq "$NODES"); do
        until_true 240 has_settled "$node" "$round" || {
            echo "node $node has: $(states "$(version_of "$round")")"
            echo "      wanted: $(wanted_states "$round")"
            return 1
        }
    done
}

# Counted where no server has a say. Whole downloads and those that broke off, not the rest of one.
offers() { # VERSION: how often each device had it
    awk -v version="$1" '$1 == "request" && $3 == 200 && $5 == version && ($6 == "" || $6 == "-") {print $2}' \
        haproxy.log | sort | uniq -c
}

no_device_was_offered_more_than_its_limit() {
    local count
    offers "$(version_of "$round")" >offers
    # Those that were to get it did.
    count=$(grep -c '5C:CF:7F:01:' offers)
    expect "good devices that were offered it" "$count" $GOOD
    awk -v max=$OFFERS_MAX '$1 > max {print $2 " was offered it " $1 " times"; bad = 1} END {exit bad}' offers
    # A server that ends between counting an offer and answering has given one away.
    awk -v max=$OFFERS_MAX '/5C:CF:7F:0F/ && $1 < max - 1 {print $2 " was offered it only " $1 " times"; bad = 1} END {exit bad}' offers
}

nothing_that_was_acknowledged_is_lost() {
    local node
    touch enough
    until_true 120 test -e has_enough
    sort entered >wanted
    [ "$(wc -l <wanted)" -gt 50 ]
    has_all() {
        api GET '/devices?filter=mac%3D06:*' | grep -o '06:00:00:00:[0-9A-F:]*' | sort -u |
            comm -23 wanted - | diff - /dev/null
    }
    for node in $(seq "$NODES"); do
        on "$node"
        until_true 120 has_all || { echo "not on node $node"; return 1; }
    done
}

the_audit_log_is_sound() {
    on_any
    api GET /audit/verify | json sound | grep -qx true
}

no_server_complained_of_itself() { ! grep -hE 'Sanitizer|runtime error|^updraft: ' node*.log node*.before; }

postgres_start || exit 1
echo "seed $SEED"
for round in $(seq 0 "$ROUNDS"); do
    version=$(version_of "$round")
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$version.bin" --project demo --version "$version" \
        --size 300000 --trial
done
nodes_start "$NODES" --proxy 127.0.0.1
two=$(node_of $((NODES > 1 ? 2 : 1)))
three=$(node_of $((NODES > 2 ? 3 : 1)))
haproxy_start "$(node_of 1)" "$two" "$three"
(
    cd "$TAP_TMP" || exit
    publish 1.0.0.bin demo 1.0.0
    api PUT /groups/lab --data '{"product": "demo", "accept": "mac=5C:CF:7F:*"}' >/dev/null
    api PUT /groups/load --data '{"product": "other", "accept": "mac=02:*"}' >/dev/null
)
devices 5C:CF:7F:01:00:01 $GOOD
for kind in 2 3 4; do devices 5C:CF:7F:0$kind:00:01 $HANGING --hangs $kind.0.0; done
devices 02:00:00:00:00:01 $LOAD
quitters
enter_devices
for round in $(seq "$ROUNDS"); do
    fault=$(fault_of "$round")
    node=$(node_for "$round")
    echo "# round $round: $fault (node $node)"
    check the_rollout_began
    "$fault" "$node"
    "mend_$fault" "$node"
    check it_ends_on_all_servers_as_it_should
    check no_device_was_offered_more_than_its_limit
done
check nothing_that_was_acknowledged_is_lost
check the_audit_log_is_sound
check no_server_complained_of_itself
for number in $(seq "$NODES"); do node_stop "$number"; done
tap_end
