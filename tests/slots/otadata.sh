# updraft otadata: otatool's test (erase, 0, 1, 1, 0, 0, erase, 1), its known bytes, and
# what it gets wrong.
. "$(dirname "$0")/../lib/tap.sh"

VECTORS=$TAP_ROOT/tests/vectors/slots

otadata() { "$UPDRAFT" otadata "$@"; }
blank() { head -c 8192 /dev/zero | tr '\0' '\377' >ota.bin; }

starts() { # SLOT
    otadata show ota.bin >text
    [ "$1" = - ] && { grep -q '^starts  *factory' text; return; }
    grep -q "^starts  *slot $1 of" text || { cat text; return 1; }
}

the_known_bytes() {
    blank
    otadata switch ota.bin --slot 0
    cmp ota.bin "$VECTORS/otadata-0.bin"
    otadata switch ota.bin --slot 1
    cmp ota.bin "$VECTORS/otadata-01.bin"
}

the_originals_sequence() {
    local step
    blank
    starts -
    for step in 0 1 1 0 0; do
        otadata switch ota.bin --slot $step
        starts $step
    done
    otadata erase ota.bin
    starts -
    otadata switch ota.bin --slot 1
    starts 1
}

choosing_what_is_chosen_changes_nothing() {
    cp "$VECTORS/otadata-01.bin" ota.bin
    otadata switch ota.bin --slot 1
    cmp ota.bin "$VECTORS/otadata-01.bin"
}

# The original keeps the state word of the entry it overwrites.
a_rejected_slot_can_be_chosen_again() {
    cp "$VECTORS/otadata-01.bin" ota.bin
    printf '\003\0\0\0' | dd of=ota.bin bs=1 seek=$((4096 + 24)) conv=notrunc status=none
    otadata show ota.bin >text
    grep -q '^entry 1  seq 2, slot 1, invalid$' text
    starts 0
    otadata switch ota.bin --slot 1
    starts 1
    otadata show ota.bin --json | python3 -c '
import json, sys
found = json.load(sys.stdin)
assert found["slot"] == 1
assert found["entries"][0] == {"seq": 1, "slot": 0, "state": "undefined", "noted": False}
assert found["entries"][1]["state"] == "undefined"'
}

four_bytes_of_zero_are_no_entry() {
    blank
    printf '\0\0\0\0' | dd of=ota.bin bs=1 conv=notrunc status=none
    starts -
}

slots_of_a_whole_flash() {
    { head -c 32768 /dev/zero; cat "$VECTORS/table.bin"; head -c $((0x310000 - 0x8c00)) /dev/zero; } |
        tr '\0' '\377' >ota.bin
    dd if="$VECTORS/table.bin" of=ota.bin bs=4096 seek=8 conv=notrunc status=none
    otadata switch ota.bin --name ota_1
    starts 1
    [ "$(od -An -tu4 -j $((0xd000)) -N 4 ota.bin | tr -d ' ')" = 2 ]
    not otadata switch ota.bin --name nvs 2>err
    grep -q 'no slot is called nvs' err
    otadata erase ota.bin
    starts -
}

mistakes_are_one_line() {
    local status
    blank
    for arguments in "show" "show nothing.bin" "turn ota.bin" "switch ota.bin" "switch ota.bin --slot 2" \
        "show ota.bin --slot 1" "switch ota.bin --slot 0 --name a" "show ota.bin --slots 0"; do
        status=0
        # shellcheck disable=SC2086
        otadata $arguments >out 2>err || status=$?
        [ $status -ne 0 ]
        [ "$(wc -l <err)" -eq 1 ] || { echo "$arguments"; cat err; return 1; }
    done
    head -c 5000 ota.bin >cut.bin
    not otadata show cut.bin 2>err
    head -c 40960 /dev/zero >zero.bin
    not otadata show zero.bin 2>err
    grep -q 'damaged' err
}

check the_known_bytes
check the_originals_sequence
check choosing_what_is_chosen_changes_nothing
check a_rejected_slot_can_be_chosen_again
check four_bytes_of_zero_are_no_entry
check slots_of_a_whole_flash
check mistakes_are_one_line
tap_end
