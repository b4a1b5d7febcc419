# https from the server's side: what small devices need of it, its certificate, and what
# goes over plain HTTP beside it.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

ASK=$NATIVE/tests/tls/tls_ask
MAC=18:FE:AA:AA:AA:AA
IMAGE=$TAP_TMP/demo-1.bin
python3 "$TAP_ROOT/tests/lib/make_image.py" "$IMAGE" --project demo --version 1 --size 400000

# new_certificate NAME [HOST]: NAME.key and NAME.crt.
new_certificate() {
    rm -f "$TAP_TMP/$1.key" "$TAP_TMP/$1.crt"
    "$UPDRAFT" keygen --tls "${2:-127.0.0.1}" --private "$TAP_TMP/$1.key" --public "$TAP_TMP/$1.crt" >"$TAP_TMP/$1.said"
}

pin_of() { # CERTIFICATE: as openssl makes it
    openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | openssl base64 -A | sed 's|^|sha256//|'
}

# install NAME: what the server has is now this one.
install_certificate() {
    cp "$TAP_TMP/$1.crt" "$TAP_TMP/tls.crt.new"
    cp "$TAP_TMP/$1.key" "$TAP_TMP/tls.key.new"
    mv "$TAP_TMP/tls.crt.new" "$TAP_TMP/tls.crt"
    mv "$TAP_TMP/tls.key.new" "$TAP_TMP/tls.key"
}

