# Every answer of docs/device-api.md, asked for with plain curl and the headers
# of the Arduino documents' example.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=18:FE:AA:AA:AA:AA
NEW=$TAP_TMP/demo-1.1.0.bin
python3 "$TAP_ROOT/tests/lib/make_image.py" "$NEW" --project demo --version 1.1.0 --size 400000

REQUIRED='STA-MAC AP-MAC free-space sketch-size sketch-md5 chip-size sdk-version'

# Values that are none, for each header.
MALFORMED='STA-MAC=18:FE:AA:AA:AA STA-MAC=18:FE:AA:AA:AA:AG STA-MAC=18:FE:AA:AA:AA:AA:AA AP-MAC=nonsense
    free-space=-1 free-space=12k free-space=99999999999 sketch-size=0x10 sketch-size=1.5
    sketch-md5=a56f8ef7 sketch-md5=z56f8ef78a0bebd812f62067daf1408a chip-size=four
    mode=erase version=has%20spaces version=longer-than-the-32-characters-allowed'

an_unknown_device_gets_304_and_is_listed() {
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:01)"
    expect status "$status" 304
    expect state "$(device_says 18:FE:AA:00:00:01 state)" unassigned
    expect version "$(device_says 18:FE:AA:00:00:01 version)" DOOR-7-g14f53a19
    expect size "$(device_says 18:FE:AA:00:00:01 facts chip_size)" 4194304
}

a_due_device_gets_the_file_byte_for_byte() {
    ask "$(esp8266)"
    expect status "$status" 200
    cmp body "$NEW"
}

a_200_has_all_its_headers() {
    api POST /devices/$MAC/retry >/dev/null
    ask "$(esp8266)"
    expect Content-Length "$(header Content-Length)" "$(stat -c %s "$NEW")"
    expect Content-Type "$(header Content-Type)" application/octet-stream
    expect Content-Disposition "$(header Content-Disposition)" 'attachment; filename="demo-1.1.0.bin"'
    expect x-MD5 "$(header x-MD5)" "$(md5_of "$NEW")"
    expect ETag "$(header ETag)" "\"$(sha256_of "$NEW")\""
    expect Accept-Ranges "$(header Accept-Ranges)" bytes
    expect x-version "$(header x-version)" 1.1.0
}

a_device_with_the_version_gets_304() {
    ask "$(esp8266 version=1.1.0)"
    expect status "$status" 304
    expect body "$(stat -c %s body)" 0
    expect state "$(device_says $MAC state)" current
}

each_missing_header_is_named_in_a_403() {
    local name
    for name in $REQUIRED; do
        ask "$(esp8266 "-$name")"
        expect "status without $name" "$status" 403
        grep -qi "x-ESP8266-$name" body || { echo "$name is not named: $(cat body)"; return 1; }
        expect "lines in the answer" "$(wc -l <body)" 1
    done
}

optional_headers_may_be_missing() {
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:02 -Chip-ID -mode -version)"
    expect status "$status" 304
}

each_malformed_header_is_named_in_a_403() {
    local change name
    for change in $MALFORMED; do
        name=${change%%=*}
        ask "$(esp8266 "$name=$(printf '%s' "${change#*=}" | sed 's/%20/ /g')")"
        expect "status with $change" "$status" 403
        grep -qi "x-ESP8266-$name" body || { echo "$name is not named: $(cat body)"; return 1; }
    done
}

a_header_sent_twice_is_named_in_a_403() {
    ask "$(esp8266)" -H 'x-ESP8266-free-space: 1'
    expect status "$status" 403
    grep -qi x-ESP8266-free-space body
}

devices_ask_with_get_only() {
    ask "$(esp8266)" -X POST --data ''
    expect status "$status" 405
    expect Allow "$(header Allow)" GET
}

something_else_than_an_updater_gets_403() {
    ask "$(esp8266 -User-Agent)"
    expect "status with curl's own name" "$status" 403
    ask "$(esp8266 User-Agent=Mozilla/5.0)"
    expect "status with a browser's name" "$status" 403
    [ -s body ]
}

