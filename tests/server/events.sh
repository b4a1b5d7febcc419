# The stream of events: ids, and going on after a break.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

# listen FILE [LAST_ID]: in the background. Sets listener.
listen() {
    curl -sSN -H "Authorization: Bearer $TOKEN" ${2:+-H "Last-Event-ID: $2"} "$SERVER/api/v1/events" >"$1" &
    listener=$!
    for tries in $(seq 600); do [ -s "$1" ] && break; sleep 0.1; done
}

hang_up() { kill "$listener"; wait "$listener" 2>/dev/null || true; }

# heard FILE TEXT: within a minute.
heard() {
    local tries
    for tries in $(seq 300); do grep -qF -- "$2" "$1" && return; sleep 0.2; done
    echo "$2 was never heard: $(cat "$1")"
    return 1
}

enter() { assign "02:00:00:00:00:$1" '{"product": "demo"}'; }

ids() { sed -n 's/^id: //p' "$1"; }

# Leaves in first.ids what was heard.
every_event_has_an_id() {
    listen first
    enter 01
    heard first 02:00:00:00:00:01
    enter 02
    heard first 02:00:00:00:00:02
    hang_up
    ids first >first.ids
    expect "ids that came twice" "$(sort first.ids | uniq -d)" ''
    expect "ids and events" "$(wc -l <first.ids)" "$(grep -c '^event: ' first)"
}

what_was_missed_comes_first() {
    enter 03
    api DELETE /devices/02:00:00:00:00:03
    sleep 1
    listen second "$(tail -n 1 first.ids)"
    heard second 'event: removed'
    heard second '"mac": "02:00:00:00:00:03"'
    not grep -q '02:00:00:00:00:02\|event: reset' second
    enter 04
    heard second 02:00:00:00:00:04
    hang_up
    listen again "$(head -n 1 first.ids)"
    heard again 02:00:00:00:00:04
    hang_up
    ids again | head -n "$(ids second | wc -l)" >again.ids
    expect "the order" "$(cat again.ids)" "$(sort -t - -k 2n again.ids)"
    expect "events twice" "$(ids again | sort | uniq -d)" ''
}

who_knows_nothing_gets_what_is_new() {
    listen third
    enter 05
    heard third 02:00:00:00:00:05
    not grep -q 'reset\|02:00:00:00:00:04' third
    hang_up
}

what_is_not_known_any_more_is_said() {
    local id
    for id in nonsense 1-1 "$(tail -n 1 first.ids)0000" "$(head -n 1 first.ids)x" -1 ''; do
        [ -n "$id" ] || continue
        listen reset "$id"
        heard reset 'event: reset'
        hang_up
    done
}

a_restart_is_said() {
    listen restarted "$(tail -n 1 first.ids)"
    heard restarted 'event: reset'
    hang_up
}

server_start data
for name in every_event_has_an_id what_was_missed_comes_first who_knows_nothing_gets_what_is_new \
    what_is_not_known_any_more_is_said; do
    check $name
done
server_stop
server_start data
check a_restart_is_said
tap_end
