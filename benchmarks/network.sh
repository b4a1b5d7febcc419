# What the device with a network takes of the chip: flash, IRAM, data RAM and stack, in
# all and for lwIP. Stack is measured during a whole update over HTTP in the emulator.
# Prints rows for ./bench.
scripts/network.sh || exit 1
need_packages qemu-system-misc python3
work=$BUILD/bench-network
program=$BUILD/lx106/firmware/net/net-1.0.0.elf
lwip=$BUILD/lx106/firmware/net/liblwip.a
mac=5C:CF:7F:00:00:01
rm -rf "$work"
mkdir -p "$work/files"

section() { # NAME…: bytes of the program's sections
    xtensa-lx106-elf-size -A "$program" |
        awk -v names=" $* " 'index(names, " " $1 " ") { bytes += $2 } END { print bytes + 0 }'
}

# lwip_bytes TYPES: of those of its symbols that were linked, by nm's letters.
lwip_bytes() {
    xtensa-lx106-elf-nm --defined-only "$lwip" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$work/names"
    xtensa-lx106-elf-nm -S --defined-only "$program" | while read -r _ size type name; do
        case $type in [$1]) echo "$((0x$size)) $name" ;; esac
    done | awk 'NR == FNR { known[$1]; next } $2 in known { bytes += $1 } END { print bytes + 0 }' "$work/names" -
}

# Until the restart into the update: the board reports at its end only.
run_update() {
    local server tries
    cp "$BUILD/firmware/net-1.1.0.bin" "$work/files/"
    python3 tests/interop/static_server.py "$work/files" 1.0 >"$work/port" &
    server=$!
    for tries in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
    # Only to write the settings.
    "$BUILD/updraft" device --qemu --flash "$work/flash" --app "$BUILD/firmware/net-1.0.0.bin" \
        --url "http://127.0.0.1:$(cat "$work/port")/net-1.1.0.bin" --until '~ld' >/dev/null </dev/null &&
        timeout 60 qemu-system-xtensa -M kc705-nommu -cpu lx106 -m 4M -display none -monitor none \
            -serial none -nic "user,mac=$mac" -no-reboot -semihosting \
            -kernel "$BUILD/lx106/sim/qemu/rom.elf" -append "flash=3 report=4 stop=reset mac=$mac" \
            3<>"$work/flash" 4<>"$work/report" >"$work/console" </dev/null
    kill $server
    grep -q 'updated: restarts' "$work/console" || die "no update in the emulator, see build/bench-network/console"
}

run_update
echo "flash, firmware file	$(stat -c %s "$BUILD/firmware/net-1.0.0.bin")	B	-	-"
echo "flash, code run from there	$(section .irom0.text)	B	-	<= 1044464"
echo "flash, of it lwIP	$(lwip_bytes tT)	B	-	-"
echo "IRAM	$(section .text)	B	-	<= 32768"
echo "data RAM, constants included	$(section .data .rodata .bss)	B	-	<= 81920"
echo "data RAM, constants and initialised	$(section .data .rodata)	B	-	-"
echo "data RAM, of it lwIP	$(lwip_bytes bBdDrR)	B	-	-"
# From the end of the ROM's variables to 40000000, where it begins.
echo "stack, a whole update	$(awk '$1 == "stack_bytes" { print $2 }' "$work/report")	B	-	<= 5328"
echo "flash operations of an update, staged	$(awk '$1 == "operations" { print $2 }' "$work/report")		-	-"