any_path_is_a_check_in_for_an_updater() {
    ASK_PATH='/esp/update/arduino.php?x=1' ask "$(esp8266 version=1.1.0)"
    expect status "$status" 304
    ASK_PATH=/esp/update/arduino.php ask "$(esp8266 User-Agent=curl)"
    expect "status for others" "$status" 404
}

mode_version_tells_the_version_and_counts_as_no_offer() {
    api POST /devices/$MAC/retry >/dev/null
    ask "$(esp8266 mode=version)"
    expect status "$status" 200
    expect x-version "$(header x-version)" 1.1.0
    expect x-MD5 "$(header x-MD5)" "$(md5_of "$NEW")"
    expect body "$(stat -c %s body)" 0
    expect attempts "$(device_says $MAC attempts)" 0
}

mode_version_without_a_release_gets_404() {
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:01 mode=version)"
    expect status "$status" 404
}

a_range_gets_206_and_that_part() {
    ask "$(esp8266)" -r 1000-1999
    expect status "$status" 206
    expect Content-Range "$(header Content-Range)" "bytes 1000-1999/$(stat -c %s "$NEW")"
    expect Content-Length "$(header Content-Length)" 1000
    expect x-MD5 "$(header x-MD5)" "$(md5_of "$NEW")"
    tail -c +1001 "$NEW" | head -c 1000 | cmp - body
}

the_last_bytes_can_be_asked_for() {
    ask "$(esp8266)" -r -16
    expect status "$status" 206
    tail -c 16 "$NEW" | cmp - body
}

a_range_outside_the_file_gets_416() {
    ask "$(esp8266)" -r 99999999-
    expect status "$status" 416
    expect Content-Range "$(header Content-Range)" "bytes */$(stat -c %s "$NEW")"
}

if_range_with_the_etag_gets_the_part() {
    ask "$(esp8266)" -r 100- -H "If-Range: \"$(sha256_of "$NEW")\""
    expect status "$status" 206
}

if_range_with_another_etag_gets_the_whole() {
    ask "$(esp8266)" -r 100- -H 'If-Range: "of another file"'
    expect status "$status" 200
    cmp body "$NEW"
}

an_interrupted_download_resumes() {
    local size half
    size=$(stat -c %s "$NEW")
    half=$((size / 2))
    head -c "$half" "$NEW" >partial
    esp8266 >headers
    expect status "$(curl -sS -H @headers -C - -o partial -w '%{http_code}' "$SERVER/update")" 206
    cmp partial "$NEW"
}

a_connection_cut_in_the_middle_resumes_where_it_broke_off() {
    api POST /devices/$MAC/retry >/dev/null
    esp8266 >headers
    # The client goes away after some kilobytes of the body.
    python3 - "$SERVER" headers partial-cut <<'END'
import socket, sys
host, port = sys.argv[1].removeprefix("http://").split(":")
with socket.create_connection((host, int(port))) as link, open(sys.argv[2]) as headers:
    lines = ["GET /update HTTP/1.0", "Host: server"] + headers.read().splitlines()
    link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    data = b""
    while len(data.partition(b"\r\n\r\n")[2]) < 30000:
        data += link.recv(4096)
open(sys.argv[3], "wb").write(data.partition(b"\r\n\r\n")[2])
END
    expect status "$(curl -sS -H @headers -C - -o partial-cut -w '%{http_code}' "$SERVER/update")" 206
    cmp partial-cut "$NEW"
    expect "attempts, the second part being no offer" "$(device_says $MAC attempts)" 1
}

http_1_0_works_and_closes() {
    ask "$(esp8266 version=1.1.0)" --http1.0
    expect status "$status" 304
    ask "$(esp8266)" --http1.0
    expect status "$status" 200
    cmp body "$NEW"
    ! grep -qi '^Transfer-Encoding' answer_head
}

http_1_1_keeps_the_connection() {
    esp8266 version=1.1.0 >headers
    expect "connections made" "$(curl -sS -H @headers -o one -o two -w '%{num_connects} ' \
        "$SERVER/update" "$SERVER/update")" '1 0 '
}

