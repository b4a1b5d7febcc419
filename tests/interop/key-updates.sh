# Key updates from the server: a virtual device that trusts the old key gets to a release
# that the new one signed; stock devices, and those that take none, are left as they are.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

KEYS=$TAP_ROOT/tests/vectors/signing
OLD_KEY=1804b9fb39ac8280 # rsa2048
NEW_KEY=92ebb840dce2a791 # p256
MAC=5C:CF:7F:00:00:01
STOCK=18:FE:AA:AA:AA:AA
OURS=02:00:00:00:01:01

make_update() { # ACTION KEY NUMBER SIGNER [options]
    "$UPDRAFT" key "$1" "$KEYS/$2.pub" --number "$3" --key "$KEYS/$4.key" --out "$3-$1.signed" \
        "${@:5}" >/dev/null
}

# tells RING KEYS: a check-in of a device of ours.
tells() {
    ask "$(esp8266 STA-MAC=$OURS version=1.0.0 free-space=2000000)
x-ESP8266-abilities: gzip retry ring=$1 keys=$2"
}

refused() { # WORDS COMMAND…
    local words=$1
    shift
    if "$UPDRAFT" "$@" >out 2>err; then echo "was not refused: $*"; cat out; return 1; fi
    grep -q -- "$words" err || { echo "said instead:"; cat err; return 1; }
}

they_are_published_in_turn() {
    make_update add p256 1 rsa2048 --product demo
    make_update revoke rsa2048 2 p256
    make_update revoke rsa2048 3 p256 --product demo
    refused 'it is for demo' publish 1-add.signed --product lamp
    refused 'only --product' publish 1-add.signed --version 1
    refused 'for any product: give product' publish 2-revoke.signed
    "$UPDRAFT" publish 1-add.signed >out
    grep -qx "key update 1 of demo is published: adds $NEW_KEY; 0 device(s) have it" out
    "$UPDRAFT" publish 1-add.signed | grep -q 'published already'
    refused 'numbers leave no gaps, make it with --number 2' publish 3-revoke.signed
    head -c 100 1-add.signed >part.signed
    refused 'it is no key update' publish part.signed --product demo
    "$UPDRAFT" releases keys | grep -qE "^ *demo +1 +adds $NEW_KEY +live "
    api GET /audit | grep -q 'key update 1 of demo, SHA-256'
}

stock_devices_get_none() {
    "$UPDRAFT" publish "$OLD" --product demo --sign "$KEYS/rsa2048.key" >/dev/null
    ask "$(esp8266 STA-MAC=$STOCK version=0.9 free-space=2000000)"
    assign $STOCK '{"product": "demo"}'
    ask "$(esp8266 STA-MAC=$STOCK version=0.9 free-space=2000000)"
    expect status "$status" 200
    expect x-version "$(header x-version)" 1.0.0
    ask "$(esp8266 STA-MAC=$STOCK version=1.0.0)"
    expect status "$status" 304
}

a_device_that_tells_its_ring_does() {
    tells 0 $OLD_KEY
    assign $OURS '{"product": "demo"}'
    tells 0 $OLD_KEY
    expect status "$status" 200
    cmp body 1-add.signed
    expect x-MD5 "$(header x-MD5)" "$(md5sum <1-add.signed | cut -d' ' -f1)"
    expect x-version "$(header x-version)" ''
    expect state "$(device_says $OURS state)" current
    expect "the update's attempts" "$(device_says $OURS key_update attempts)" 1
    expect "the release's attempts" "$(device_says $OURS attempts)" 0
    expect ring "$(device_says $OURS facts abilities ring)" 0
}

who_never_moves_is_held_with_a_reason() {
    "$UPDRAFT" publish "$NEW" --product demo --sign "$KEYS/p256.key" >/dev/null
    tells 0 $OLD_KEY
    expect state "$(device_says $OURS state)" waiting
    expect reason "$(device_says $OURS reason)" '1.1.0 waits for key update 1, which goes first'
    tells 0 $OLD_KEY
    expect status "$status" 200
    tells 0 $OLD_KEY
    expect status "$status" 304
    expect state "$(device_says $OURS state)" failing
    device_says $OURS reason | grep -q 'key update 1 was offered 3 times and its ring did not take it'
    expect "the release's attempts" "$(device_says $OURS attempts)" 0
    expect "its update" "$(device_says $OURS key_update state)" failing
}

