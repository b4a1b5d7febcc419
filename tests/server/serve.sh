# The server as a process: how it starts, what it says, how it stops, and what
# it does when things are taken from under it.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

IMAGE=$TAP_TMP/demo.bin
python3 "$TAP_ROOT/tests/lib/make_image.py" "$IMAGE" --project demo --version 1.0.0 --size 300000

# refused STATUS TEXT ARGUMENT…: ends with this status and one line that has the text.
refused() {
    local expected=$1 text=$2 code=0
    shift 2
    timeout 60 "$UPDRAFT" "$@" >out 2>err </dev/null || code=$?
    expect "status of updraft $*" $code "$expected"
    expect "lines of updraft $*" "$(wc -l <err)" 1
    [ ! -s out ]
    grep -qF -- "$text" err || { cat err; return 1; }
}

it_says_where_it_listens_and_nothing_else() {
    expect lines "$(wc -l <"$TAP_TMP/data.out")" 3
    sed -n 1p "$TAP_TMP/data.out" | grep -qxE 'listening on http://127\.0\.0\.1:[0-9]+'
    sed -n 2p "$TAP_TMP/data.out" | grep -qxE 'dashboard: http://127\.0\.0\.1:[0-9]+/#token=[0-9a-f]{64}'
    sed -n 3p "$TAP_TMP/data.out" | grep -qE '^nobody can sign in yet: .* http://127\.0\.0\.1:[0-9]+/#setup=[0-9a-f]{64}$'
}

the_token_is_for_its_owner_alone() {
    expect mode "$(stat -c %a "$TAP_TMP/data/operator.token")" 600
    grep -q "token=$TOKEN\$" "$TAP_TMP/data.out"
}

only_the_token_opens_the_operator_s_door() {
    local path code
    for path in /releases /devices /groups /rollouts /rollouts/1 /overview /events /nothing; do
        code=$(curl -sS -o answer -w '%{http_code}' "$SERVER/api/v1$path")
        expect "$path without a token" "$code" 401
        json error <answer | grep -q token
        code=$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer ${TOKEN%?}" "$SERVER/api/v1$path")
        expect "$path with half a token" "$code" 401
        code=$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer ${TOKEN}0" "$SERVER/api/v1$path")
        expect "$path with too long a token" "$code" 401
    done
    code=$(curl -sS -o answer -w '%{http_code}' --data-binary "@$IMAGE" "$SERVER/api/v1/releases?product=a&version=1")
    expect "publishing without a token" "$code" 401
}

wrong_methods_and_paths_are_told() {
    local code
    code=$(api POST /overview -o answer -w '%{http_code}' || true)
    expect "POST /overview" "$code" 405
    json error <answer | grep -q 'only GET'
    code=$(api GET /nothing -o answer -w '%{http_code}' || true)
    expect "GET /nothing" "$code" 404
    code=$(api DELETE /devices/nonsense -o answer -w '%{http_code}' || true)
    expect "DELETE of no MAC" "$code" 400
    code=$(api GET /devices/02:00:00:00:00:99 -o answer -w '%{http_code}' || true)
    expect "GET of no device" "$code" 404
}

the_pages_come_compressed_to_who_takes_that() {
    local path etag
    for path in / /rollouts.html /style.css /app.js; do
        curl -sS "$SERVER$path" -o plain -D plain.headers
        curl -sS -H 'Accept-Encoding: gzip' "$SERVER$path" -o packed.gz -D packed.headers
        gunzip -c packed.gz | cmp - plain
        grep -qi '^content-encoding: gzip' packed.headers
        not grep -qi '^content-encoding' plain.headers
        grep -qi '^vary: accept-encoding' plain.headers
        [ "$(wc -c <packed.gz)" -lt "$(wc -c <plain)" ]
    done
    etag=$(sed -n 's/^etag: *//Ip' packed.headers | tr -d '\r')
    expect unchanged "$(curl -sS -o /dev/null -w '%{http_code}' -H 'Accept-Encoding: gzip' \
        -H "If-None-Match: $etag" "$SERVER/app.js")" 304
    expect "the other form" "$(curl -sS -o /dev/null -w '%{http_code}' -H "If-None-Match: $etag" "$SERVER/app.js")" 200
    curl -sS "$SERVER/" >page
    expect "parts left out" "$(grep -c 'include frame' page)" 0
}

settings_are_checked() {
    local body code
    for body in '' '[]' '{' '{"product": 1}' '{"product": "a/b"}' '{"product": ".a"}' '{"colour": "red"}' \
        '{"pin": "1 0"}' '{"product": "a", "product": "b"}' '{"channel": true}'; do
        code=$(api PUT /devices/02:00:00:00:00:01 --data "$body" -o answer -w '%{http_code}' || true)
        expect "PUT $body" "$code" 400
        [ -n "$(json error <answer)" ]
    done
    code=$(api PUT /devices/02:00:00:00:00:01 --data '{"product": "a", "pin": "9"}' -o answer -w '%{http_code}' || true)
    expect "a pin that is no release" "$code" 409
    code=$(api PUT /groups/lab --data '{"pin": "9"}' -o answer -w '%{http_code}' || true)
    expect "a group's pin without a product" "$code" 409
    code=$(api GET '/devices?state=asleep' -o answer -w '%{http_code}' || true)
    expect "a state that is none" "$code" 400
    expect devices "$(api GET /devices | json devices)" '[]'
}