new_certificate one
new_certificate two
install_certificate one
export CURL_CA_BUNDLE=$TAP_TMP/one.crt UPDRAFT_CA=$TAP_TMP/one.crt
server_start data --tls-cert "$TAP_TMP/tls.crt" --tls-key "$TAP_TMP/tls.key" --listen-plain 127.0.0.1:0
PORT=${SERVER##*:}
PLAIN=$(sed -n 's/^for devices that verify signatures: //p' "$TAP_TMP/data.out")
PIN=$(pin_of "$TAP_TMP/one.crt")

# small RECORD PATH [header lines]: the answer's body in `body`, its head in `head`.
small() {
    local request
    request=$(printf 'GET %s HTTP/1.0\nHost: 127.0.0.1%s' "$2" "${3:+
$3}")
    "$ASK" 127.0.0.1 "$PORT" "$1" "$PIN" "$request" >answer
    python3 -c '
import sys
head, body = open("answer", "rb").read().split(b"\r\n\r\n", 1)
open("head", "wb").write(head)
open("body", "wb").write(body)'
}

the_addresses_say_https() {
    case $SERVER in https://127.0.0.1:*) ;; *) echo "$SERVER"; return 1 ;; esac
    grep -qE '^dashboard: https://127\.0\.0\.1:[0-9]+/#token=' "$TAP_TMP/data.out"
    grep -q 'certificate: P-256, for 127.0.0.1, until' "$TAP_TMP/data.log"
    curl -sS "$SERVER/" | grep -q '<!doctype html>'
    grep -qF "pin: $PIN" "$TAP_TMP/one.said"
}

the_operator_s_commands_take_ca_and_pin() {
    "$UPDRAFT" publish "$IMAGE" -p demo -v 1 >/dev/null
    UPDRAFT_CA='' "$UPDRAFT" releases --server-pin "$PIN" | grep -q demo
    not env UPDRAFT_CA='' "$UPDRAFT" releases --server-pin "$(pin_of "$TAP_TMP/two.crt")" 2>err
    grep -q 'another key than the pinned one' err
    not env UPDRAFT_CA=$TAP_TMP/two.crt "$UPDRAFT" releases 2>err
    grep -q -- '--ca FILE' err
    expect lines "$(wc -l <err)" 1
}

bearssl_downloads_with_small_buffers() {
    local record
    for record in 512 1024 2048 4096 16384; do
        small $record /firmware/demo
        cmp body "$IMAGE"
    done
}

bearssl_checks_in_with_512_bytes() {
    local headers
    headers=$(esp8266 version=1 | tr -d '\r')
    small 512 /update "$headers"
    head -n 1 head | grep -q ' 304 '
    assign $MAC '{"product": "demo"}'
    small 512 /update "$(esp8266 version=0 free-space=900000)"
    cmp body "$IMAGE"
    expect offers "$(device_says $MAC version)" 0
}

# What s_client shows of each record's header: the longest, without what ciphers add (40
# bytes at most).
records_keep_to_the_length_asked_for() {
    local version length longest
    for version in tls1_2 tls1_3; do
        for length in 512 1024 2048 4096; do
            printf 'GET /firmware/demo HTTP/1.0\r\n\r\n' | timeout 120 openssl s_client -$version -maxfraglen $length \
                -connect "127.0.0.1:$PORT" -CAfile "$TAP_TMP/one.crt" -msg -ign_eof >transcript 2>&1 || true
            longest=$(python3 -c '
import re
records = re.findall(rb"<<< TLS [0-9.]+, RecordHeader \[length 0005\]\n +17 03 03 (..) (..)", open("transcript", "rb").read())
print(max(int(high + low, 16) for high, low in records), len(records))')
            echo "$version $length: $longest"
            [ "${longest% *}" -ge "$length" ]
            [ "${longest% *}" -le $((length + 40)) ]
            [ "${longest#* }" -ge $((400000 / length)) ]
        done
    done
}

# speaks VERSION: the server does; the client would speak any.
speaks() {
    openssl s_client "-$1" -cipher ALL:@SECLEVEL=0 -connect "127.0.0.1:$PORT" </dev/null >transcript 2>&1
}

versions_are_1_2_and_1_3() {
    speaks tls1_2
    speaks tls1_3
    not speaks tls1_1
    grep -qE 'alert|unexpected eof' transcript # it was the server that would not
}

who_speaks_http_here_is_told() {
    local code
    code=$(curl -sS -o answer -w '%{http_code}' "http://127.0.0.1:$PORT/update")
    expect status "$code" 400
    grep -q 'speaks TLS: ask https://' answer
    not "$UPDRAFT" releases --server "http://127.0.0.1:$PORT" 2>err
    grep -q 'give https://' err
    not "$UPDRAFT" releases --server "https://${PLAIN#http://}" 2>err
    grep -q 'is it http://?' err
}

# Hundredths of a second that the server has been on a processor.
spent_ticks() { awk '{ print $14 + $15 }' "/proc/$server_pid/stat"; }

# It takes the server ten seconds to lose patience, which it does not spend going round and round.
a_handshake_that_drags_on_is_cut() {
    local before
    before=$(spent_ticks)
    timeout 120 python3 - "$PORT" <<'END'
import socket, sys, time
stream = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream.sendall(b"\x16\x03\x01\x01\x00")
stream.settimeout(1)
while True:  # a byte a second of a greeting of 256
    try:
        stream.sendall(b"\x01")
        if stream.recv(100) == b"":
            break
    except TimeoutError:
        continue
    except OSError:
        break
END
    expect "less than two seconds of work" $(($(spent_ticks) - before < 200)) 1
    curl -sS "$SERVER/" >/dev/null
}

an_end_meets_handshakes() {
    python3 "$TAP_ROOT/tests/tls/ends.py" "$TAP_TMP/two.crt" "$TAP_TMP/two.key" \
        "$UPDRAFT" serve --data "$TAP_TMP/ends" --listen 127.0.0.1:0
}

# ask_openssl OPTION…: what it says of a connection on which it asks for the dashboard's page.
ask_openssl() {
    printf 'GET / HTTP/1.0\r\n\r\n' |
        timeout 120 openssl s_client -connect "127.0.0.1:$PORT" -ign_eof "$@" 2>/dev/null
}

sessions_are_resumed() {
    local version
    for version in -tls1_2 -tls1_3; do
        ask_openssl $version -sess_out session >said
        grep '^New, ' said >/dev/null
        ask_openssl $version -sess_in session >said
        expect "with $version, resumed" "$(grep -c '^Reused, ' said)" 1
        grep '^HTTP/1.1 200 ' said >/dev/null
    done
}

signed_files_alone_go_over_plain_http() {
    local code
    code=$(curl -sS -o answer -w '%{http_code}' "$PLAIN/firmware/demo")
    expect "an unsigned file" "$code" 403
    grep -q https answer
    code=$(curl -sS -o answer -w '%{http_code}' "$PLAIN/")
    expect "the dashboard" "$code" 404
    code=$(curl -sS -o answer -w '%{http_code}' -H "Authorization: Bearer $TOKEN" "$PLAIN/api/v1/overview")
    expect "the operator's interface" "$code" 404
    SERVER=$PLAIN ask "$(esp8266 version=0 free-space=900000)"
    expect "a check-in without a signed form" "$status" 304
    "$UPDRAFT" keygen --type p256 --private sign.key --public sign.pub >/dev/null
    "$UPDRAFT" sign "$IMAGE" --key sign.key --out signed.bin >/dev/null
    "$UPDRAFT" publish signed.bin -p demo -v 1 >/dev/null
    SERVER=$PLAIN ask "$(esp8266 version=0 free-space=900000)"
    expect "a check-in" "$status" 200
    cmp body signed.bin
    curl -sS -o body "$PLAIN/firmware/demo"
    cmp body signed.bin
}

# shows NAME: the certificate new connections get, within a minute.
shows() {
    local tries got wanted
    wanted=$(openssl x509 -in "$TAP_TMP/$1.crt" -noout -fingerprint)
    for tries in $(seq 300); do
        got=$(openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)
        [ "$got" != "$wanted" ] || return 0
        sleep 0.2
    done
    echo "shows $got, not $wanted"
    return 1
}

a_certificate_is_replaced_while_downloads_run() {
    curl -sS --limit-rate 150k -o slow "$SERVER/firmware/demo" &
    local download=$!
    eventually test -s slow
    install_certificate two
    shows two
    wait $download
    cmp slow "$IMAGE"
    grep -q 'new certificate: P-256' "$TAP_TMP/data.log"
    not curl -sS -o /dev/null "$SERVER/" 2>err # the one before is trusted no more
    curl -sS -o /dev/null --cacert "$TAP_TMP/two.crt" "$SERVER/"
}

what_cannot_be_used_is_not_taken() {
    cp "$TAP_TMP/one.crt" "$TAP_TMP/tls.crt"
    kill -HUP $server_pid
    local tries
    for tries in $(seq 600); do grep -q 'is kept' "$TAP_TMP/data.log" && break; sleep 0.1; done
    grep -q "the certificate before is kept.*the key is not the certificate's" "$TAP_TMP/data.log"
    shows two
    cp "$TAP_TMP/one.key" "$TAP_TMP/tls.key"
    kill -HUP $server_pid
    shows one
}

wrong_files_are_refused_in_one_line() {
    local code
    for files in "nowhere tls.key|cannot be read" "tls.key tls.key|no PEM certificate" \
        "tls.crt nowhere|cannot be read" "tls.crt tls.crt|no PEM private key" \
        "two.crt one.key|the key is not the certificate's"; do
        set -- ${files%%|*}
        code=0
        "$UPDRAFT" serve --data "$TAP_TMP/other" --listen 127.0.0.1:0 --tls-cert "$TAP_TMP/$1" \
            --tls-key "$TAP_TMP/$2" >out 2>err || code=$?
        expect "status with $files" $code 1
        expect "lines with $files" "$(wc -l <err)" 1
        grep -qF "${files#*|}" err
    done
    code=0
    "$UPDRAFT" serve --data "$TAP_TMP/other" --tls-cert "$TAP_TMP/tls.crt" 2>err || code=$?
    expect "status without a key" $code 2
    code=0
    "$UPDRAFT" serve --data "$TAP_TMP/other" --listen-plain 127.0.0.1:0 2>err || code=$?
    expect "status of plain beside nothing" $code 2
}

tls_check_likes_it() {
    "$UPDRAFT" tls-check "$SERVER/firmware/demo" --ca "$TAP_TMP/one.crt" >said
    grep -q '^small clients can use it, with 837 bytes' said
    grep -qF "$PIN" said
    expect "lengths" "$(grep -c 'bytes: yes$' said)" 4
    "$UPDRAFT" tls-check "$SERVER/firmware/demo" --json >said
    expect "lengths proven" "$(json records 3 proven <said)" true
    expect pin "$(json pin <said)" "$PIN"
    not "$UPDRAFT" tls-check "$SERVER/" --ca "$TAP_TMP/two.crt" >said
    grep -q 'trusted by --ca  no' said
}

# other_server OPTIONS…: openssl's, with the file big; its port in `other`.
other_server() {
    other=$(free_port)
    openssl s_server -accept "127.0.0.1:$other" -cert "$TAP_TMP/one.crt" -key "$TAP_TMP/one.key" -WWW -quiet \
        "$@" >/dev/null 2>&1 </dev/null &
    other_pid=$!
    local tries
    for tries in $(seq 600); do (: <"/dev/tcp/127.0.0.1/$other") 2>/dev/null && break; sleep 0.1; done
}

tls_check_says_what_is_wrong_with_others() {
    local code=0
    head -c 100000 /dev/zero >big
    other_server -tls1_3
    "$UPDRAFT" tls-check "https://127.0.0.1:$other/big" >said || code=$?
    kill $other_pid
    expect "status for 1.3 alone" $code 1
    grep -q 'cannot use it: it has no TLS 1.2' said
    other_server -cipher AES256-GCM-SHA384 -tls1_2
    code=0
    "$UPDRAFT" tls-check "https://127.0.0.1:$other/big" >said 2>&1 || code=$?
    kill $other_pid
    expect "status for other ciphers" $code 1
    code=0
    "$UPDRAFT" tls-check "$PLAIN/" 2>err || code=$?
    expect "status for http://" $code 2
    code=0
    "$UPDRAFT" tls-check "https://${PLAIN#http://}/" 2>err || code=$?
    expect "status for a plain port" $code 1
    expect lines "$(wc -l <err)" 1
}

check the_addresses_say_https
check the_operator_s_commands_take_ca_and_pin
check bearssl_downloads_with_small_buffers
check bearssl_checks_in_with_512_bytes
check records_keep_to_the_length_asked_for
check versions_are_1_2_and_1_3
check who_speaks_http_here_is_told
check a_handshake_that_drags_on_is_cut
check an_end_meets_handshakes
check sessions_are_resumed
check signed_files_alone_go_over_plain_http
check tls_check_likes_it
check tls_check_says_what_is_wrong_with_others
check a_certificate_is_replaced_while_downloads_run
check what_cannot_be_used_is_not_taken
check wrong_files_are_refused_in_one_line
server_stop
tap_end
