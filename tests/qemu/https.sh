# The board over https: LX106 code, BearSSL with 4 KB for the server's records, the server's
# own TLS at the other end. From reset to the new version.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

MAC=5C:CF:7F:00:00:01
NET=$BUILD/firmware/net

# The board knows this machine as 10.0.2.2.
for name in one two; do
    "$UPDRAFT" keygen --tls 127.0.0.1 --tls 10.0.2.2 --private "$TAP_TMP/$name.key" \
        --public "$TAP_TMP/$name.crt" >"$TAP_TMP/$name.said"
done
pin_of() { sed -n 's/^pin: //p' "$TAP_TMP/$1.said"; }

export CURL_CA_BUNDLE=$TAP_TMP/one.crt UPDRAFT_CA=$TAP_TMP/one.crt
server_start data --tls-cert "$TAP_TMP/one.crt" --tls-key "$TAP_TMP/one.key"
for version in 1.0.0 1.1.0; do
    "$UPDRAFT" publish "$NET-$version.bin" -p demo -v $version >/dev/null
done
assign $MAC '{"product": "demo"}'

# board FLASH TEXT [options]: until it says the text. What it says goes to the file said.
board() {
    local flash=$1 text=$2
    shift 2
    timeout 300 "$UPDRAFT" device --qemu --flash "$flash" --until "$text" --timeout 240 "$@" \
        </dev/null >said 2>err || { cat said err; return 1; }
}

# updates FLASH [options]: from 1.0.0, new, to 1.1.0; and runs it after a cold start.
updates() {
    local flash=$1
    shift
    rm -f "$flash"
    board "$flash" 'up to date' --app "$NET-1.0.0.bin" --url "$SERVER/update" --poll 1 "$@"
    grep -q '^demo 1.0.0' said
    grep -q 'an update of' said
    board "$flash" 'up to date'
    grep -q '^demo 1.1.0' said
    ! grep -q 'demo 1.0.0' said
}

it_updates_from_a_server_whose_key_is_pinned() { updates flash --pin "$(pin_of one)"; }

it_updates_from_a_server_that_somebody_vouches_for() { updates flash --ca "$TAP_TMP/one.crt"; }

updates_smaller() {
    local whole
    rm -f flash
    whole=$(stat -c %s "$NET-1.1.0.bin")
    board flash 'updated: restarts' --app "$NET-1.0.0.bin" --url "$SERVER/update" --poll 1 --pin "$(pin_of one)"
    [ "$(sed -n 's/^an update of \([0-9]*\) bytes.*/\1/p' said)" -lt $((whole * 9 / 10)) ]
    board flash 'up to date'
    grep -q '^demo 1.1.0' said
}

compressed_updates_share_memory_with_handshakes() {
    local version
    for version in 1.0.0 1.1.0; do
        "$UPDRAFT" publish "$NET-$version.bin" -p small -v $version --gzip >/dev/null
    done
    assign $MAC '{"product": "small"}'
    updates_smaller
    assign $MAC '{"product": "demo"}'
}

other_servers_are_refused() {
    rm -f flash
    board flash 'another key than the pinned one' --app "$NET-1.0.0.bin" --url "$SERVER/update" --poll 1 \
        --pin "$(pin_of two)"
    not grep -q 'an update of' said
    rm flash
    board flash 'certificate not trusted' --app "$NET-1.0.0.bin" --url "$SERVER/update" --poll 1 \
        --ca "$TAP_TMP/two.crt"
    ! grep -q 'an update of' said
}

# Flash takes loads of whole words only: no code but that of these files reads their
# tables there (firmware/app.ld), so it has no other loads.
tables_in_flash_are_read_by_words() {
    local name files=
    for name in $(sed -n "s/^BEARSSL_WORDS='\(.*\)'/\1/p" "$TAP_ROOT/scripts/bearssl.sh"); do
        xtensa-lx106-elf-objdump -d "$BUILD/bearssl-lx106/objects/$name.o" >disassembly
        grep -q l32i disassembly
        not grep -qE 'l8ui|l16[us]i' disassembly
        files="${files:-} $name"
    done
    expect files "$(echo $files | wc -w)" 4
    xtensa-lx106-elf-nm "$BUILD/lx106/firmware/net/net-1.0.0.elf" >symbols
    expect "tables in flash" "$(grep -c '^402[0-9a-f]* t t0_codeblock$' symbols)" 3
}

it_fits_the_chip() {
    local used
    used=$(xtensa-lx106-elf-size -A "$BUILD/lx106/firmware/net/net-1.0.0.elf" |
        awk '/^\.(data|rodata|bss) / { bytes += $2 } END { print bytes }')
    echo "$used bytes of data RAM"
    [ "$used" -le 81920 ]
    grep -q 'SECURE_RECORD 4096u' "$TAP_ROOT/firmware/net/secure.h"
}

# A handshake goes deeper than the chip's 5328 bytes of stack, so it has one of its own.
the_stack_is_deep_enough() {
    local used
    rm -f flash
    board flash '~ld' --app "$NET-1.0.0.bin" --url "$SERVER/update" --poll 1 --ca "$TAP_TMP/one.crt"
    timeout 240 qemu-system-xtensa -M kc705-nommu -cpu lx106 -m 4M -display none -monitor none \
        -serial none -nic "user,mac=$MAC" -no-reboot -semihosting -kernel "$BUILD/lx106/sim/qemu/rom.elf" \
        -append "flash=3 report=4 stop=reset mac=$MAC" 3<>flash 4<>report >said </dev/null || true
    grep -q 'updated: restarts' said
    used=$(sed -n 's/^stack_bytes //p' report)
    echo "$used bytes of stack"
    [ "$used" -gt 0 ]
    [ "$used" -lt 5000 ]
}

check it_updates_from_a_server_whose_key_is_pinned
check it_updates_from_a_server_that_somebody_vouches_for
check compressed_updates_share_memory_with_handshakes
check other_servers_are_refused
check the_stack_is_deep_enough
check tables_in_flash_are_read_by_words
check it_fits_the_chip
server_stop
tap_end
