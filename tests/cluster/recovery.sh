# A server on PostgreSQL: what devices get while the database is away, and that nothing
# acknowledged is lost.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

postgres_start || exit 1
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/new.bin" --project demo --version 2.0.0 --size 300000
server_start data --database "$POSTGRES_URL"
publish "$TAP_TMP/new.bin" demo 2.0.0

MAC=18:FE:AA:AA:AA:AA
OTHER=18:FE:AA:AA:AA:BB

a_device_is_registered_assigned_and_offered() {
    ask "$(esp8266)"
    expect status "$status" 304
    assign $MAC '{"product": "demo"}'
    ask "$(esp8266)"
    expect status "$status" 200
    cmp body new.bin
    ask "$(esp8266 sta-mac=$OTHER)"
    expect status "$status" 304
}

# Devices that are known and have nothing to get need no database.
without_it_devices_get_304_or_503() {
    postgres_stop immediate
    ask "$(esp8266 sta-mac=$OTHER)"
    expect status "$status" 304
    ask "$(esp8266)"
    expect status "$status" 503
    [ -n "$(header Retry-After)" ]
    if assign $OTHER '{"product": "demo"}'; then return 1; fi
}

it_goes_on_when_the_database_is_back() {
    postgres_resume
    for tries in $(seq 300); do
        ask "$(esp8266)"
        [ "$status" = 503 ] || break
        sleep 0.2
    done
    expect status "$status" 200
}

# Killed again and again while devices are entered.
nothing_acknowledged_is_lost() {
    local round number=0
    : >acknowledged
    for round in 1 2 3; do
        while [ $number -lt $((round * 60)) ]; do
            number=$((number + 1))
            mac=$(printf '02:00:00:00:00:%02X' $number)
            if assign "$mac" '{"product": "demo"}' 2>/dev/null; then echo "$mac" >>acknowledged; fi
        done &
        load=$!
        sleep 0.3
        postgres_stop immediate
        sleep 0.3
        postgres_resume
        wait $load
        number=$((round * 60))
    done
    [ "$(wc -l <acknowledged)" -gt 0 ]
    in_memory=$(api GET '/devices' | json devices | grep -o '02:00:00:00:00:[0-9A-F]*' | sort)
    while read -r mac; do
        grep -qx "$mac" <<<"$in_memory" || { echo "$mac is not in memory"; return 1; }
        postgres_ask "SELECT count(*) FROM devices WHERE mac = x'$(tr -d : <<<"$mac")'::bigint" updraft |
            grep -qx 1 || { echo "$mac is not in the tables"; return 1; }
    done <acknowledged
}

entered() { api GET '/devices' | grep -o '02:00:00:00:00:[0-9A-F]*' | sort -u; }

memory_is_what_a_server_after_it_loads() {
    [ -s "$TAP_TMP/before" ]
    entered | diff "$TAP_TMP/before" -
    api GET /audit/verify | json sound | grep -qx true
}

# Two answers were given, and one was refused.
each_offer_was_counted_once() {
    expect offers "$(postgres_ask "SELECT offers FROM devices WHERE mac = x'18FEAAAAAAAA'::bigint" updraft)" 2
}

a_backup_is_left_to_its_own_tools() {
    if api GET /backup >answer 2>&1; then return 1; fi
    grep -q 'its own' answer
}

check a_device_is_registered_assigned_and_offered
check without_it_devices_get_304_or_503
check it_goes_on_when_the_database_is_back
check a_backup_is_left_to_its_own_tools
check nothing_acknowledged_is_lost
entered >"$TAP_TMP/before"
server_stop KILL 2>/dev/null
server_start data --database "$POSTGRES_URL"
check memory_is_what_a_server_after_it_loads
check each_offer_was_counted_once
server_stop
tap_end
