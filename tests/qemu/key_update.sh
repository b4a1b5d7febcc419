# Keys that change over the network: a board that trusts one key learns of the next one from
# its server, takes what that one signed, and in the end nothing of the first.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/board.sh"
. "$TAP_ROOT/tests/lib/board_ways.sh"

MAC=5C:CF:7F:00:0C:01

make_keys() {
    local key
    for key in first next; do "$UPDRAFT" keygen --type p256 --private $key.key --public $key.pub >/dev/null; done
    "$UPDRAFT" key add next.pub --number 1 --key first.key --product demo --out add.update >/dev/null
    "$UPDRAFT" key revoke first.pub --number 2 --key next.key --product demo --out revoke.update >/dev/null
    "$UPDRAFT" sign "$NET-1.1.0.bin" --key next.key --out next.bin >/dev/null
    "$UPDRAFT" sign "$NET-2.0.0.bin" --key first.key --out first.bin >/dev/null
}

ring() { device_says $MAC facts abilities ring; }

until_ring_is() {
    local tries
    for tries in $(seq 600); do [ "$(ring)" = "$1" ] && return; sleep 0.1; done
    echo "ring is $(ring), not $1"
    cat said
    return 1
}

push_is_refused() {
    not env UPDRAFT_PASSWORD=$PASSWORD "$UPDRAFT" push "127.0.0.1:$upload_port" "$1" 2>err
    grep -qi signature err
}

the_next_key_is_unknown_at_first() {
    new_chip ring key=first.pub
    assign $MAC '{"product": "demo"}'
    switch_on ring
    until_ring_is 0
    push_is_refused next.bin
    "$UPDRAFT" publish "$NET-1.1.0.bin" --product demo --sign next.key >/dev/null
    local turn
    for turn in 1 2; do # the first may have been under way
        : >said
        has_said 'up to date'
    done
    cmp -n "$(stat -c %s "$NET-1.0.0.bin")" ring "$NET-1.0.0.bin"
}

the_server_brings_it_and_then_what_it_signed() {
    switch_on ring
    "$UPDRAFT" publish add.update >/dev/null
    has_said 'the key ring has taken a key update'
    has_said 'demo 1.1.0'
    until_ring_is 1
    cold_restart ring
    until_ring_is 1
    runs 1.1.0
}

the_first_key_is_revoked() {
    switch_on ring
    "$UPDRAFT" publish revoke.update >/dev/null
    has_said 'the key ring has taken a key update'
    until_ring_is 2
    push_is_refused first.bin
    cold_restart ring
    push_is_refused first.bin
    runs 1.1.0
}

the_next_one_goes_on() {
    switch_on ring
    "$UPDRAFT" publish "$NET-2.0.0.bin" --product demo --sign next.key >/dev/null
    has_said 'demo 2.0.0'
    has_said 'confirmed'
    cold_restart ring
    runs 2.0.0
    expect state "$(device_says $MAC state)" current
}

# By hand, without a server: the uploader brings key updates as it brings firmware.
a_push_brings_it_too() {
    MAC=5C:CF:7F:00:0C:02
    new_chip pushed key=first.pub
    switch_on pushed
    push_is_refused next.bin
    UPDRAFT_PASSWORD=$PASSWORD "$UPDRAFT" push "127.0.0.1:$upload_port" add.update
    : >said
    has_said 'up to date'
    UPDRAFT_PASSWORD=$PASSWORD "$UPDRAFT" push "127.0.0.1:$upload_port" next.bin
    has_said 'demo 1.1.0'
}

server_start data
check make_keys
check the_next_key_is_unknown_at_first
check the_server_brings_it_and_then_what_it_signed
check the_first_key_is_revoked
check the_next_one_goes_on
check a_push_brings_it_too
tap_end
