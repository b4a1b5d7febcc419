# What the device with a network takes of the chip: flash, IRAM, data RAM and stack;
# network_sizes.py says what of it is whose. Stack is measured during a whole update over HTTP in the emulator.
# Prints rows for ./bench.
scripts/network.sh || exit 1
need_packages qemu-system-misc python3
work=$BUILD/bench-network
mac=5C:CF:7F:00:00:01
rm -rf "$work"
mkdir -p "$work/files"

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
"$PROJECT_ROOT/benchmarks/network_sizes.py" "$BUILD" >"$work/sizes" || exit 1
awk '
    BEGIN { OFS = "\t" }
    /^#/ || NF < 6 { next }
    $1 == "all" {
        print "flash, code run from there", $2, "B", "-", "<= 1044464"
        print "IRAM", $3, "B", "-", "<= 32768"
        print "data RAM, constants included", $6, "B", "-", "<= 81920"
        print "data RAM, constants", $4, "B", "-", "-"
        next
    }
    { print "flash, of it " $1, $2, "B", "-", "-"; if ($6) print "data RAM, of it " $1, $6, "B", "-", "-" }
' "$work/sizes"
# From the end of the ROM's variables to 40000000, where it begins.
echo "stack, a whole update	$(awk '$1 == "stack_bytes" { print $2 }' "$work/report")	B	-	<= 5328"
echo "flash operations of an update, staged	$(awk '$1 == "operations" { print $2 }' "$work/report")		-	-"
