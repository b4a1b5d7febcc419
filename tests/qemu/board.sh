# The board under QEMU. Most of it is board.c, which prints its own TAP; what is here
# makes the flash chips it starts from.
. "$(dirname "$0")/../lib/tap.sh"
set -e

LX106=$BUILD/lx106

# make_flash FILE APP.ELF: a 4 MB chip with our bootloader and this application.
make_flash() {
    "$UPDRAFT" image --pack "$1.bin" --boot "$LX106/boot/lx106/boot.elf" --app "$2" \
        --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null
    "$UPDRAFT" flash --layout 4M2M --app "$1.bin" --out "$1" >/dev/null
}

cd "$TAP_TMP"
make_flash probe.flash "$LX106/tests/qemu/probe/probe.elf"
make_flash demo.flash "$LX106/firmware/demo-1.0.0.elf"
"$NATIVE/tests/qemu/board" "$LX106/sim/qemu/rom.elf" probe.flash demo.flash