what_is_no_image_is_not_published() {
    local code
    : >empty
    echo '<html>' >page
    head -c 5000 "$IMAGE" >half
    for file in empty page half; do
        code=$(api POST '/releases?product=x&version=1' --data-binary "@$file" -o answer -w '%{http_code}' || true)
        expect "publishing $file" "$code" 422
        json error <answer | grep -q '^refused: '
    done
    code=$(api POST '/releases?product=a%2Fb&version=1' --data-binary "@$IMAGE" -o answer -w '%{http_code}' || true)
    expect "publishing under a bad name" "$code" 400
    code=$(head -c 40000000 /dev/zero | api POST '/releases?product=x&version=1' --data-binary @- -o answer -w '%{http_code}' || true)
    expect "publishing 40 MB" "$code" 413
    expect releases "$(api GET /releases | json releases)" '[]'
    expect "files left" "$(find "$TAP_TMP/data/blobs" -type f | wc -l)" 0
}

publishing_names_itself_by_the_description() {
    "$UPDRAFT" publish "$IMAGE" >out
    grep -q '^demo 1.0.0 is published on stable' out
    "$UPDRAFT" publish "$IMAGE" >out
    grep -q 'published already' out
    "$UPDRAFT" publish "$IMAGE" --json | json description version | grep -qx 1.0.0
    expect "the file's name" "$("$UPDRAFT" releases --json | json releases 0 name)" demo-1.0.0.bin
}

an_image_for_another_chip_is_another_product() {
    python3 "$TAP_ROOT/tests/lib/make_image.py" other.bin --project demo --version 2 --chip esp32 --size 5000
    refused 1 'is a product of ESP8266s' publish other.bin --product demo --version 2
    "$UPDRAFT" publish other.bin --product big --version 2 >/dev/null
}

a_second_server_is_kept_out_of_the_folder() {
    refused 1 'another server uses this folder' serve --data "$TAP_TMP/data" --listen 127.0.0.1:0
}

a_port_in_use_is_said() {
    refused 1 'in use' serve --data "$TAP_TMP/second" --listen "${SERVER#http://}"
}

bad_calls_are_said() {
    refused 2 '--data is missing' serve
    refused 2 'is not ADDR:PORT' serve --data d --listen 8266
    refused 2 'not perhaps' serve --data d --unknown-devices perhaps
    refused 2 'not expected' serve --data d surplus
    : >file
    refused 1 'Not a directory' serve --data file/below --listen 127.0.0.1:0
}

the_command_line_passes_refusals_on() {
    refused 1 'there is no device' devices show 02:00:00:00:00:77
    refused 2 'is not a MAC address' devices show 'a/b'
    refused 1 'is not a MAC address' devices show abc
    refused 2 'set what?' devices set 02:00:00:00:00:77
    refused 2 'does not take --pin' devices list --pin 1
    refused 1 'has no release 7' devices set 02:00:00:00:00:77 --product demo --pin 7
    refused 1 'that token is not known' devices --token-file "$IMAGE.sha"
    refused 1 'No such file' publish nothing.bin
}

nobody_there_is_said() {
    refused 1 'http://127.0.0.1:1: ' releases --server http://127.0.0.1:1
    refused 2 'is no URL' releases --server localhost
}

events_tell_of_changes_as_they_happen() {
    curl -sSN -H "Authorization: Bearer $TOKEN" "$SERVER/api/v1/events" >events &
    local listener=$!
    eventually test -s events # it is heard from the beginning
    "$UPDRAFT" devices set 02:00:00:00:00:05 --product demo >/dev/null
    api POST "/releases?product=demo&version=1.0.0&channel=beta" --data-binary "@$IMAGE" >/dev/null
    eventually grep -q '^event: release' events
    eventually grep -q '^event: device' events
    "$UPDRAFT" devices remove 02:00:00:00:00:05
    has_told_of_the_end() { grep -A1 '^event: removed' events | grep -q '02:00:00:00:00:05'; }
    eventually has_told_of_the_end
    kill $listener
    grep -A1 '^event: device' events | sed -n 's/^data: //p' | head -1 | json mac | grep -qx 02:00:00:00:00:05
    grep -A1 '^event: release' events | sed -n 's/^data: //p' | head -1 | json channel | grep -qx beta
}

