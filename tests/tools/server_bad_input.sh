# The subcommands around the server: a mistake, or a server that is not there or
# says no, is one line on stderr and exit 1 or 2.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/refused.sh"

# Beside the binary under test lie the firmware files.
FIRMWARE=$BUILD/firmware/demo-1.0.0.bin
NOBODY=http://127.0.0.1:1
unset UPDRAFT_SERVER UPDRAFT_TOKEN UPDRAFT_TOKEN_FILE

# Starts a server in ./data and sets `server` and UPDRAFT_TOKEN_FILE.
start_server() {
    local tries
    "$UPDRAFT" serve --data data --listen 127.0.0.1:0 >serve.out 2>serve.log &
    echo $! >serve.pid
    for tries in $(seq 1200); do
        server=$(sed -n 's/^listening on //p' serve.out)
        [ -n "$server" ] && break
        sleep 0.05
    done
    [ -n "$server" ] || { cat serve.log; return 1; }
    trap 'kill "$(cat serve.pid)" 2>/dev/null' EXIT
    export UPDRAFT_SERVER=$server UPDRAFT_TOKEN_FILE=$PWD/data/operator.token
}

serve_refuses() {
    refused 2 serve
    refused 2 serve --data data extra
    refused 2 serve --data ''
    refused 2 serve --data data --unknown-devices maybe
    refused 2 serve --data data --unknown-limit 4294967296
    refused 2 serve --data data --drain soon
    local address
    for address in '' nonsense 127.0.0.1 127.0.0.1: :x 127.0.0.1:-1 127.0.0.1:65536 127.0.0.1:80x \
        300.0.0.1:80 no.such.host.invalid:80 '[::1:80'; do
        timeout 60 "$UPDRAFT" serve --data data --listen "$address" >out 2>err </dev/null && return 1
        [ "$(wc -l <err)" -eq 1 ] || { echo "--listen '$address'"; cat err; return 1; }
    done
    echo file >plain
    refused 1 serve --data plain --listen 127.0.0.1:0
    refused 1 serve --data plain/below --listen 127.0.0.1:0
    refused 1 serve --data /proc/nothing --listen 127.0.0.1:0
}

serve_refuses_what_is_taken() {
    start_server
    refused 1 serve --data data --listen 127.0.0.1:0
    refused 1 serve --data other --listen "${server#http://}"
}

clients_say_that_nobody_answers() {
    export UPDRAFT_TOKEN=x
    refused 1 devices --server $NOBODY
    refused 1 devices list --server $NOBODY --json
    refused 1 releases --server $NOBODY
    refused 1 publish "$FIRMWARE" --server $NOBODY
    refused 1 devices --server http://no.such.host.invalid
}

clients_refuse_bad_addresses_and_tokens() {
    local url
    for url in '' nonsense:// ftp://host http:// 'http://a b' "$(printf 'http://a\nb')"; do
        UPDRAFT_TOKEN=x timeout 60 "$UPDRAFT" devices --server "$url" >out 2>err </dev/null && return 1
        [ "$(wc -l <err)" -eq 1 ] || { echo "--server '$url'"; cat err; return 1; }
    done
    mkdir -p directory
    : >empty
    refused 1 devices --server $NOBODY --token-file missing
    refused 1 devices --server $NOBODY --token-file directory
    refused 1 devices --server $NOBODY --token-file empty
    timeout 60 "$UPDRAFT" devices --server $NOBODY >out 2>err </dev/null && return 1
    [ "$(wc -l <err)" -eq 1 ]
}

wrong_words_are_refused() {
    export UPDRAFT_TOKEN=x UPDRAFT_SERVER=$NOBODY
    refused 2 publish
    refused 2 publish a b
    refused 2 devices nonsense
    refused 2 devices list extra
    refused 2 devices show
    refused 2 devices set
    refused 2 devices retry
    refused 2 devices remove
    refused 2 devices group
    refused 2 releases nonsense
    refused 1 publish missing
    refused 1 publish .
}

servers_refusals_are_passed_on() {
    start_server
    refused 1 devices show 5C:CF:7F:00:00:99
    refused 1 devices show nonsense
    refused 1 devices set 5C:CF:7F:00:00:99 --product 'not a name'
    refused 1 devices set nonsense --product demo
    refused 1 devices retry 5C:CF:7F:00:00:99
    refused 1 devices remove 5C:CF:7F:00:00:99
    refused 2 devices group '../x' --product demo
    refused 1 publish "$FIRMWARE" --product '.hidden'
    refused 1 publish "$FIRMWARE" --version 'has space'
    printf 'hello\n' >text
    : >empty
    head -c 3000 "$FIRMWARE" >cut.bin
    head -c 9000 /dev/zero >zeros.bin
    local file
    for file in text empty cut.bin zeros.bin; do
        refused 1 publish "$file" --product demo --version 9
    done
    "$UPDRAFT" publish "$FIRMWARE" >/dev/null
    cp "$(dirname "$FIRMWARE")/demo-1.1.0.bin" other.bin
    refused 1 publish other.bin --product demo --version 1.0.0
    UPDRAFT_TOKEN_FILE=$PWD/text refused 1 devices
    kill -0 "$(cat serve.pid)"
}

check serve_refuses
check serve_refuses_what_is_taken
check clients_say_that_nobody_answers
check clients_refuse_bad_addresses_and_tokens
check wrong_words_are_refused
check servers_refusals_are_passed_on
tap_end
