# The demonstration firmware: sound files, in the chip's own memory, always the
# same bytes from the same sources.
. "$(dirname "$0")/../lib/tap.sh"

CROSS=xtensa-lx106-elf
VERSIONS='1.0.0 1.1.0' # packed by the build
TRIALS='2.0.0 2.1.0-hangs 2.1.0-crashes'
BUILT=$BUILD/lx106

packed() { echo "$BUILD/firmware/demo-$1.bin"; }
NETWORKED=$BUILT/firmware/net/net-1.0.0.elf # they differ in their versions only
linked() { echo "$BUILT/firmware/demo-$1.elf"; }

# Every program, linked.
programs() {
    local version
    for version in $VERSIONS $TRIALS; do linked "$version"; done
    echo "$NETWORKED"
}

# Sections that take part in a program: name, address, size, in hexadecimal.
sections() {
    "$CROSS-objdump" -h "$1" | awk '$1 ~ /^[0-9]+$/ { name = $2; size = $3; address = $4; getline
        if (/ALLOC/ && size != "00000000") print name, address, size }'
}

both_versions_are_sound() {
    local version
    for version in $VERSIONS; do
        "$UPDRAFT" image "$(packed "$version")"
        "$UPDRAFT" image "$(packed "$version")" --json >json
        grep -q '"sound": true' json
        grep -q '"crc": "match"' json
        grep -q '"project": "demo"' json
        grep -q "\"version\": \"$version\"" json
        grep -qE '"built": "[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{4} [0-9:]{8}"' json
    done
}

the_versions_differ_in_little_but_the_version() {
    [ "$(stat -c %s "$(packed 1.0.0)")" -eq "$(stat -c %s "$(packed 1.1.0)")" ]
    # The digit, the CRC word over it, and the checksum.
    [ "$(cmp -l "$(packed 1.0.0)" "$(packed 1.1.0)" | wc -l)" -le 6 ]
}

# pack OUT VERSION
pack() {
    "$UPDRAFT" image --pack "$1" --boot "$BUILT/boot/lx106/boot.elf" --app "$(linked "$2")" \
        --flash-mode dio --flash-size 4M --flash-freq 40
}

# The word after the description's magic and secure version, at 0x1020.
wish_of() { od -An -tx4 -j $((0x1028)) -N 4 "$1" | tr -d ' '; }

only_those_made_for_a_trial_ask_for_one() {
    local version
    for version in $VERSIONS; do [ "$(wish_of "$(packed "$version")")" = 00000000 ]; done
    for version in $TRIALS; do
        pack trial.bin "$version"
        "$UPDRAFT" image trial.bin --json >json
        grep -q '"sound": true' json
        grep -q "\"version\": \"$version\"" json
        [ "$(wish_of trial.bin)" = 4c495254 ]
    done
}

every_segment_lies_in_the_chips_memory() {
    local version
    for version in $VERSIONS; do
        "$UPDRAFT" image "$(packed "$version")" --json | python3 -c '
import json, sys
legal = [(0x3ffe8000, 0x3fffc000), (0x40100000, 0x40108000), (0x40201010, 0x40300000)]
boot = [(0x4010f000, 0x40110000), (0x3fff20b8, 0x3fffc000)]
parts = json.load(sys.stdin)["parts"]
assert [part["name"] for part in parts] == ["bootloader", "application"]
for part, regions in zip(parts, (boot, legal)):
    assert part["segments"]
    for segment in part["segments"]:
        start, end = segment["address"], segment["address"] + segment["size"]
        assert start % 4 == 0 and segment["size"] % 4 == 0, segment
        assert any(low <= start and end <= high for low, high in regions), segment
'
    done
}

the_bootloader_fits_its_sector() {
    local end
    end=$("$UPDRAFT" image "$(packed 1.0.0)" --json | sed -n 's/^ *"end": \([0-9]*\).*/\1/p' | head -n 1)
    [ "$end" -gt 0 ]
    [ $((end + 8)) -le 4096 ]
}

# irom takes whole words only, so nothing read by bytes may be there: of constants
# only the preamble, which is read from flash.
constants_stay_out_of_irom() {
    local program
    for program in $(programs); do
        sections "$program" | grep -q '^\.rodata 3ffe'
        "$CROSS-nm" -n "$program" | awk '
            $1 >= "40201010" && $1 < "40300000" && $2 !~ /^[tTaA]$/ { print; found = 1 } END { exit found }'
        [ "$("$CROSS-nm" "$program" | awk '$3 == "preamble" { print $1 }')" = 40201010 ]
    done
}

