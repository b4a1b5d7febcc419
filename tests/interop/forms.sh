# A release in several forms: published from the bench or signed by the server,
# and which of them each device gets.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/server.sh"
. "$(dirname "$0")/../lib/device.sh"

KEYS=$TAP_ROOT/tests/vectors/signing
RSA=1804b9fb39ac8280
P256=92ebb840dce2a791

# device MAC PRODUCT: one that is known, with nothing told of what it takes.
device() {
    ask "$(esp8266 STA-MAC="$1" version=0.1)"
    assign "$1" "{\"product\": \"$2\"}"
}

# get MAC [ABILITIES]: the file goes to ./got, what is known of it to status.
get() {
    local headers
    headers=$(esp8266 STA-MAC="$1" version=0.1 free-space="${SPACE:-2000000}")
    [ $# -lt 2 ] || headers=$(printf '%s\nx-ESP8266-abilities: %s\n' "$headers" "$2")
    ask "$headers"
    mv body got
    api POST "/devices/$1/retry" >/dev/null # each is the first offer
}

plain() { cmp got "$NEW"; }
packed() { gunzip <got | cmp - "$NEW"; }
signed_plain() { # KEY
    "$UPDRAFT" verify got --key "$KEYS/$1.pub" >/dev/null
    cmp -n "$(stat -c %s "$NEW")" got "$NEW"
}
signed_packed() { # KEY
    "$UPDRAFT" verify got --key "$KEYS/$1.pub" >/dev/null
    [ "$(head -c 2 got | od -An -tx1 | tr -d ' ')" = 1f8b ]
}

files_of() { api GET "/releases?product=$1" | json releases 0 files; }

publish_gzip_makes_the_smallest() {
    "$UPDRAFT" publish "$NEW" --product zip --gzip >out
    grep -q '^zip 1.1.0 is published on stable: ESP8266' out
    grep -qE '^  compressed: [0-9]+ bytes$' out
    grep -qE "^  plain: $(stat -c %s "$NEW") bytes\$" out
    device 02:00:00:00:01:01 zip
    get 02:00:00:00:01:01
    packed
    [ "$(stat -c %s got)" -lt "$(gzip -n -9 <"$NEW" | wc -c)" ]
    expect x-MD5 "$(header x-MD5)" "$(md5_of got)"
    get 02:00:00:00:01:01 none
    plain
    get 02:00:00:00:01:01 gzip
    packed
}

# The bench signs: the private key goes nowhere.
publish_signs() {
    "$UPDRAFT" publish "$NEW" --product lamp --gzip --sign "$KEYS/rsa2048.key" >out
    grep -qE "^  plain, signed by $RSA: [0-9]+ bytes\$" out
    grep -qE "^  compressed, signed by $RSA: [0-9]+ bytes\$" out
    api GET '/releases?product=lamp' >answer
    expect signed "$(json releases 0 signed <answer)" true
    expect signed_by "$(json releases 0 signed_by <answer)" $RSA
    expect "the second's signer" "$(json releases 0 files 1 signed_by <answer)" $RSA
    device 02:00:00:00:01:02 lamp
    # Stock devices that do not verify would be ruined by a signature behind gzip.
    get 02:00:00:00:01:02
    signed_plain rsa2048
    get 02:00:00:00:01:02 gzip
    signed_packed rsa2048
    get 02:00:00:00:01:02 "gzip keys=$RSA"
    signed_packed rsa2048
    get 02:00:00:00:01:02 "keys=$P256,$RSA"
    signed_plain rsa2048
}

who_trusts_other_keys_gets_nothing_and_is_explained() {
    get 02:00:00:00:01:02 "gzip keys=$P256"
    expect status "$status" 304
    expect state "$(device_says 02:00:00:00:01:02 state)" unfit
    expect reason "$(device_says 02:00:00:00:01:02 reason)" \
        "it takes files signed by $P256 only, and 1.1.0 is not: publish it signed"
    expect abilities "$(device_says 02:00:00:00:01:02 facts abilities)" \
        "{\"gzip\": true, \"keys\": [\"$P256\"], \"ring\": null}"
}

# While keys change, a release has a form for each.
a_second_key_adds_a_form() {
    "$UPDRAFT" publish "$NEW" --product lamp --sign "$KEYS/p256.key" >out
    grep -q "signed by $P256" out
    get 02:00:00:00:01:02 "gzip keys=$P256"
    signed_plain p256
    get 02:00:00:00:01:02 "gzip keys=$RSA"
    signed_packed rsa2048
    expect forms "$(files_of lamp | json | grep -o sha256 | wc -l)" 3
}

forms_survive_a_restart() {
    expect forms "$(files_of lamp | json | grep -o sha256 | wc -l)" 3
    expect signers "$(files_of lamp | grep -o '"signed_by": "[0-9a-f]*"' | sort | uniq -c | wc -l)" 2
    get 02:00:00:00:01:02 "keys=$P256"
    signed_plain p256
}

space_decides_among_forms() {
    device 02:00:00:00:01:03 zip
    SPACE=$(($(stat -c %s "$NEW") - 1)) get 02:00:00:00:01:03 none
    expect status "$status" 304
    "$UPDRAFT" publish "$NEW" --product plainfirst >/dev/null
    gzip -n -9 <"$NEW" >new.bin.gz
    publish new.bin.gz plainfirst 1.1.0
    device 02:00:00:00:01:04 plainfirst
    get 02:00:00:00:01:04
    plain
    expect forms "$(files_of plainfirst | json | grep -o sha256 | wc -l)" 2
}

another_image_or_form_is_a_conflict() {
    local code
    code=$(api POST '/releases?product=zip&version=1.1.0' --data-binary "@$OLD" -o body -w '%{http_code}' || true)
    expect "another image" "$code" 409
    gzip -n -1 <"$NEW" >other.gz
    code=$(api POST '/releases?product=zip&version=1.1.0' --data-binary @other.gz -o body -w '%{http_code}' || true)
    expect "the same form with other bytes" "$code" 409
    code=$(api POST '/releases?product=zip&version=1.1.0' --data-binary "@$NEW" -o body -w '%{http_code}')
    expect "what is there" "$code" 200
}

a_key_that_did_not_sign_is_refused() {
    local code der
    der=$(openssl pkey -pubin -in "$KEYS/p256.pub" -outform DER | od -An -v -tx1 | tr -d ' \n')
    "$UPDRAFT" sign "$NEW" --key "$KEYS/rsa2048.key" --out new.signed >/dev/null
    code=$(api POST "/releases?product=keys&key=$der" --data-binary @new.signed -o body -w '%{http_code}' || true)
    expect "another's signature" "$code" 422
    json error <body | grep -q "it is not signed by the key $P256"
    code=$(api POST '/releases?product=keys&key=nonsense' --data-binary x -o body -w '%{http_code}' || true)
    expect "no key" "$code" 400
    # Without a key it is published, signed by nobody knows whom.
    publish new.signed keys 1.1.0
    expect signer "$(files_of keys | json 0 signed_by)" null
    expect signed "$(files_of keys | json 0 signed)" true
}

manifests_are_published() {
    "$UPDRAFT" publish "$NEW" --product with --sign "$KEYS/p256.key" --gzip --manifest --security 4 >/dev/null
    device 02:00:00:00:01:05 with
    get 02:00:00:00:01:05 "keys=$P256"
    "$UPDRAFT" image got >text
    grep -qE '^manifest +application for ESP8266, with 1.1.0, security version 4$' text
    get 02:00:00:00:01:05 "gzip keys=$P256"
    "$UPDRAFT" image got >text
    grep -qE '^manifest +application for ESP8266, with 1.1.0, security version 4$' text
}

a_manifest_for_something_else_is_refused() {
    local code
    "$UPDRAFT" sign "$NEW" --key "$KEYS/p256.key" --manifest --product other --out other.signed >/dev/null
    code=$(api POST '/releases?product=with' --data-binary @other.signed -o body -w '%{http_code}' || true)
    expect "another product's" "$code" 422
    json error <body | grep -q 'its manifest says other 1.1.0, not with 1.1.0'
    code=$(api POST '/releases?product=other&version=2' --data-binary @other.signed -o body -w '%{http_code}' || true)
    expect "another version's" "$code" 422
    "$UPDRAFT" publish other.signed --product other
    "$UPDRAFT" sign "$NEW" --key "$KEYS/p256.key" --manifest --product "$(printf '\377\033')" --out odd.signed >/dev/null
    code=$(api POST '/releases?product=with' --data-binary @odd.signed -o body -w '%{http_code}' || true)
    expect "a product that is no text" "$code" 422
    json error <body | grep -qF 'its manifest says ?? 1.1.0'
}

publish_refuses_what_makes_no_sense() {
    local status
    gzip -n -9 <"$NEW" >new.bin.gz
    "$UPDRAFT" sign "$NEW" --key "$KEYS/rsa2048.key" --out new.signed >/dev/null
    while read -r expected said arguments; do
        status=0
        # shellcheck disable=SC2086
        "$UPDRAFT" publish $arguments --product none >out 2>err || status=$?
        expect "$arguments" $status "$expected"
        grep -q -- "${said//_/ }" err || { cat err; return 1; }
    done <<END
2 is_compressed_already new.bin.gz --gzip
1 is_signed_already new.signed --sign $KEYS/rsa2048.key
1 holds_a_public_key $NEW --sign $KEYS/rsa2048.pub
2 go_with_--sign $NEW --manifest
2 go_with_--sign $NEW --security 3
END
}

# It tells that it takes gzip, so that is what it gets of the two.
a_virtual_device_takes_the_smaller_form() {
    rm -f chip.flash
    "$UPDRAFT" publish "$NEW" --product fleet >/dev/null
    gzip -n -9 <"$NEW" >new.bin.gz
    publish new.bin.gz fleet 1.1.0
    assign 5C:CF:7F:00:00:01 '{"product": "fleet"}'
    device_once chip.flash "$SERVER/update" --app "$OLD"
    expect "its status" "$status" 0 || { cat said; return 1; }
    expect "version in flash" "$(version_in chip.flash)" 1.1.0
    expect gzip "$(device_says 5C:CF:7F:00:00:01 facts abilities gzip)" true
    # Where it was staged it still lies.
    python3 -c 'assert open("new.bin.gz", "rb").read() in open("chip.flash", "rb").read()'
}

# The server has a key of its own for what comes unsigned.
the_server_signs() {
    publish "$NEW" own 1.1.0
    expect "first form" "$(files_of own | json 0 signed_by)" $RSA
    expect "second form" "$(files_of own | json 1 signed)" false
    device 02:00:00:00:01:06 own
    get 02:00:00:00:01:06
    signed_plain rsa2048
    get 02:00:00:00:01:06 "keys=$RSA"
    signed_plain rsa2048
    get 02:00:00:00:01:06 none
    plain
    publish "$NEW" own 1.1.0 beta
    expect forms "$(files_of own | json | grep -o sha256 | wc -l)" 2
    gzip -n -9 <"$NEW" >new.bin.gz
    publish new.bin.gz ownzip 1.1.0
    expect "first form" "$(files_of ownzip | json 0 signed)" false
    expect "second form" "$(files_of ownzip | json 1 signed_by)" $RSA
    # What is signed stays as it is.
    "$UPDRAFT" publish "$NEW" --product theirs --sign "$KEYS/p256.key" >/dev/null
    expect forms "$(files_of theirs | json | grep -o sha256 | wc -l)" 1
}

a_server_without_its_key_does_not_start() {
    local status=0
    "$UPDRAFT" serve --data other --listen 127.0.0.1:0 --sign "$KEYS/rsa2048.pub" >out 2>err || status=$?
    [ $status -eq 1 ]
    grep -q 'holds a public key: signing needs the private one' err
}

server_start data
check publish_gzip_makes_the_smallest
check publish_signs
check who_trusts_other_keys_gets_nothing_and_is_explained
check a_second_key_adds_a_form
check space_decides_among_forms
check another_image_or_form_is_a_conflict
check a_key_that_did_not_sign_is_refused
check manifests_are_published
check a_manifest_for_something_else_is_refused
check publish_refuses_what_makes_no_sense
check a_virtual_device_takes_the_smaller_form
server_stop
SERVER_PORT=${SERVER##*:} server_start data
check forms_survive_a_restart
server_stop
server_start signing --sign "$KEYS/rsa2048.key"
check the_server_signs
check a_server_without_its_key_does_not_start
server_stop
tap_end
