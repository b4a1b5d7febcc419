# Firmware and a file system as a pair in one release: who gets which, in which order.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=18:FE:AA:00:00:01
MD5_1=11111111111111111111111111111111 MD5_2=22222222222222222222222222222222

for version in 1.0 2.0 3.0; do
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/demo-$version.bin" --project demo --version $version --size 300000
    head -c 65536 /dev/zero | tr '\0' "${version%.0}" >"$TAP_TMP/fs-$version.bin"
done

# asks MODE VERSION MD5: a check-in; what came is in body.
asks() { ask "$(esp8266 STA-MAC=$MAC mode="$1" version="$2" sketch-md5="$3")"; }

# has_taken COUNT: so many files, as the server knows.
has_taken() { [ "$(api GET /devices/$MAC/history | grep -oE '"event": *"sent"' | wc -l)" = "$1" ]; }

refused() { # TEXT COMMAND…
    local text=$1 code=0
    shift
    "$UPDRAFT" "$@" >out 2>err || code=$?
    expect "exit status of $*" $code 1
    grep -qF -- "$text" err || { cat err; return 1; }
}

a_pair_goes_live_as_one() {
    "$UPDRAFT" publish "$TAP_TMP/demo-2.0.bin" --files "$TAP_TMP/fs-2.0.bin" >out
    grep -q '^demo 2.0 is ' out || { cat out; return 1; }
    expect state "$("$UPDRAFT" releases show -p demo -v 2.0 --json | json state)" live
    expect size "$("$UPDRAFT" releases show -p demo -v 2.0 --json | json filesystem files 0 size)" 65536
}

the_audit_log_says_which_bytes_were_sent() {
    local file
    "$UPDRAFT" audit --limit 0 >log
    for file in demo fs; do
        grep -q "demo 2.0 on stable, SHA-256 $(sha256_of "$TAP_TMP/$file-2.0.bin")" log ||
            { cat log; return 1; }
    done
}

firmware_goes_first() {
    asks spiffs 1.0 $MD5_1
    expect "files before the firmware" "$status" 304
    asks sketch 1.0 $MD5_1
    expect firmware "$status" 200
    cmp body "$TAP_TMP/demo-2.0.bin"
    asks sketch 2.0 $MD5_2
    expect "the new firmware" "$status" 304
    asks spiffs 0.1 $MD5_2
    expect "its files" "$status" 200
    cmp body "$TAP_TMP/fs-2.0.bin"
    expect digest "$(header x-MD5)" "$(md5_of "$TAP_TMP/fs-2.0.bin")"
    eventually has_taken 2
}

what_was_taken_is_known_from_the_next_word() {
    asks spiffs 0.1 $MD5_2
    expect "files again" "$status" 304
    # The version sent with it is the file system's, and does not count as the sketch's.
    expect version "$(device_says $MAC version)" 2.0
    expect state "$(device_says $MAC state)" current
}

files_can_go_first() {
    "$UPDRAFT" publish "$TAP_TMP/demo-3.0.bin" --files "$TAP_TMP/fs-3.0.bin" --files-first >/dev/null
    asks sketch 2.0 $MD5_2
    expect "firmware before its files" "$status" 304
    device_says $MAC reason | grep -q '3.0 waits for its file system'
    asks spiffs 2.0 $MD5_2
    expect files "$status" 200
    cmp body "$TAP_TMP/fs-3.0.bin"
    eventually has_taken 3
    asks sketch 2.0 $MD5_2
    expect "firmware after its files" "$status" 200
    cmp body "$TAP_TMP/demo-3.0.bin"
}

what_breaks_off_is_offered_again_and_not_for_ever() {
    local mac=18:FE:AA:00:00:02 i
    head -c 3145728 /dev/zero >large.bin
    "$UPDRAFT" publish "$TAP_TMP/demo-1.0.bin" --product large --files large.bin >/dev/null
    assign $mac '{"product": "large"}'
    MAC=$mac asks sketch 1.0 $MD5_1
    for i in 1 2 3; do
        esp8266 STA-MAC=$mac mode=spiffs version=1.0 sketch-md5=$MD5_1 |
            curl -sS -H @- "$SERVER/update" 2>/dev/null | head -c 4096 >got || true
        [ "$(stat -c %s got)" = 4096 ] || { echo "nothing came the ${i}th time"; return 1; }
    done
    MAC=$mac asks spiffs 1.0 $MD5_1
    expect "after three times" "$status" 304
    "$UPDRAFT" devices retry $mac >/dev/null
    MAC=$mac asks spiffs 1.0 $MD5_1
    expect "after a retry" "$status" 200
    cmp body large.bin
}

what_is_no_file_system_is_refused() {
    head -c 5000 /dev/zero >odd.bin
    gzip -kc "$TAP_TMP/fs-2.0.bin" | head -c 4096 >packed.bin
    truncate -s 4096 packed.bin
    refused 'whole sectors' publish "$TAP_TMP/demo-1.0.bin" --product odd --files odd.bin
    refused 'it is compressed' publish "$TAP_TMP/demo-1.0.bin" --product odd --files packed.bin
    head -c 4096 "$TAP_TMP/demo-1.0.bin" >firm.bin
    refused 'begins like firmware' publish "$TAP_TMP/demo-1.0.bin" --product odd --files firm.bin
    expect "the release, still a draft" "$("$UPDRAFT" releases show -p odd -v 1.0 --json | json state)" draft
    refused 'has a file system already' publish "$TAP_TMP/demo-2.0.bin" --files "$TAP_TMP/fs-1.0.bin"
}

it_is_the_same_after_a_kill() {
    asks sketch 3.0 33333333333333333333333333333333
    asks spiffs 3.0 33333333333333333333333333333333
    expect "files it has" "$status" 304
    expect order "$("$UPDRAFT" releases show -p demo -v 3.0 --json | json filesystem first)" true
    ! grep -q 'of no release removed' "$TAP_TMP/data.log"
}

server_start data
publish "$TAP_TMP/demo-1.0.bin" demo 1.0
assign $MAC '{"product": "demo"}'
check a_pair_goes_live_as_one
check the_audit_log_says_which_bytes_were_sent
check firmware_goes_first
check what_was_taken_is_known_from_the_next_word
check files_can_go_first
check what_breaks_off_is_offered_again_and_not_for_ever
check what_is_no_file_system_is_refused
SERVER_PORT=${SERVER##*:}
server_stop KILL
server_start data
check it_is_the_same_after_a_kill
server_stop
tap_end
