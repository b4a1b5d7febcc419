# Operators who come to any of several servers: who is signed in on one is on all, what one is
# told the others tell, and who comes at the same moment does not disturb.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
. "$TAP_ROOT/tests/lib/nodes.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

PASSWORD='twelve horses'
postgres_start || exit 1
for version in 1.0.0 2.0.0 3.0.0; do
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$version.bin" --project demo --version $version --size 300000
done
nodes_start 3

# on_all COMMAND…: holds on each of them sooner or later.
on_all() {
    local node
    for node in 1 2 3; do
        on $node
        eventually "$@" || { echo "on node $node"; return 1; }
    done
}

# status METHOD PATH [curl options]: without the token; the answer goes to the file answer.
status() { curl -sS -o answer -w '%{http_code}' -X "$1" "${@:3}" "$SERVER/api/v1$2"; }
answers() { [ "$(status "${@:2}")" = "$1" ]; }

sign_in() {
    answers 200 POST /session -H 'Content-Type: application/json' -c jar \
        --data "{\"user\": \"$1\", \"password\": \"$PASSWORD\"}"
}

who_signs_in_on_one_is_signed_in_on_all() {
    on 1
    ticket=$("$UPDRAFT" user add vera --role admin -s "$SERVER" | sed -n 's/.*#setup=\([^,]*\),.*/\1/p')
    on 2
    eventually answers 201 POST /setup -H 'Content-Type: application/json' \
        --data "{\"ticket\": \"$ticket\", \"user\": \"\", \"password\": \"$PASSWORD\"}"
    on 3
    eventually sign_in vera
    on_all answers 200 GET /devices -b jar
}

who_signs_out_on_one_is_signed_out_on_all() {
    on 3
    sign_in vera
    on_all answers 200 GET /devices -b jar
    on 3
    csrf=$(status GET /session -b jar >/dev/null && json csrf <answer)
    expect "signing out" "$(status DELETE /session -b jar -H "X-CSRF-Token: $csrf")" 204
    on_all answers 401 GET /devices -b jar
}

a_token_made_on_one_holds_on_all_until_it_is_revoked_on_another() {
    on 1
    "$UPDRAFT" token add build --role viewer -s "$SERVER" >token
    on_all answers 200 GET /devices -H "Authorization: Bearer $(cat token)"
    id=$(api GET /tokens | json tokens 0 id)
    on 2
    api DELETE "/tokens/$id" >/dev/null
    on_all answers 401 GET /devices -H "Authorization: Bearer $(cat token)"
}

serves() { curl -sSf "$SERVER/firmware/demo/$1" -o got && cmp got "$1.bin"; }

what_is_published_on_one_is_served_by_all() {
    on 2
    publish 1.0.0.bin demo 1.0.0
    on_all serves 1.0.0
    for node in 1 3; do eventually grep -q 'was fetched from the database' node$node.log; done
}

has_release() { api GET /releases | grep -q "\"$1\""; }

# At the same moment, of different products: both are there, or one was told to try again.
two_publish_at_once() {
    local node
    for node in 1 2 3; do
        (on $node && eventually publish 2.0.0.bin "product-$node" 2.0.0) &
    done
    wait
    for node in 1 2 3; do on_all has_release "product-$node"; done
    on_all eventually publish 2.0.0.bin product-1 2.0.0 # again, anywhere
}

# Of the same version with different bytes one wins, and all know which.
of_two_who_publish_one_version_one_wins() {
    local node pids=()
    for node in 1 2; do
        (on $node && publish "$((node + 1)).0.0.bin" same 5.0.0 2>/dev/null) &
        pids+=($!)
    done
    won=0
    for pid in "${pids[@]}"; do if wait "$pid"; then won=$((won + 1)); fi; done
    expect winners $won 1
    on 3
    eventually has_release same
    digest() { curl -sSf "$SERVER/firmware/same/5.0.0" -o whose && sha256_of whose; }
    has_digest() { [ "$(digest)" = "$winner" ]; }
    winner=$(for tries in $(seq 300); do digest 2>/dev/null && break; sleep 0.2; done)
    on_all has_digest
}

# make KIND NODE NAME: with a number that the server gives it; the answer goes to made.NODE.
make() {
    on "$2"
    case $1 in
    rollouts) body="{\"product\": \"product-$2\", \"version\": \"2.0.0\", \"target\": {\"from\": \"$3\"}, \"stages\": [{\"percent\": 100}]}" ;;
    webhooks) body="{\"url\": \"http://127.0.0.1:1/$3\", \"events\": [\"release.*\"]}" ;;
    tokens) body="{\"name\": \"$3\", \"role\": \"viewer\"}" ;;
    device-secrets) body="{\"name\": \"$3\"}" ;;
    esac
    api POST "/$1" --data "$body" >"made.$2"
}

