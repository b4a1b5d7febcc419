# Webhooks: what is told, how it is signed, and that it gets through, whatever happens
# to who tells and who is told.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=5C:CF:7F:00:00:01
SECRET=a-secret-for-signatures
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/1.bin" --project demo --version 1.0.0 --size 20000
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/2.bin" --project demo --version 2.0.0 --size 20000

# receiver_start NAME [PORT]: one that keeps what it gets in $TAP_TMP/NAME. Sets
# receiver_pid and URL.
receiver_start() {
    mkdir -p "$TAP_TMP/$1"
    rm -f "$TAP_TMP/$1/port"
    python3 "$TAP_ROOT/tests/server/webhook_receiver.py" "$TAP_TMP/$1" ${2:-} 2>"$TAP_TMP/$1.log" &
    receiver_pid=$!
    tap_background $receiver_pid
    for tries in $(seq 600); do [ -e "$TAP_TMP/$1/port" ] && break; sleep 0.1; done
    URL=http://127.0.0.1:$(cat "$TAP_TMP/$1/port")/hook
}

# got NAME EVENT: the body of the latest of them that arrived at NAME, within 60 s.
got() {
    local tries file
    for tries in $(seq 300); do
        file=$(grep -l "\"event\":\"$2\"" "$TAP_TMP/$1"/*.body 2>/dev/null | tail -n 1)
        [ -n "$file" ] && { cat "$file"; return; }
        sleep 0.2
    done
    echo "$1 was never told of $2: $(cat "$TAP_TMP/$1"/*.body)" >&2
    return 1
}

# hook_says ID PATH…
hook_says() {
    local id=$1
    shift
    api GET "/webhooks/$id" | json "$@"
}

# hook_becomes ID FIELD WANTED: within 60 s.
hook_becomes() {
    local tries
    for tries in $(seq 300); do [ "$(hook_says "$1" "$2")" = "$3" ] && return; sleep 0.2; done
    echo "$2 of $1 is $(hook_says "$1" "$2"), not $3"
    return 1
}

what_happens_is_told() {
    printf '%s\n' "$SECRET" >secret
    "$UPDRAFT" webhook add "$URL" --events 'release.published,rollout.*,device.*' --secret-file secret >out
    grep -q "^its secret, shown only now: $SECRET\$" out
    ask "$(esp8266 STA-MAC=$MAC version=1.0.0)"
    got all device.registered | json device mac | grep -qx $MAC
    publish "$TAP_TMP/1.bin" demo 1.0.0
    got all release.published | json release version | grep -qx 1.0.0
    publish "$TAP_TMP/2.bin" demo 2.0.0 candidate
    assign $MAC '{"product": "demo"}'
    "$UPDRAFT" rollout start -p demo -v 2.0.0 --stages 100% >out
    got all rollout.planned | json rollout state | grep -qx planned
    got all rollout.running | json rollout stages | grep -qx 1
    ask "$(esp8266 STA-MAC=$MAC version=1.0.0)"
    expect "the offer" "$status" 200
    ask "$(esp8266 STA-MAC=$MAC version=2.0.0)"
    got all device.updated | json device mac | grep -qx $MAC
    got all rollout.finished | json rollout version | grep -qx 2.0.0
}

# Of a product whose devices have rings of keys; to a receiver that hears of nothing else.
key_updates_are_told() {
    local key
    receiver_start keys
    trap 'kill "$receiver_pid" ${device_pid:-} 2>/dev/null' EXIT
    "$UPDRAFT" webhook add "$URL" --events 'keys.*,device.keys-updated' --json >hook
    for key in first next; do "$UPDRAFT" keygen --type p256 --private $key.key --public $key.pub >/dev/null; done
    "$UPDRAFT" key add next.pub --number 1 --key first.key --product lamp --out add.update >/dev/null
    "$UPDRAFT" publish add.update >published
    got keys keys.published >body
    expect "its product" "$(json key_update product <body)" lamp
    expect "its action" "$(json key_update action <body)" add
    grep -q "adds $(json key_update key <body);" published
    api POST "/key-updates/$(json key_update id <body)/withdraw" >/dev/null
    expect "the number withdrawn" "$(got keys keys.withdrawn | json key_update number)" 1
    "$UPDRAFT" publish add.update >/dev/null
    assign 5C:CF:7F:00:00:09 '{"product": "lamp"}'
    "$UPDRAFT" device --app "$OLD" --product lamp --trust first.pub --mac 5C:CF:7F:00:00:09 --url "$SERVER/update" --poll 1 >device 2>&1 &
    device_pid=$!
    expect "who has it" "$(got keys device.keys-updated | json device mac)" 5C:CF:7F:00:00:09
    api DELETE "/webhooks/$(json webhook id <hook)" >/dev/null
}

what_nobody_asked_for_is_not_told() {
    "$UPDRAFT" webhook add "$URL" --events rollout.halted --json >out
    api DELETE "/webhooks/$(json webhook id <out)" >/dev/null
    not grep -l '"event":"webhook.test"' "$TAP_TMP/all"/*.body
    hook_becomes 1 waiting 0
    expect "rollouts that halted" "$(cat "$TAP_TMP/all"/*.body | grep -c rollout.halted || true)" 0
}

# The lines of docs/operator-api.md, run as they are there.
the_recipes_verify_what_came() {
    local name file line timestamp
    file=$(find "$TAP_TMP/all" -name '*.body' | sort | head -n 1)
    cp "$file" body.json
    line=$(tr -d '\r' <"${file%.body}.head" | sed -n 's/^Updraft-Signature: //p')
    timestamp=${line#t=}
    timestamp=${timestamp%%,*}
    printf '%s' "$SECRET" >secret
    expect "the recipe for a shell" "$(timestamp=$timestamp secret=$SECRET bash shell-recipe | awk '{print $NF}')" "${line#*v1=}"
    cat python-recipe - >verify.py <<'END'
import sys
body = open("body.json", "rb").read()
assert is_genuine(sys.argv[1], body, sys.argv[2].encode(), now=int(sys.argv[3]))
assert not is_genuine(sys.argv[1], body + b" ", sys.argv[2].encode(), now=int(sys.argv[3]))
assert not is_genuine(sys.argv[1], body, b"another secret here", now=int(sys.argv[3]))
assert not is_genuine(sys.argv[1], body, sys.argv[2].encode(), now=int(sys.argv[3]) + 3600)
END
    python3 verify.py "$line" "$SECRET" "$timestamp"
}

# recipe LANGUAGE: the block of the section on webhooks.
recipe() { awk -v language="$1" '/^## Webhooks/ { on = 1 } on && $0 == "```" language { block = 1; next }
    /^```$/ { if (block) exit } block' "$TAP_ROOT/docs/operator-api.md"; }

each_has_its_own_number() {
    local ids
    hook_becomes 1 waiting 0
    ids=$(for file in "$TAP_TMP/all"/*.body; do json id <"$file"; done | sort -n)
    expect "numbers that came twice" "$(uniq -d <<<"$ids")" ''
    api GET /webhooks/1/deliveries >deliveries
    expect "those delivered" "$(python3 -c '
import json
print(*sorted(d["id"] for d in json.load(open("deliveries"))["deliveries"] if d["state"] == "delivered"), sep="\n")')" "$ids"
}

who_refuses_is_told_again() {
    echo 500 >"$TAP_TMP/all/answer"
    "$UPDRAFT" webhook test 1 >out
    got all webhook.test >/dev/null
    was_refused() { "$UPDRAFT" webhook log 1 | grep 'webhook.test.*waiting.*answered 500'; }
    eventually was_refused
    expect waiting "$(hook_says 1 waiting)" 1
    "$UPDRAFT" webhook list >out
    grep -q failing out
    rm "$TAP_TMP/all/answer"
    hook_becomes 1 waiting 0
    hook_becomes 1 failing_since null
    expect attempts "$(api GET /webhooks/1/deliveries | python3 -c '
import json, sys
print(max(d["attempts"] for d in json.load(sys.stdin)["deliveries"]) > 1)')" True
}

secrets_are_shown_once() {
    "$UPDRAFT" webhook list --json >listed
    "$UPDRAFT" audit list --json >>listed
    not grep -q "$SECRET" listed
    api POST /webhooks --data "{\"url\": \"$URL\", \"events\": [\"none\"]}" >made
    expect "length of one made here" "$(json secret <made | tr -d '\n' | wc -c)" 64
    "$UPDRAFT" audit list --json >listed
    not grep -q "$(json secret <made)" listed
    "$UPDRAFT" webhook remove "$(json webhook id <made)"
}

a_disabled_one_hears_nothing() {
    "$UPDRAFT" webhook disable 1 >out
    local before code=0
    before=$(ls "$TAP_TMP/all" | wc -l)
    "$UPDRAFT" webhook test 1 2>err || code=$?
    expect "status of a test" $code 1
    grep -q 'enable it first' err
    ask "$(esp8266 STA-MAC=5C:CF:7F:00:00:05 version=1.0.0)"
    sleep 1
    expect "what came" "$(ls "$TAP_TMP/all" | wc -l)" "$before"
    "$UPDRAFT" webhook enable 1 >out
    grep -q fine out
}

bad_ones_are_refused() {
    local body
    for body in '[]' '{}' '{"url": "http://a"}' '{"url": "ftp://a", "events": ["*"]}' '{"url": "http://", "events": ["*"]}' \
        '{"url": "http://a b", "events": ["*"]}' '{"url": "http://a", "events": []}' '{"url": "http://a", "events": ["a b"]}' \
        '{"url": "http://a", "events": ["A"]}' '{"url": "http://a", "events": ["*x"]}' \
        '{"url": "http://a", "events": ["*"], "secret": "short"}' '{"url": "http://a", "events": ["*"], "enabled": 1}'; do
        expect "status of $body" "$(api POST /webhooks --data "$body" -o answer -w '%{http_code}' || true)" 400
    done
    local code=0
    "$UPDRAFT" webhook set 1 2>err || code=$?
    expect "setting nothing" $code 2
    code=0
    "$UPDRAFT" webhook test x 2>err || code=$?
    expect "no number" $code 2
    code=0
    "$UPDRAFT" webhook test 77 2>err || code=$?
    expect "none of that number" $code 1
}

a_url_that_cannot_be_reached_is_said() {
    api PUT /webhooks/1 --data '{"url": "http://127.0.0.1:1/"}' >/dev/null
    "$UPDRAFT" webhook test 1 >out
    says_so() { "$UPDRAFT" webhook log 1 | grep -i connect; }
    eventually says_so
    api PUT /webhooks/1 --data "{\"url\": \"$URL\"}" >/dev/null
}

# The receiver is down when a rollout halts, and the server dies before anybody could
# be told.
a_halt_is_told_after_a_kill() {
    local port=${URL#http://127.0.0.1:} id
    hook_becomes 1 waiting 0
    kill "$receiver_pid"
    wait "$receiver_pid" 2>/dev/null || true
    python3 "$TAP_ROOT/tests/lib/make_image.py" 3.bin --project demo --version 3.0.0 --size 20000
    publish 3.bin demo 3.0.0 candidate
    id=$("$UPDRAFT" rollout start -p demo -v 3.0.0 --stages 100% --attempts 1 --failure 0 --json | json id)
    local tries
    for tries in $(seq 300); do [ "$(api GET "/rollouts/$id" | json state)" = running ] && break; sleep 0.2; done
    ask "$(esp8266 STA-MAC=$MAC version=2.0.0)"
    expect "the offer" "$status" 200
    has_it() { api GET /devices/$MAC/history | json history 0 event | grep -x sent; }
    eventually has_it
    ask "$(esp8266 STA-MAC=$MAC version=2.0.0)"
    for tries in $(seq 300); do [ "$(api GET "/rollouts/$id" | json state)" = halted ] && break; sleep 0.2; done
    server_stop KILL || true
    server_start data
    receiver_start late "${port%/hook}"
    trap 'kill "$receiver_pid" "$server_pid" 2>/dev/null' EXIT
    "$UPDRAFT" webhook enable 1 >out
    got late rollout.halted >halted
    expect "the rollout" "$(json rollout id <halted)" "$id"
    [ -n "$(json rollout reason <halted)" ]
    expect "in order" "$(for file in "$TAP_TMP/late"/*.body; do json id <"$file"; done)" \
        "$(for file in "$TAP_TMP/late"/*.body; do json id <"$file"; done | sort -n)"
    server_stop
}

recipe sh >"$TAP_TMP/shell-recipe"
recipe python >"$TAP_TMP/python-recipe"
server_start data
receiver_start all
for name in what_happens_is_told key_updates_are_told what_nobody_asked_for_is_not_told the_recipes_verify_what_came each_has_its_own_number \
    who_refuses_is_told_again secrets_are_shown_once a_disabled_one_hears_nothing bad_ones_are_refused \
    a_url_that_cannot_be_reached_is_said a_halt_is_told_after_a_kill; do
    check $name
done
tap_end
