# `updraft settings`: what the firmware in a flash file was told, and changing it.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/refused.sh"

new_chip() { head -c $((0x400000)) /dev/zero | tr '\0' '\377' >chip; }
value() { "$UPDRAFT" settings chip --json | json "$@"; }

a_new_chip_has_the_defaults() {
    new_chip
    cp chip before
    "$UPDRAFT" settings chip >said
    grep -q '^poll  *60$' said
    grep -q '^server  *-$' said
    expect "bytes changed" "$(cmp -l chip before | wc -l)" 0
}

what_is_set_is_shown() {
    new_chip
    "$UPDRAFT" settings chip set name=kitchen server=http://10.0.2.2:8080/update poll=5 trial=off page=80
    "$UPDRAFT" settings chip set uploads=8266
    "$UPDRAFT" settings chip show >said
    grep -q '^name  *kitchen$' said
    grep -q '^server  *http://10.0.2.2:8080/update$' said
    expect poll "$(value poll)" 5
    expect trial "$(value trial)" false
    expect uploads "$(value uploads)" 8266
    "$UPDRAFT" settings chip unset poll name
    expect "poll after unset" "$(value poll)" 60
    expect "name after unset" "$(value name)" ''
    "$UPDRAFT" settings chip set page=
    expect "page after an empty value" "$(value page)" 0
}

# Everything else in flash stays.
only_its_own_sectors_change() {
    head -c $((0x400000)) /dev/urandom >chip
    cp chip before
    for poll in 1 2 3; do "$UPDRAFT" settings chip set poll=$poll; done
    cmp -l chip before | awk '
        { sector = int(($1 - 1) / 4096); changed[sector] = 1 }
        END { for (s in changed) if (s != 1019 && s != 1014) { print s; bad = 1 } exit bad }'
    expect poll "$(value poll)" 3
}

passwords_are_not_shown() {
    new_chip
    printf 'open sesame\nsecond line\n' >password
    "$UPDRAFT" settings chip set password=@password
    "$UPDRAFT" settings chip >said
    "$UPDRAFT" settings chip --json >>said
    grep -q '^password  *(set)$' said
    not grep -q sesame said
    grep -qa 'open sesame' chip
}

keys_are_added_and_removed() {
    local type
    new_chip
    for type in rsa2048 p256; do
        "$UPDRAFT" keygen --type $type --private $type.key --public $type.pub >/dev/null
    done
    "$UPDRAFT" settings chip set key=rsa2048.pub key=p256.pub
    expect "first key" "$(value keys 0)" "$("$UPDRAFT" key show rsa2048.pub | grep -oE '[0-9a-f]{16}')"
    expect "second key" "$(value keys 1)" "$("$UPDRAFT" key show p256.pub | grep -oE '[0-9a-f]{16}')"
    refused 1 settings chip set key=rsa2048.pub key=rsa2048.pub key=rsa2048.pub
    says 'a device holds 1024 bytes of keys'
    expect "keys after that" "$(value keys | json 1)" "$(value keys 1)"
    "$UPDRAFT" settings chip set key= name=x
    expect keys "$(value keys)" '[]'
}

certificates_are_kept() {
    new_chip
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
        -subj /CN=ca -days 10 2>/dev/null
    openssl x509 -in ca.pem -outform DER -out ca.der
    "$UPDRAFT" settings chip set ca=ca.pem
    expect ca "$(value ca)" "$(sha256_of ca.der | cut -c 1-16)"
    "$UPDRAFT" settings chip set ca=ca.der pin="$(sha256_of ca.der)"
    expect "the same as DER" "$(value ca)" "$(sha256_of ca.der | cut -c 1-16)"
    refused 1 settings chip set ca=ca.key
    says 'ca.key is no certificate'
}

wrong_calls_are_refused() {
    new_chip
    refused 2 settings
    refused 1 settings missing
    says 'missing: No such file'
    refused 1 settings .
    head -c 5000 /dev/zero >short
    refused 1 settings short
    says 'no content of an ESP8266'
    refused 2 settings chip sett poll=1
    says 'actions are show, set and unset'
    refused 2 settings chip set
    refused 2 settings chip set poll
    refused 2 settings chip set colour=red
    says 'there is no setting colour'
    refused 2 settings chip unset colour
    refused 2 settings chip show poll
    refused 1 settings chip set poll=0
    says 'poll takes 1 to 86400 seconds'
    refused 1 settings chip set trial=maybe
    says 'trial takes on or off'
    refused 1 settings chip set name=under_score
    refused 1 settings chip set server=here
    refused 1 settings chip set name=x password=@missing
    # One that cannot be set leaves the others unset.
    expect name "$(value name)" ''
}

check a_new_chip_has_the_defaults
check what_is_set_is_shown
check only_its_own_sectors_change
check passwords_are_not_shown
check keys_are_added_and_removed
check certificates_are_kept
check wrong_calls_are_refused
tap_end