# Both get what they asked for, under a number of its own; nobody notices.
numbers_are_each_given_once() {
    local kind round node pids
    for kind in rollouts tokens device-secrets webhooks; do
        for round in $(seq 8); do
            pids=()
            for node in 1 2 3; do
                make $kind $node "$kind-$round-$node" &
                pids+=($!)
            done
            for pid in "${pids[@]}"; do wait "$pid" || { cat made.*; return 1; }; done
            for node in 1 2 3; do
                if [ $kind != device-secrets ]; then grep -q "$kind-$round-$node\"" "made.$node"; fi
                python3 -c '
import json, sys
made = json.load(open(sys.argv[1]))
print(next(iter(made.values()))["id"] if isinstance(next(iter(made.values())), dict) else made["id"])' "made.$node" >>"numbers.$kind"
            done
        done
        expect "numbers of $kind" "$(sort -u "numbers.$kind" | wc -l)" 24
    done
    on_all has_all_numbers
    # The log has the numbers they got.
    sort -n numbers.tokens >wanted
    api GET '/audit?limit=1000' | grep -o '"token [0-9]* (tokens-' | grep -o '[0-9]*' | sort -n | diff wanted -
}
has_all_numbers() {
    for kind in rollouts tokens device-secrets webhooks; do
        api GET "/$kind" | grep -o '"id": *[0-9]*' | grep -o '[0-9]*$' | sort -u >have
        sort -u "numbers.$kind" | comm -23 - have >lacks
        not grep . lacks
    done
}

events_of_all_are_heard_on_each() {
    on 3
    curl -sSN -H "Authorization: Bearer $TOKEN" "$SERVER/api/v1/events" >events 2>/dev/null &
    local listener=$!
    eventually test -s events
    on 1
    assign 02:00:00:00:00:01 '{"product": "demo"}'
    publish 3.0.0.bin demo 3.0.0
    api DELETE /devices/02:00:00:00:00:01
    eventually grep -q '"mac":"02:00:00:00:00:01"' events || eventually grep -q 02:00:00:00:00:01 events
    eventually grep -q '^event: release' events
    eventually grep -q '^event: removed' events
    kill $listener
}

knows_them_all() { [ "$(api GET '/devices' | grep -c '"02:00:00:00:0[123]')" -eq 60 ]; }

# All of them write at once; the log is one chain for all that.
the_audit_log_is_one_chain() {
    local node number
    for node in 1 2 3; do
        (
            on $node
            for number in $(seq 20); do
                assign "02:00:00:00:0$node:$(printf %02X "$number")" '{"product": "demo"}' || exit 1
            done
        ) &
    done
    wait
    for node in 1 2 3; do
        on $node
        expect "sound, by node $node" "$(api GET /audit/verify | json sound)" true
        eventually knows_them_all # what the others have entered comes within a second
    done
    expect records "$(api GET '/audit?limit=1000' | grep -c '02:00:00:00:0[123]')" 60
}

a_webhook_is_told_once() {
    mkdir hook
    python3 "$TAP_ROOT/tests/server/webhook_receiver.py" hook 2>hook.log &
    receiver=$!
    eventually test -e hook/port
    on 1
    "$UPDRAFT" webhook add "http://127.0.0.1:$(cat hook/port)/" --events 'device.*' -s "$SERVER" >/dev/null
    on_all has_webhook
    for node in 1 2 3; do
        on $node
        ask "$(esp8266 "sta-mac=18:FE:34:00:00:0$node")"
    done
    was_told() { [ "$(grep -l device.registered hook/*.body | wc -l)" -ge 3 ]; }
    eventually was_told
    sleep 2 # for one too many, which is no failure unless it comes
    kill $receiver
    expect deliveries "$(grep -ho '"mac":"[^"]*"' hook/*.body | sort | uniq -c | awk '{print $1}' | tr '\n' ' ')" '1 1 1 '
}
has_webhook() { api GET /webhooks | grep -q device; }

check who_signs_in_on_one_is_signed_in_on_all
check who_signs_out_on_one_is_signed_out_on_all
check a_token_made_on_one_holds_on_all_until_it_is_revoked_on_another
check what_is_published_on_one_is_served_by_all
check two_publish_at_once
check of_two_who_publish_one_version_one_wins
check numbers_are_each_given_once
check events_of_all_are_heard_on_each
check the_audit_log_is_one_chain
check a_webhook_is_told_once
for number in 1 2 3; do node_stop $number; done
tap_end
