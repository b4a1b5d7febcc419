# A standby that the primary did not wait for takes over: what it did not get is gone from the
# servers, too, whether they wrote it or only heard of it, and their memory is what it has.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
. "$TAP_ROOT/tests/lib/standby.sh"
. "$TAP_ROOT/tests/lib/nodes.sh"
trap 'standby_cleanup; postgres_cleanup; tap_cleanup' EXIT

for version in 1.0.0 2.0.0 3.0.0; do
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$version.bin" --project demo --version $version --size 300000
done
MAC=18:FE:AA:AA:AA:AA
LOST=18:FE:AA:AA:AA:BB

# on_both COMMAND…: holds on each of them sooner or later.
on_both() {
    local node
    for node in 1 2; do
        on $node
        eventually "$@" || { echo "on node $node"; return 1; }
    done
}

has_release() { api GET /releases | grep -q "\"version\": *\"$1\""; }
has_no_release() { api GET /releases >list && not grep -q "\"version\": *\"$1\"" list; }
has_group() { api GET /groups | grep -q "\"$1\""; }
has_no_group() { api GET /groups >list && not grep -q "\"$1\"" list; }
has_device() { api GET "/devices/$1"; }
has_no_device() { [ "$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer $TOKEN" "$SERVER/api/v1/devices/$1")" = 404 ]; }
has_rollouts() { [ "$(api GET /rollouts | json rollouts | grep -c '"id"')" = "$1" ]; }
has_standby() { [ "$(standby_ask "SELECT count(*) FROM $1")" = "$2" ]; }
says() { [ "$(device_says "$1" "${@:2:$#-2}")" = "${!#}" ]; }

the_standby_gets_this() {
    publish 1.0.0.bin demo 1.0.0
    assign $MAC '{"product": "demo", "alias": "bench"}'
    eventually has_standby releases 1
    eventually has_standby "devices WHERE alias = 'bench'" 1
    on_both has_release 1.0.0
}

# Entered on both, known to both; and a channel's newest, a device's name and a withdrawal.
but_not_this() {
    standby_stop
    on 1
    publish 2.0.0.bin demo 2.0.0
    api PUT /groups/lost --data '{"product": "demo"}' >/dev/null
    assign $MAC '{"alias": "later", "group": "lost"}'
    on 2
    assign $LOST '{"product": "demo"}'
    eventually has_release 2.0.0
    "$UPDRAFT" rollout start -s "$SERVER" -p demo -v 2.0.0 --stages 1,100%
    on_both has_release 2.0.0
    on_both has_group lost
    on_both has_device $LOST
    on_both has_rollouts 1
    on_both says $MAC alias later
}

# One of them hears nothing until the other has written more than was lost.
it_takes_over() {
    kill -STOP "$(pid_of 2)"
    postgres_stop immediate
    standby_resume
    standby_promote
    on 1
    eventually assign 02:00:00:00:00:01 '{"product": "other"}'
    for number in $(seq 40); do
        assign "02:00:00:00:00:$(printf %02X $number)" '{"product": "other"}'
    done
    kill -CONT "$(pid_of 2)"
    on_both has_device 02:00:00:00:00:28
}

what_it_never_got_is_gone() {
    on_both has_no_release 2.0.0
    on_both has_no_group lost
    on_both has_no_device $LOST
    on_both has_rollouts 0
    on_both says $MAC alias bench
    on_both says $MAC target 1.0.0
    for node in 1 2; do
        grep 'release demo 2.0.0 is gone' node$node.log
        grep 'group lost is gone' node$node.log
        grep 'rollout 1 is gone' node$node.log
    done
}

# With the numbers that were lost, given out anew.
they_go_on() {
    on 2
    eventually publish 3.0.0.bin demo 2.0.0 # of other bytes than the one that is gone
    on_both has_release 2.0.0
    on_both says $MAC target 2.0.0
    for node in 1 2; do
        on $node
        curl -sSf "$SERVER/firmware/demo/2.0.0" | cmp - 3.0.0.bin
    done
    "$UPDRAFT" rollout start -s "$SERVER" -p demo -v 1.0.0 --stages 1,100%
    on_both has_rollouts 1
    ask "$(esp8266)"
    expect status "$status" 200
    cmp body 3.0.0.bin
    api GET /audit/verify | json sound | grep -qx true
}

postgres_start && standby_start || exit 1
nodes_start 2
check the_standby_gets_this
check but_not_this
check it_takes_over
check what_it_never_got_is_gone
check they_go_on
tap_end