progress_of_a_download_is_seen() {
    local sent mac=02:00:00:00:00:06
    python3 "$TAP_ROOT/tests/lib/make_image.py" large.bin --project large --version 1 --size 12000000 --flash-mb 16
    publish large.bin large 1
    "$UPDRAFT" devices set $mac --product large >/dev/null
    slow_download $mac free-space=14000000 chip-size=16777216
    sent=$(device_says $mac download)
    expect state "$(device_says $mac state)" updating
    expect size "$(echo "$sent" | json size)" "$(stat -c %s large.bin)"
    [ "$(echo "$sent" | json sent)" -lt 12000000 ]
    kill $slow
    download_is $mac null
    ask "$(esp8266 STA-MAC=$mac free-space=14000000 chip-size=16777216)"
    cmp body large.bin
    expect "state when sent" "$(device_says $mac state)" updating
    expect download "$(device_says $mac download)" null
    "$UPDRAFT" devices set $mac --product demo >/dev/null
    ask "$(esp8266 STA-MAC=$mac)"
    expect "offer of another product" "$status" 200
}

stopping_lets_a_download_finish() {
    curl -sS --limit-rate 150k -o got "$SERVER/firmware/demo" &
    local download=$!
    eventually test -s got
    kill -TERM "$(cat "$TAP_TMP/pid")"
    wait $download
    cmp got "$IMAGE"
}

it_ends_with_status_0() { expect status "$stop_status" 0; }

everything_is_there_after_a_restart() {
    expect version "$("$UPDRAFT" releases --product demo --json | json releases 0 version)" 1.0.0
    expect attempts "$(device_says 02:00:00:00:00:06 attempts)" 1
    curl -sS -o got "$SERVER/firmware/demo/1.0.0"
    cmp got "$IMAGE"
}

# The files are looked at after the start: at most a minute.
the_missing_file_is_named() {
    local tries
    for tries in $(seq 600); do
        grep -q 'the file of demo 1.0.0 is not here: publish it again' "$TAP_TMP/data.log" && return
        sleep 0.1
    done
    cat "$TAP_TMP/data.log"
    return 1
}

a_missing_file_is_named_and_the_rest_served() {
    the_missing_file_is_named
    expect "plain download" "$(curl -sS -o body -w '%{http_code}' "$SERVER/firmware/demo")" 503
    expect "another release" "$(curl -sS -o body -w '%{http_code}' "$SERVER/firmware/big")" 200
    ask "$(esp8266 STA-MAC=02:00:00:00:00:06)"
    expect "check-in" "$status" 304
    expect state "$(device_says 02:00:00:00:00:06 state)" unfit
    publish "$IMAGE" demo 1.0.0
    expect "after publishing again" "$(curl -sS -o got -w '%{http_code}' "$SERVER/firmware/demo")" 200
    cmp got "$IMAGE"
}

without_room_to_write_it_says_so_and_goes_on() {
    ask "$(esp8266 STA-MAC=02:00:00:00:00:07)"
    expect "a new device" "$status" 503
    expect Retry-After "$(header Retry-After)" 30
    ask "$(esp8266 STA-MAC=02:00:00:00:00:06 version=1.0.0)"
    expect "a known device" "$status" 304
    expect "an operator" "$(api PUT /devices/02:00:00:00:00:06 --data '{"channel": "beta"}' -o body -w '%{http_code}' || true)" 503
    expect channel "$(device_says 02:00:00:00:00:06 channel)" null
    expect "publishing" "$(api POST '/releases?product=demo&version=3' --data-binary "@$IMAGE" -o body -w '%{http_code}' || true)" 503
    expect "a download" "$(curl -sS -o got -w '%{http_code}' "$SERVER/firmware/demo")" 200
    grep -q 'the database cannot be written' "$TAP_TMP/data.log"
}

server_start data
echo "not the token, but long enough" >"$IMAGE.sha"
check it_says_where_it_listens_and_nothing_else
check the_token_is_for_its_owner_alone
check only_the_token_opens_the_operator_s_door
check wrong_methods_and_paths_are_told
check the_pages_come_compressed_to_who_takes_that
check settings_are_checked
check what_is_no_image_is_not_published
check publishing_names_itself_by_the_description
check an_image_for_another_chip_is_another_product
check a_second_server_is_kept_out_of_the_folder
check a_port_in_use_is_said
check bad_calls_are_said
check the_command_line_passes_refusals_on
check nobody_there_is_said
check events_tell_of_changes_as_they_happen
check progress_of_a_download_is_seen
echo "$server_pid" >"$TAP_TMP/pid"
check stopping_lets_a_download_finish
wait "$server_pid"
stop_status=$?
check it_ends_with_status_0
server_start data
check everything_is_there_after_a_restart
server_stop
rm "$TAP_TMP/data/blobs/$(sha256_of "$IMAGE")"
server_start data
check a_missing_file_is_named_and_the_rest_served
# No file of the server may grow past 1 KB any more, as on a full disk. Its log
# goes on, being smaller.
prlimit --pid "$server_pid" --fsize=1024
check without_room_to_write_it_says_so_and_goes_on
server_stop
tap_end
