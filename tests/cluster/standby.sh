# PostgreSQL with a standby, of which two servers know both machines. The primary is killed while
# devices are entered and ask, and the standby is promoted: nothing acknowledged is lost where
# the primary waited for it, and memory is what it has where it did not.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
. "$TAP_ROOT/tests/lib/standby.sh"
. "$TAP_ROOT/tests/lib/nodes.sh"
trap 'standby_cleanup; postgres_cleanup; tap_cleanup' EXIT

for version in 1.0.0 2.0.0 3.0.0; do
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$version.bin" --project demo --version $version --size 300000
done
BUSY=18:FE:AA:AA:AA:AA # gets a release
IDLE=18:FE:AA:AA:AA:BB # has nothing to get

# mac SERIES NUMBER
mac() { printf '02:00:00:00:%02X:%02X' "$1" "$2"; }

# enter_devices NODE SERIES: one after the other, until there is a file `enough`; those that the
# server said yes to are in the file acknowledged.SERIES.
enter_devices() {
    local number=1 turn
    on "$1"
    for turn in $(seq 2000); do
        [ ! -e enough ] && [ $number -lt 250 ] || return 0
        if assign "$(mac "$2" $number)" '{"product": "other"}' 2>/dev/null; then
            mac "$2" $number >>"acknowledged.$2"
            echo >>"acknowledged.$2"
            number=$((number + 1))
        fi
        sleep 0.1
    done
}

# ask_on NODE: a known device and new ones ask, until there is a file `enough`; what they get,
# with Retry-After, is in ask.NODE/answers.
ask_on() {
    local number=1 turn asking
    mkdir -p "ask.$1"
    cd "ask.$1"
    on "$1"
    for turn in $(seq 1000); do
        [ ! -e ../enough ] && [ $number -lt 250 ] || return 0
        for asking in $IDLE "02:00:00:01:0$1:$(printf %02X $number)"; do
            ask "$(esp8266 sta-mac="$asking")" 2>/dev/null || status="none"
            echo "$asking $status $(header Retry-After)" >>answers
        done
        [ "$status" != 304 ] || number=$((number + 1)) # and so the new one is known
        sleep 0.2
    done
}

lines() { cat "$@" 2>/dev/null | wc -l; }
has_lines() { [ "$(lines "${@:2}")" -ge "$1" ]; } # at least

writes() { curl -sSf -m 60 "$SERVER/health/database" >/dev/null; }
all_write() {
    local node
    for node in 1 2; do
        on $node
        eventually writes || return 1
    done
}

# entered: the series' devices, as a server has them.
entered() { api GET '/devices' | grep -o '"02:00:00:00:[0-9A-F]*:[0-9A-F]*"' | tr -d '"' | sort -u; }

the_standby_follows() {
    eventually is_synchronous
    on 1
    publish 1.0.0.bin demo 1.0.0
    ask "$(esp8266 sta-mac=$BUSY)"
    ask "$(esp8266 sta-mac=$IDLE)"
    assign $BUSY '{"product": "demo"}'
}

# Nobody tells the servers.
they_find_the_standby_by_themselves() {
    local jobs=() node before
    for node in 1 2; do
        enter_devices $node $node &
        jobs+=($!)
        ask_on $node &
        jobs+=($!)
    done
    eventually has_lines 10 acknowledged.1
    eventually has_lines 10 acknowledged.2
    postgres_stop immediate
    on 1
    ask "$(esp8266 sta-mac=$BUSY)"
    expect "while there is no database, status" "$status" 503
    [ "$(header Retry-After)" -gt 0 ]
    before=$(lines ask.1/answers)
    eventually has_lines $((before + 6)) ask.1/answers
    standby_promote
    before=$(lines acknowledged.1 acknowledged.2)
    eventually has_lines $((before + 10)) acknowledged.1 acknowledged.2
    touch enough
    wait "${jobs[@]}"
    all_write
    on 2
    ask "$(esp8266 sta-mac=$BUSY)"
    expect "later, status" "$status" 200
}

nothing_acknowledged_is_lost() {
    for node in 1 2; do
        on $node
        eventually has_all_acknowledged
    done
    standby_ask "SELECT count(*) FROM devices WHERE product = 'other'" >in_tables
    on 1
    expect "devices in the tables" "$(cat in_tables)" "$(entered | wc -l)"
    api GET /audit/verify | json sound | grep -qx true
}
has_all_acknowledged() { entered | comm -13 - <(sort acknowledged.1 acknowledged.2) >missing; not grep . missing; }

meanwhile_devices_got_304_or_503() {
    cat ask.1/answers ask.2/answers >answers
    grep -q "^$IDLE 304 " answers
    grep -q '^02:00:00:01:.* 304 $' answers
    grep -q '^02:00:00:01:.* 503 [0-9]' answers
    not grep -v ' 304 $\| 503 [0-9]*$' answers
    not grep "^$IDLE 503" answers
}

# A commit that waits for the standby is no answer yet, whoever ends its session.
what_the_standby_did_not_get_is_not_acknowledged() {
    standby_stop
    on 1
    not assign "$(mac 8 1)" '{"product": "other"}' -m 120
    standby_resume
    eventually is_synchronous
    all_write
}

count_of_the_old_one() { postgres_ask "SELECT sequence, last_node FROM cluster" updraft; }

# It is back as it was, and would let anybody write.
the_old_primary_is_not_written_to() {
    postgres_resume
    postgres_ask "ALTER SYSTEM RESET synchronous_standby_names"
    postgres_ask "SELECT pg_reload_conf()"
    count_of_the_old_one >count
    standby_ask "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'updraft'"
    on 2
    eventually assign "$(mac 9 1)" '{"product": "other"}'
    on 1
    eventually assign "$(mac 9 2)" '{"product": "other"}'
    eventually has_device "$(mac 9 1)"
    expect "the old one's count" "$(count_of_the_old_one)" "$(cat count)"
}
has_device() { api GET "/devices/$1"; }

# While the new one does not answer, either.
not_even_when_it_is_the_only_one() {
    standby_stop immediate
    on 2
    not assign "$(mac 9 3)" '{"product": "other"}'
    ask "$(esp8266 sta-mac=$IDLE)"
    expect status "$status" 304
    ask "$(esp8266 sta-mac=02:00:00:00:0A:01)"
    expect status "$status" 503
    grep -q 'was replaced by another one' node2.log
    expect "the old one's count" "$(count_of_the_old_one)" "$(cat count)"
    standby_resume
    all_write
}

# One that starts anew remembers nothing, and takes the later of the two.
not_by_a_server_that_starts_anew() {
    assign "$(mac 9 4)" '{"product": "other"}'
    has_device "$(mac 9 1)"
    expect "the old one's count" "$(count_of_the_old_one)" "$(cat count)"
}

postgres_start && standby_start || exit 1
nodes_start 2
primary_awaits_standby
check the_standby_follows
check what_the_standby_did_not_get_is_not_acknowledged
check they_find_the_standby_by_themselves
check nothing_acknowledged_is_lost
check meanwhile_devices_got_304_or_503
check the_old_primary_is_not_written_to
check not_even_when_it_is_the_only_one
node_stop 1
node_resume 1
on 1
check not_by_a_server_that_starts_anew
tap_end