a_kill_forgets_none_of_it() {
    expect state "$(device_says $OURS state)" failing
    "$UPDRAFT" releases keys | grep -q '^ *demo '
    api POST /devices/$OURS/retry >/dev/null
    tells 0 $OLD_KEY
    expect status "$status" 200
    cmp body 1-add.signed
}

a_virtual_device_gets_there_by_way_of_it() {
    assign $MAC '{"product": "demo"}'
    timeout 300 "$UPDRAFT" device --url "$SERVER/update" --mac $MAC --app "$OLD" --flash ring.flash \
        --trust "$KEYS/rsa2048.pub" --poll 1 --until 1.1.0 --json >events
    grep -q '"keys"' events
    expect version "$(device_says $MAC version)" 1.1.0
    expect ring "$(device_says $MAC facts abilities ring)" 1
    expect "failed attempts" "$(device_says $MAC attempts)" 0
    api GET "/devices/$MAC/history" >history
    grep -q '"reason": "key update 1"' history
}

what_devices_have_is_not_withdrawn() {
    "$UPDRAFT" releases --help | grep -qx ' *updraft releases withdraw --product P --key-update N'
    refused '1 device(s) of demo have key update 1' releases withdraw -p demo --key-update 1
    "$UPDRAFT" publish 2-revoke.signed --product demo >/dev/null
    refused 'has to stay' releases withdraw -p demo --key-update 1
    "$UPDRAFT" releases withdraw -p demo --key-update 2 | grep -qx 'key update 2 of demo is withdrawn'
    refused 'has no key update 2' releases withdraw -p demo --key-update 2
    refused 'has no key update 0' releases withdraw -p demo --key-update 0
    "$UPDRAFT" publish 2-revoke.signed --product demo | grep -q 'is published: revokes'
}

the_old_key_is_revoked_from_one_that_is_up_to_date() {
    timeout 300 "$UPDRAFT" device --url "$SERVER/update" --mac $MAC --flash ring.flash \
        --trust "$KEYS/rsa2048.pub" --once --json >events
    grep -q '"keys"' events
    expect ring "$(device_says $MAC facts abilities ring)" 2
    expect keys "$(device_says $MAC facts abilities keys | tr -d ' ')" "[\"$NEW_KEY\"]"
}

a_rollout_counts_it_as_on_the_way() {
    local tries
    python3 "$TAP_ROOT/tests/lib/make_image.py" next.bin --project demo --version 1.2.0 --size 20000
    "$UPDRAFT" publish next.bin --sign "$KEYS/p256.key" --draft >/dev/null
    api POST /devices/$OURS/retry >/dev/null
    "$UPDRAFT" rollout start -p demo -v 1.2.0 >out
    for tries in $(seq 600); do [ "$(api GET /rollouts/1 | json state)" = planned ] || break; sleep 0.1; done
    expect state "$(api GET /rollouts/1 | json state)" running
    tells 0 $OLD_KEY
    cmp body 1-add.signed
    tells 1 $OLD_KEY,$NEW_KEY
    cmp body 2-revoke.signed
    expect failed "$(api GET /rollouts/1 | json counts failed)" 0
    expect unfit "$(api GET /rollouts/1 | json counts unfit)" 0
    tells 2 $NEW_KEY
    expect x-version "$(header x-version)" 1.2.0
    expect "the release's attempts" "$(device_says $OURS attempts)" 1
}

server_start data
check they_are_published_in_turn
check stock_devices_get_none
check a_device_that_tells_its_ring_does
check who_never_moves_is_held_with_a_reason
server_stop KILL
SERVER_PORT=${SERVER##*:} server_start data
check a_kill_forgets_none_of_it
check a_virtual_device_gets_there_by_way_of_it
check what_devices_have_is_not_withdrawn
check the_old_key_is_revoked_from_one_that_is_up_to_date
check a_rollout_counts_it_as_on_the_way
tap_end
