# Behind HAProxy and nginx as packaging/proxies has them: who asks is known, files come whole,
# and a database that is away takes no server out that can still answer.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
. "$TAP_ROOT/tests/lib/proxies.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

postgres_start || exit 1
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/new.bin" --project demo --version 2.0.0 --size 600000
server_start data --database "$POSTGRES_URL" --proxy 127.0.0.1
BEHIND=${SERVER#http://}

# through COMMAND…: with the proxy as the server.
through() { SERVER=$FRONT UPDRAFT_SERVER=$FRONT "$@"; }

who_signed_in() { api GET '/audit?limit=1' | json records 0 address; }

# X-Forwarded-For as whoever asks writes it is not believed, only what the proxy adds.
who_asks_is_known() {
    through api POST /groups/lab -X PUT --data '{"product": "demo"}' \
        -H 'X-Forwarded-For: 192.0.2.66' >/dev/null
    expect address "$(who_signed_in)" 127.0.0.1
    api PUT /groups/lab --data '{"product": "demo"}' -H 'X-Forwarded-For: 192.0.2.66' >/dev/null
    expect "address of who comes by way of a proxy" "$(who_signed_in)" 192.0.2.66
}

files_come_whole() {
    through publish new.bin demo "$1"
    curl -sSf "$FRONT/firmware/demo/$1" -o got
    cmp got new.bin
    curl -sSf -r 100000-199999 "$FRONT/firmware/demo/$1" -o part
    tail -c +100001 new.bin | head -c 100000 | cmp - part
    ask_mac=18:FE:AA:AA:AA:$2
    through ask "$(esp8266 sta-mac="$ask_mac")"
    through assign "$ask_mac" '{"product": "demo"}'
    through ask "$(esp8266 sta-mac="$ask_mac")" --http1.0
    expect status "$status" 200
    cmp body new.bin
    expect digest "$(header x-MD5)" "$(md5_of new.bin)"
}
through_haproxy_files_come_whole() { files_come_whole 2.0.0 01; }
through_nginx_files_come_whole() { files_come_whole 2.1.0 02; }

# Cookies are for https alone where the people's side of the proxy has it.
a_cookie_is_secure_where_the_proxy_says_https() {
    "$UPDRAFT" user add vera --role admin >invitation
    ticket=$(sed -n 's/.*#setup=\([^,]*\),.*/\1/p' invitation)
    api POST /setup -H "Content-Type: application/json" --data "{\"ticket\": \"$ticket\", \"user\": \"\", \"password\": \"twelve horses\"}" >/dev/null
    for protocol in http https; do
        curl -sS -o answer -D head -H "X-Forwarded-Proto: $protocol" -H 'Content-Type: application/json' \
            --data '{"user": "vera", "password": "twelve horses"}' "$SERVER/api/v1/session"
        grep -i '^set-cookie' head >"$protocol"
    done
    grep -q '; Secure' https
    if grep -q '; Secure' http; then return 1; fi
}

# health PATH: status and text.
health() { printf '%s %s' "$(curl -sS -o text -w '%{http_code}' "$1")" "$(cat text)"; }

health_says_how_it_is() {
    expect health "$(health "$SERVER/health")" '200 ok'
    expect "database's health" "$(health "$SERVER/health/database")" '200 ok'
    expect "health by POST" "$(curl -sS -o text -w '%{http_code}' -d x "$SERVER/health")" 405
}

# A known device with nothing to get needs no database; HAProxy still finds somebody who says so.
while_the_database_is_away_devices_are_answered() {
    through ask "$(esp8266 sta-mac=18:FE:AA:AA:AA:03)"
    expect status "$status" 304
    postgres_stop immediate
    for tries in $(seq 600); do
        through ask "$(esp8266 sta-mac=18:FE:AA:AA:AA:03)"
        [ "$status" = 304 ] || { echo "device answered $status"; return 1; }
        [ "$(health "$SERVER/health/database")" = '503 the database cannot be written' ] && break
        sleep 0.1
    done
    expect health "$(health "$SERVER/health")" '200 ok, from memory: the database cannot be written'
    expect "database's health" "$(health "$SERVER/health/database")" '503 the database cannot be written'
    for tries in $(seq 600); do
        grep -q 'whole.* has no server available' haproxy.log && break
        sleep 0.1
    done
    through ask "$(esp8266 sta-mac=18:FE:AA:AA:AA:03)"
    expect status "$status" 304
}

when_it_is_back_all_is_well() {
    postgres_resume
    for tries in $(seq 600); do
        [ "$(health "$SERVER/health/database")" = '200 ok' ] && return 0
        sleep 0.1
    done
    health "$SERVER/health/database"
    return 1
}

check health_says_how_it_is
check a_cookie_is_secure_where_the_proxy_says_https
haproxy_start "$BEHIND" "$BEHIND" "$BEHIND"
check who_asks_is_known
check through_haproxy_files_come_whole
check while_the_database_is_away_devices_are_answered
check when_it_is_back_all_is_well
nginx_start "$BEHIND" "$BEHIND" "$BEHIND"
check through_nginx_files_come_whole
server_stop
tap_end