connection_close_is_obeyed() {
    esp8266 version=1.1.0 >headers
    expect "connections made" "$(curl -sS -H @headers -H 'Connection: close' -o one -o two \
        -w '%{num_connects} ' "$SERVER/update" "$SERVER/update")" '1 1 '
}

an_esp32_checks_in() {
    ask "$(esp32)"
    expect status "$status" 304
    expect chip "$(device_says 24:0A:C4:AA:AA:AA chip)" ESP32
    expect sha256 "$(device_says 24:0A:C4:AA:AA:AA facts sketch_sha256 | tr A-F a-f)" \
        "$(printf '55aa%.0s' $(seq 16))"
}

an_esp32_may_send_only_the_sha256() {
    ask "$(esp32 -sketch-md5)"
    expect status "$status" 304
    ask "$(esp32 -sketch-md5 -sketch-sha256)"
    expect "status with neither" "$status" 403
    grep -qi 'x-ESP32-sketch-' body
}

each_missing_esp32_header_is_named_in_a_403() {
    local name
    for name in STA-MAC AP-MAC free-space sketch-size chip-size sdk-version; do
        ask "$(esp32 "-$name")"
        expect "status without $name" "$status" 403
        grep -qi "x-ESP32-$name" body || { echo "$name is not named: $(cat body)"; return 1; }
    done
}

an_esp32_is_not_offered_an_esp8266_image() {
    assign 24:0A:C4:AA:AA:AA '{"product": "demo"}'
    ask "$(esp32)"
    expect status "$status" 304
    expect state "$(device_says 24:0A:C4:AA:AA:AA state)" unfit
    device_says 24:0A:C4:AA:AA:AA reason | grep -q ESP8266
}

plain_downloads_need_no_headers() {
    expect "newest stable" "$(curl -sS -o plain -w '%{http_code}' "$SERVER/firmware/demo")" 200
    cmp plain "$NEW"
    expect "a version" "$(curl -sS -o plain -w '%{http_code}' "$SERVER/firmware/demo/1.1.0")" 200
    cmp plain "$NEW"
    expect "no such version" "$(curl -sS -o plain -w '%{http_code}' "$SERVER/firmware/demo/9.9")" 404
    expect "no such product" "$(curl -sS -o plain -w '%{http_code}' "$SERVER/firmware/nothing")" 404
}

head_tells_the_length_without_a_body() {
    curl -sS -I "$SERVER/firmware/demo" >answer_head
    grep -q '^HTTP/1.1 200' answer_head
    expect Content-Length "$(header Content-Length)" "$(stat -c %s "$NEW")"
    expect x-MD5 "$(header x-MD5)" "$(md5_of "$NEW")"
    expect ETag "$(header ETag)" "\"$(sha256_of "$NEW")\""
}

if_none_match_gets_304() {
    local tag
    for tag in "\"$(sha256_of "$NEW")\"" "\"other\", \"$(sha256_of "$NEW")\"" '*'; do
        expect "If-None-Match: $tag" \
            "$(curl -sS -o plain -w '%{http_code}' -H "If-None-Match: $tag" "$SERVER/firmware/demo")" 304
    done
    expect "another tag" "$(curl -sS -o plain -w '%{http_code}' -H 'If-None-Match: "other"' \
        "$SERVER/firmware/demo")" 200
}

a_plain_download_resumes() {
    head -c 50000 "$NEW" >plain-part
    expect status "$(curl -sS -C - -o plain-part -w '%{http_code}' "$SERVER/firmware/demo")" 206
    cmp plain-part "$NEW"
}

after_three_offers_a_device_is_held_back() {
    local n mac=18:FE:AA:00:00:03
    assign $mac '{"product": "demo"}'
    for n in 1 2 3; do
        ask "$(esp8266 STA-MAC=$mac)"
        expect "status of offer $n" "$status" 200
    done
    ask "$(esp8266 STA-MAC=$mac)"
    expect "status after three" "$status" 304
    expect state "$(device_says $mac state)" failing
    expect attempts "$(device_says $mac attempts)" 3
}

a_retry_offers_again() {
    api POST /devices/18:FE:AA:00:00:03/retry >/dev/null
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:03)"
    expect status "$status" 200
}

