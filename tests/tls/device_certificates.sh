# Devices that prove who they are with certificates, to a server that takes nothing else.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=18:FE:AA:AA:AA:AA
OTHER=18:FE:AA:AA:AA:BB
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/demo.bin" --project demo --version 2 --size 20000

authority() { # NAME: NAME.key and NAME.crt
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -keyout "$TAP_TMP/$1.key" \
        -out "$TAP_TMP/$1.crt" -subj "/CN=$1" 2>/dev/null
}

# certificate NAME COMMON_NAME [openssl x509 options]: by the authority of devices.
certificate() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TAP_TMP/$1.key" \
        -subj "/CN=$2" -out "$TAP_TMP/$1.csr" 2>/dev/null
    openssl x509 -req -in "$TAP_TMP/$1.csr" -CA "$TAP_TMP/devices.crt" -CAkey "$TAP_TMP/devices.key" \
        -CAcreateserial -days 9 -out "$TAP_TMP/$1.crt" "${@:3}" 2>/dev/null
}

# answers STATUS WHAT MAC NAME: how a check-in with that certificate is answered.
answers() {
    ask "$(esp8266 "STA-MAC=$3" version=1)" --cert "$TAP_TMP/$4.crt" --key "$TAP_TMP/$4.key"
    expect "$2" "$status" "$1"
}

authority devices
authority strangers
certificate own $MAC
certificate other $OTHER
certificate nobody 'a device'
certificate late $MAC -days -1
"$UPDRAFT" keygen --tls 127.0.0.1 --private "$TAP_TMP/tls.key" --public "$TAP_TMP/tls.crt" >/dev/null
export CURL_CA_BUNDLE=$TAP_TMP/tls.crt UPDRAFT_CA=$TAP_TMP/tls.crt
server_start data --tls-cert "$TAP_TMP/tls.crt" --tls-key "$TAP_TMP/tls.key" --device-auth certificate \
    --device-ca "$TAP_TMP/devices.crt"

its_own_opens() {
    publish "$TAP_TMP/demo.bin" demo 2
    assign $MAC '{"product": "demo"}'
    answers 200 "with its own" $MAC own
    "$UPDRAFT" devices retry $MAC >/dev/null
}

others_do_not() {
    ask "$(esp8266 STA-MAC=$MAC version=1)"
    expect "without one" "$status" 403
    grep -q 'a certificate is needed' body
    answers 403 "with another device's" $MAC other
    answers 403 "with one that names no device" $MAC nobody
    answers 403 "with one of another authority" $MAC strangers
    answers 403 "with one that has expired" $MAC late
    expect "offers meanwhile" "$(device_says $MAC attempts)" 0
}

downloads_want_one_too() {
    local code
    code=$(curl -sS -o image -w '%{http_code}' "$SERVER/firmware/demo")
    expect "without" "$code" 403
    code=$(curl -sS -o image -w '%{http_code}' --cert "$TAP_TMP/other.crt" --key "$TAP_TMP/other.key" "$SERVER/firmware/demo")
    expect "with" "$code" 200
    cmp image "$TAP_TMP/demo.bin"
}

operators_need_none() { "$UPDRAFT" devices >said && grep -q $MAC said; }

what_does_not_fit_together_is_said() {
    local tls=(--tls-cert "$TAP_TMP/tls.crt" --tls-key "$TAP_TMP/tls.key") code
    for options in "--device-auth certificate" "--device-ca $TAP_TMP/devices.crt"; do
        code=0
        # shellcheck disable=SC2086
        "$UPDRAFT" serve --data other "${tls[@]}" $options 2>err || code=$?
        expect "status of $options" $code 2
        grep -q 'go together' err
    done
    code=0
    "$UPDRAFT" serve --data other --listen 127.0.0.1:0 "${tls[@]}" --device-auth certificate --device-ca "$TAP_TMP/tls.key" 2>err || code=$?
    expect "status of a key for a certificate" $code 1
    grep -q 'no PEM certificate' err
}

for name in its_own_opens others_do_not downloads_want_one_too operators_need_none what_does_not_fit_together_is_said; do
    check $name
done
tap_end
