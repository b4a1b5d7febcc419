# From the Arduino core's bootloader to ours by an ordinary update, on with ours, and back by cable.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/board.sh"

FILES_FROM=$((0x200000)) # of the layout 4M2M
SECTOR=4096

# Another bootloader, as far as flash can tell: ours with another word on its console.
LC_ALL=C sed 's/cp:/CP:/' "$BUILD/lx106/boot/lx106/boot.elf" >"$TAP_TMP/other.elf"

# pack_with BOOT VERSION: a firmware with a network, in the file FILE.
pack_with() {
    "$UPDRAFT" image --pack "$3" --boot "$1" --app "$BUILD/lx106/firmware/net/net-$2.elf" \
        --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null
}

first_sector() { head -c $SECTOR "$1"; }

the_other_bootloader_is_another() {
    pack_with other.elf 1.0.0 other-1.0.0.bin
    pack_with other.elf 1.1.0 other-1.1.0.bin
    if cmp -s <(first_sector other-1.1.0.bin) <(first_sector "$NET-1.1.0.bin"); then return 1; fi
    "$UPDRAFT" image other-1.1.0.bin
}

MAC=5C:CF:7F:00:00:01

# due VERSION FILE: what the device gets when it asks the server next.
due() { publish "$2" demo "$1" && assign $MAC "{\"product\": \"demo\", \"pin\": \"$1\"}"; }

# The device that has the other bootloader downloads an update and restarts. What it staged is what
# that bootloader copies: the file's sectors up to the file system.
first_update_by_the_other_bootloader() { # CHIP FILE
    local size
    size=$(stat -c %s "$2")
    "$UPDRAFT" flash --layout 4M2M --app other-1.0.0.bin --out "$1" >/dev/null
    "$UPDRAFT" device --flash "$1" --mac $MAC --url "$SERVER/update" --stage --timeout 60
    python3 "$TAP_ROOT/tests/qemu/original_eboot.py" "$1" \
        $((FILES_FROM - (size + SECTOR - 1) / SECTOR * SECTOR)) "$size"
}

our_bootloader_comes_with_an_ordinary_update() {
    due 1.1.0 "$NET-1.1.0.bin"
    expect "the other bootloader" "$(first_update_by_the_other_bootloader chip "$NET-1.1.0.bin" | tail -n 1)" \
        "brings another bootloader"
    cmp <(first_sector chip) <(first_sector "$NET-1.1.0.bin")
    board chip "demo 1.1.0"
}

and_carries_out_the_next_one() {
    due 2.0.0 "$NET-2.0.0.bin"
    board chip "demo 2.0.0" --url "$SERVER/update" --poll 1 --mac $MAC
    grep -q 'cp:' said
}

# As built by the Arduino IDE without any change: with its own bootloader in front.
a_file_with_the_other_bootloader_leaves_ours() {
    "$UPDRAFT" flash --layout 4M2M --app "$NET-1.0.0.bin" --out kept >/dev/null
    publish other-1.1.0.bin other 1.1.0
    assign $MAC '{"product": "other", "pin": null}'
    board kept "demo 1.1.0" --url "$SERVER/update" --poll 1 --mac $MAC
    cmp <(first_sector kept) <(first_sector "$NET-1.0.0.bin")
}

# What `esptool write_flash 0 FILE` leaves in flash.
by_cable_the_other_one_is_back() {
    dd if=other-1.0.0.bin of=kept conv=notrunc status=none
    cmp <(first_sector kept) <(first_sector other-1.0.0.bin)
    board kept "demo 1.0.0"
}

server_start data
check the_other_bootloader_is_another
check our_bootloader_comes_with_an_ordinary_update
check and_carries_out_the_next_one
check a_file_with_the_other_bootloader_leaves_ours
check by_cable_the_other_one_is_back
tap_end