a_release_that_does_not_fit_is_not_offered() {
    local mac=18:FE:AA:00:00:04
    assign $mac '{"product": "demo"}'
    ask "$(esp8266 STA-MAC=$mac free-space=4096)"
    expect "status without space" "$status" 304
    expect state "$(device_says $mac state)" unfit
    device_says $mac reason | grep -q 4096
    ask "$(esp8266 STA-MAC=$mac chip-size=1048576)"
    expect "status with a smaller chip" "$status" 304
    expect state "$(device_says $mac state)" unfit
    device_says $mac reason | grep -q 1048576
    ask "$(esp8266 STA-MAC=$mac)"
    expect "status where it fits" "$status" 200
}

unknown_devices_can_be_refused() {
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:09)"
    expect status "$status" 403
    [ -s body ]
    expect devices "$(api GET /devices | json devices)" '[]'
}

known_devices_are_served_where_unknown_ones_are_refused() {
    assign 18:FE:AA:00:00:09 '{"product": "demo"}'
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:09)"
    expect status "$status" 304
}

beyond_their_limit_unknown_devices_are_not_listed() {
    local n
    for n in 1 2 3 4; do
        ask "$(esp8266 STA-MAC=18:FE:AA:00:00:0$n)"
        expect "status of device $n" "$status" 304
    done
    expect listed "$(api GET /devices | grep -o '"mac"' | wc -l)" 2
    expect "lines of the log" "$(grep -c 'are not registered' "$TAP_TMP/limited.log")" 1
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:03 mode=version)"
    expect "status of mode version" "$status" 404
}

where_one_was_assigned_the_next_is_listed() {
    assign 18:FE:AA:00:00:01 '{"product": "demo"}'
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:03)"
    ask "$(esp8266 STA-MAC=18:FE:AA:00:00:04)"
    expect listed "$(api GET /devices | grep -o '"mac"' | wc -l)" 3
    expect "lines of the log" "$(grep -c 'are not registered' "$TAP_TMP/limited.log")" 2
}

server_start data
check an_unknown_device_gets_304_and_is_listed
publish "$NEW" demo 1.1.0 || { echo "Bail out! publishing failed"; exit 1; }
assign $MAC '{"product": "demo"}'
check a_due_device_gets_the_file_byte_for_byte
check a_200_has_all_its_headers
check a_device_with_the_version_gets_304
check each_missing_header_is_named_in_a_403
check optional_headers_may_be_missing
check each_malformed_header_is_named_in_a_403
check a_header_sent_twice_is_named_in_a_403
check devices_ask_with_get_only
check something_else_than_an_updater_gets_403
check any_path_is_a_check_in_for_an_updater
check mode_version_tells_the_version_and_counts_as_no_offer
check mode_version_without_a_release_gets_404
check a_range_gets_206_and_that_part
check the_last_bytes_can_be_asked_for
check a_range_outside_the_file_gets_416
check if_range_with_the_etag_gets_the_part
check if_range_with_another_etag_gets_the_whole
api POST /devices/$MAC/retry >/dev/null
check an_interrupted_download_resumes
check a_connection_cut_in_the_middle_resumes_where_it_broke_off
check http_1_0_works_and_closes
check http_1_1_keeps_the_connection
check connection_close_is_obeyed
check an_esp32_checks_in
check an_esp32_may_send_only_the_sha256
check each_missing_esp32_header_is_named_in_a_403
check an_esp32_is_not_offered_an_esp8266_image
check plain_downloads_need_no_headers
check head_tells_the_length_without_a_body
check if_none_match_gets_304
check a_plain_download_resumes
check after_three_offers_a_device_is_held_back
check a_retry_offers_again
check a_release_that_does_not_fit_is_not_offered
server_start refusing --unknown-devices refuse
check unknown_devices_can_be_refused
check known_devices_are_served_where_unknown_ones_are_refused
server_start limited --unknown-limit 2
check beyond_their_limit_unknown_devices_are_not_listed
check where_one_was_assigned_the_next_is_listed
tap_end
