# https from the device's side: which server it takes for its own, and what it says when
# that is another. Virtual devices run the code that chips run.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/old.bin" --project demo --version 1 --size 100000
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/new.bin" --project demo --version 2 --size 200000

# certificate NAME [openssl options]: NAME.key and NAME.crt for localhost, by the CA.
certificate() {
    local name=$1
    shift
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TAP_TMP/$name.key" \
        -out "$TAP_TMP/$name.csr" -subj "/CN=$name" 2>/dev/null
    printf 'subjectAltName=DNS:localhost\n' >"$TAP_TMP/extensions"
    openssl x509 -req -in "$TAP_TMP/$name.csr" -CA "$TAP_TMP/ca.crt" -CAkey "$TAP_TMP/ca.key" \
        -extfile "$TAP_TMP/extensions" -out "$TAP_TMP/$name.crt" "$@" 2>/dev/null
}

new_ca() { # NAME, openssl's options for its key…
    local name=$1
    shift
    openssl req -x509 -newkey "$@" -nodes -keyout "$TAP_TMP/$name.key" -out "$TAP_TMP/$name.crt" \
        -days 30 -subj "/O=Tests/CN=$name" 2>/dev/null
}

pin_of() {
    openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -hex | sed 's/.* //'
}

new_ca ca rsa:2048
new_ca other ec -pkeyopt ec_paramgen_curve:P-256
certificate good -days 10
cat "$TAP_TMP/good.crt" "$TAP_TMP/ca.crt" >"$TAP_TMP/tls.crt"
cp "$TAP_TMP/good.key" "$TAP_TMP/tls.key"
export CURL_CA_BUNDLE=$TAP_TMP/ca.crt UPDRAFT_CA=$TAP_TMP/ca.crt
server_start data --tls-cert "$TAP_TMP/tls.crt" --tls-key "$TAP_TMP/tls.key"
PORT=${SERVER##*:}
SERVER=https://localhost:$PORT
export UPDRAFT_SERVER=$SERVER
"$UPDRAFT" publish "$TAP_TMP/old.bin" -p demo -v 1 >/dev/null
"$UPDRAFT" publish "$TAP_TMP/new.bin" -p demo -v 2 >/dev/null

# device URL [options]: a new one asks once. It has no past: what came back too often gets
# nothing more.
device() {
    local url=$1 mac
    shift
    mac=$(printf '5C:CF:7F:%02X:%02X:%02X' $((RANDOM % 256)) $((RANDOM % 256)) $((RANDOM % 256)))
    assign "$mac" '{"product": "demo"}'
    timeout 180 "$UPDRAFT" device --url "$url" --app "$TAP_TMP/old.bin" --mac "$mac" --once --timeout 120 "$@" >said 2>err
}

# refuses TEXT URL [options]: it does not update, and says why in one line.
refuses() {
    local text=$1 code=0
    shift
    device "$@" || code=$?
    expect "status for $*" $code 1
    expect "lines for $*" "$(wc -l <err)" 1
    grep -qF "$text" err || { cat err; return 1; }
    ! grep -q fetches said
}

updates_with() {
    device "$SERVER/update" "$@" || { cat said err; return 1; }
    grep -q 'runs demo 2' said
}

it_updates_by_ca() {
    updates_with --ca "$TAP_TMP/ca.crt"
    updates_with --ca "$TAP_TMP/ca.crt" --no-clock
}

it_updates_by_pin() {
    updates_with --pin "$(pin_of "$TAP_TMP/good.crt")"
    device "https://127.0.0.1:$PORT/update" --pin "$(pin_of "$TAP_TMP/good.crt")" # whatever its name
    grep -q 'runs demo 2' said
}

it_updates_by_both() { updates_with --ca "$TAP_TMP/ca.crt" --pin "$(pin_of "$TAP_TMP/good.crt")"; }

any_memory_will_do() {
    local record
    for record in 512 600 1024 2048 4096 8192 16384; do
        updates_with --ca "$TAP_TMP/ca.crt" --tls-record $record
    done
}

another_ca_is_not_enough() {
    refuses 'certificate not trusted' "$SERVER/update" --ca "$TAP_TMP/other.crt"
    cat "$TAP_TMP/other.crt" "$TAP_TMP/ca.crt" >both.crt
    updates_with --ca both.crt
}

another_key_is_not_the_pinned_one() {
    refuses 'another key than the pinned one' "$SERVER/update" --pin "$(pin_of "$TAP_TMP/other.crt")"
    # Neither half makes up for the other.
    refuses 'another key than the pinned one' "$SERVER/update" --ca "$TAP_TMP/ca.crt" \
        --pin "$(pin_of "$TAP_TMP/other.crt")"
    refuses 'certificate not trusted' "$SERVER/update" --ca "$TAP_TMP/other.crt" \
        --pin "$(pin_of "$TAP_TMP/good.crt")"
}

another_host_s_certificate_does_not_do() {
    refuses 'certificate is for another host' "https://127.0.0.1:$PORT/update" --ca "$TAP_TMP/ca.crt"
}

# other_server NAME [options]: openssl's with that certificate, and the update; its port in
# `other`.
other_server() {
    local name=$1
    shift
    other=$(free_port)
    { printf 'HTTP/1.0 200 OK\r\nContent-Length: %s\r\n\r\n' "$(stat -c %s "$TAP_TMP/new.bin")"; cat "$TAP_TMP/new.bin"; } >update
    openssl s_server -accept "127.0.0.1:$other" -cert "$TAP_TMP/$name.crt" -key "$TAP_TMP/$name.key" \
        -cert_chain "$TAP_TMP/ca.crt" -HTTP -quiet "$@" >/dev/null 2>&1 </dev/null &
    other_pid=$!
    local tries
    for tries in $(seq 600); do (: <"/dev/tcp/127.0.0.1/$other") 2>/dev/null && break; sleep 0.1; done
}

# Dates that OpenSSL's command sets only through a CA's database.
dated_certificate() { # NAME BEGINS ENDS
    certificate "$1"
    rm -rf "$TAP_TMP/db" && mkdir "$TAP_TMP/db" && : >"$TAP_TMP/db/index" && echo 01 >"$TAP_TMP/db/serial"
    printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n[p]\nCN=supplied\n[e]\nsubjectAltName=DNS:localhost\n' \
        "$TAP_TMP/db" "$TAP_TMP/db" "$TAP_TMP/db" >"$TAP_TMP/db/config"
    openssl ca -batch -config "$TAP_TMP/db/config" -in "$TAP_TMP/$1.csr" -cert "$TAP_TMP/ca.crt" \
        -keyfile "$TAP_TMP/ca.key" -startdate "$2" -enddate "$3" -notext -out "$TAP_TMP/$1.crt" 2>/dev/null
}

who_knows_the_time_minds_dates() {
    dated_certificate expired 20200101000000Z 20210101000000Z
    other_server expired
    refuses 'not valid at this time' "https://localhost:$other/update" --ca "$TAP_TMP/ca.crt"
    # Without a clock dates say nothing, and with a pin alone they do not count.
    device "https://localhost:$other/update" --ca "$TAP_TMP/ca.crt" --no-clock
    device "https://localhost:$other/update" --pin "$(pin_of "$TAP_TMP/expired.crt")"
    kill $other_pid
    dated_certificate early 20990101000000Z 20991231000000Z
    other_server early
    refuses 'not valid at this time' "https://localhost:$other/update" --ca "$TAP_TMP/ca.crt"
    kill $other_pid
}

a_server_without_tls_1_2_is_refused() {
    other_server good -tls1_3
    refuses 'connection failed' "https://localhost:$other/update" --ca "$TAP_TMP/ca.crt"
    kill $other_pid
}

half_an_answer_is_none() {
    python3 "$TAP_ROOT/tests/tls/truncating_server.py" "$TAP_TMP/good.crt" "$TAP_TMP/good.key" \
        "$TAP_TMP/new.bin" >port &
    local pid=$! code=0 tries
    for tries in $(seq 600); do [ -s port ] && break; sleep 0.1; done
    device "https://localhost:$(cat port)/update" --pin "$(pin_of "$TAP_TMP/good.crt")" || code=$?
    kill $pid
    expect status $code 1
    grep -q fetches said
    expect lines "$(wc -l <err)" 1
    ! grep -q 'runs demo 2' said
}

options_are_checked() {
    local code
    for options in "" "--pin abc" "--ca nowhere --tls-record 100" "--pin sha256//AAAA"; do
        code=0
        device "$SERVER/update" $options || code=$?
        expect "status of '$options'" $code 2
        expect "lines of '$options'" "$(wc -l <err)" 1
    done
    code=0
    device "http://127.0.0.1:$PORT/update" --ca "$TAP_TMP/ca.crt" || code=$?
    expect "status of --ca with http" $code 2
    code=0
    device "$SERVER/update" --ca "$TAP_TMP/old.bin" || code=$?
    expect "status of what is no certificate" $code 1
    grep -q 'no PEM certificate' err
}

check it_updates_by_ca
check it_updates_by_pin
check it_updates_by_both
check any_memory_will_do
check another_ca_is_not_enough
check another_key_is_not_the_pinned_one
check another_host_s_certificate_does_not_do
check who_knows_the_time_minds_dates
check a_server_without_tls_1_2_is_refused
check half_an_answer_is_none
check options_are_checked
server_stop
tap_end