# Byte and halfword loads through a register that a literal has pointed into irom
# or IRAM: as far as reading a function from top to bottom can tell.
byte_loads_from_code() { # DISASSEMBLY
    awk -F '\t' '
        /^[0-9a-f]+ </ { delete points }
        NF < 4 { next }
        { split($4, operand, /[, ]+/) }
        $3 == "l32r" { points[operand[1]] = $4 ~ /\(40[12][0-9a-f]+ </; next }
        $3 ~ /^(l8ui|l16ui|l16si)$/ && points[operand[2]] { print; found = 1 }
        $3 ~ /^call/ { delete points; next }
        $3 !~ /^(s8i|s16i|s32i|b)/ { points[operand[1]] = 0 }
        END { exit !found }' "$1"
}

code_is_not_read_by_bytes() {
    local program
    for program in $(programs); do
        "$CROSS-objdump" -d "$program" >disassembly
        grep -q l32r disassembly
        not byte_loads_from_code disassembly
    done
}

the_byte_load_check_sees_one() {
    cat >planted.c <<'C'
extern int first(void), second(void);
__attribute__((section(".irom0.text"))) const volatile char text[4] = "abc";
int first(void) { return text[0] + text[2]; }
int second(void) { return first(); }
C
    "$CROSS-gcc" -Os -mlongcalls -mtext-section-literals -ffreestanding -nostdlib -fno-toplevel-reorder \
        -Wl,-Ttext=0x40100000 -Wl,--section-start=.irom0.text=0x40201010 -Wl,-e,second planted.c -o planted.elf
    "$CROSS-objdump" -d -j .text planted.elf >disassembly
    byte_loads_from_code disassembly
}

# While flash is busy, only IRAM and ROM can run.
flash_operations_run_from_iram() {
    local program address
    for program in $(programs); do
        for name in rom_read rom_program rom_erase app_entry; do
            address=$("$CROSS-nm" "$program" | awk -v name=$name '$3 == name { print $1 }')
            case $address in 4010*) ;; *) echo "$name is at $address"; return 1 ;; esac
        done
    done
}

# Linking fails past the chip's memory, rather than later, on a desk.
memory_that_is_not_there_cannot_be_used() {
    local section size
    for section in .bss:0x14001 .data:0x14001 .iram.text:0x8001 .text:0xfeff1; do
        size=${section#*:}
        section=${section%:*}
        printf '.section %s\n.space %s\n' "$section,\"aw\"" "$size" >large.S
        printf '.section .irom0.preamble,"a"\n.global preamble\npreamble: .word 0\n' >>large.S
        printf '.section .iram.entry,"ax"\n.global app_entry\napp_entry: ret\n' >>large.S
        not "$CROSS-gcc" -nostdlib -Wl,-T,"$TAP_ROOT/firmware/app.ld" large.S -o large.elf 2>log
        grep -qE 'overflowed|will not fit' log || { cat log; return 1; }
    done
}

the_same_sources_make_the_same_bytes() {
    local version
    meson setup "$TAP_TMP/again" "$TAP_ROOT" --cross-file "$TAP_ROOT/cross/lx106.ini" >/dev/null
    ninja -C "$TAP_TMP/again" >/dev/null
    for version in $VERSIONS; do
        "$UPDRAFT" image --pack again.bin --boot "$TAP_TMP/again/boot/lx106/boot.elf" \
            --app "$TAP_TMP/again/firmware/demo-$version.elf" --flash-mode dio --flash-size 4M --flash-freq 40
        cmp again.bin "$(packed "$version")"
    done
}

the_build_date_can_be_set() {
    SOURCE_DATE_EPOCH=86399 sh "$TAP_ROOT/firmware/build_date.sh" build_info.h
    grep -q '"Jan  1 1970"' build_info.h
    grep -q '"23:59:59"' build_info.h
}

check both_versions_are_sound
check the_versions_differ_in_little_but_the_version
check only_those_made_for_a_trial_ask_for_one
check every_segment_lies_in_the_chips_memory
check the_bootloader_fits_its_sector
check constants_stay_out_of_irom
check code_is_not_read_by_bytes
check the_byte_load_check_sees_one
check flash_operations_run_from_iram
check memory_that_is_not_there_cannot_be_used
check the_same_sources_make_the_same_bytes
check the_build_date_can_be_set
tap_end
