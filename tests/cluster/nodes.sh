# Two servers on one database: what one is told the other does, whoever of them goes away.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

postgres_start || exit 1
for version in 1.0.0 2.0.0; do
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$version.bin" --project demo --version $version
done

declare -A address token pid
# node_start NAME: the calls that follow go to it.
node_start() {
    server_start "$1" --database "$POSTGRES_URL"
    address[$1]=$SERVER token[$1]=$TOKEN pid[$1]=$server_pid
}

on() { SERVER=${address[$1]} TOKEN=${token[$1]}; }

MAC=18:FE:AA:AA:AA:AA
says() { [ "$(device_says $MAC "${@:1:$#-1}")" = "${!#}" ]; }
answers() {
    ask "$(esp8266 "${@:2}")"
    [ "$status" = "$1" ]
}

a_device_heard_of_by_one_is_known_to_the_other() {
    on left
    answers 304
    on right
    eventually says mac $MAC
    assign $MAC '{"product": "demo", "group": "lab", "alias": "bench"}'
    on left
    eventually says product demo
    says group lab
    says alias bench
}

# It says nothing new: when it asked is all there is to tell, and that takes half a minute.
when_a_device_last_asked_shows_on_the_other() {
    local before
    on right
    before=$(device_says $MAC last_seen)
    on left
    asks_later() { answers 304 && not says last_seen "$before"; }
    eventually asks_later
    before=$(device_says $MAC last_seen)
    on right
    eventually says last_seen "$before" || eventually says last_seen "$before"
}

what_one_publishes_the_other_knows() {
    on left
    publish 1.0.0.bin demo 1.0.0
    on right
    eventually says target 1.0.0
    api GET /releases | json releases 0 version | grep -qx 1.0.0
}

# Both are asked at the same moment, again and again: three times in all it is offered.
attempts_are_counted_for_both() {
    local round asking
    api POST "/devices/$MAC/retry" >/dev/null
    on left
    eventually says state due
    on right
    eventually says state due
    : >offered
    for round in $(seq 12); do
        asking=()
        for name in left right; do
            (on $name && cd "$(mktemp -d "$TAP_TMP/ask.XXXXXX")" &&
                if answers 200; then echo "$name" >>"$TAP_TMP/offered"; fi) &
            asking+=($!)
        done
        wait "${asking[@]}" || :
    done
    expect offered "$(wc -l <offered)" 3
    on left
    eventually says state failing
    on right
    eventually says state failing
}

a_device_that_is_removed_is_gone_everywhere() {
    on right
    api DELETE "/devices/$MAC" >/dev/null
    on left
    is_gone() { ! api GET "/devices/$MAC"; }
    eventually is_gone
}

users_and_tokens_hold_everywhere() {
    on left
    api POST /tokens --data '{"name": "ci", "role": "viewer"}' >made
    TOKEN=$(json secret <made)
    eventually api GET /devices
    SERVER=${address[right]}
    eventually api GET /devices
    on right
    api DELETE "/tokens/$(json token id <made)" >/dev/null
    TOKEN=$(json secret <made)
    SERVER=${address[left]}
    refused() { ! api GET /devices; }
    eventually refused
}

a_node_that_is_killed_is_not_missed() {
    kill -9 "${pid[left]}"
    on right
    assign $MAC '{"product": "demo"}'
    says product demo
    publish 2.0.0.bin demo 2.0.0
    eventually says target 2.0.0
}

it_knows_what_was_done_meanwhile() {
    on left
    eventually says target 2.0.0
}

the_database_knows_both_nodes() {
    eventually two_are_there
}
two_are_there() {
    [ "$(postgres_ask "SELECT count(*) FROM nodes WHERE seen_ms >
        extract(epoch FROM clock_timestamp()) * 1000 - 5000" updraft)" = 2 ]
}

both_go_on_when_the_database_was_away() {
    postgres_stop immediate
    on right
    ask "$(esp8266 sta-mac=02:00:00:00:00:01)"
    expect status "$status" 503
    postgres_resume
    on left
    eventually assign $MAC '{"alias": "after"}'
    on right
    eventually says alias after
    api GET /audit/verify | json sound | grep -qx true
}

node_start left
node_start right
check a_device_heard_of_by_one_is_known_to_the_other
check when_a_device_last_asked_shows_on_the_other
check what_one_publishes_the_other_knows
check users_and_tokens_hold_everywhere
check a_node_that_is_killed_is_not_missed
node_start left
check it_knows_what_was_done_meanwhile
check the_database_knows_both_nodes
check both_go_on_when_the_database_was_away
check attempts_are_counted_for_both
check a_device_that_is_removed_is_gone_everywhere
tap_end
