# Whole updates on the chip's own instruction set. Most of it is update.c, which prints
# its own TAP; what is here makes firmware files and flash images.
. "$(dirname "$0")/../lib/tap.sh"
set -e

LX106=$BUILD/lx106
LAYOUTS='512K32K 1M64K 4M2M'

# pack LAYOUT VERSION: the firmware file for chips of the layout's size, which its name
# begins with.
pack() {
    local size
    size=$(expr "$1" : '\([0-9]*[KM]\)')
    "$UPDRAFT" image --pack "$1-$2.bin" --boot "$LX106/boot/lx106/boot.elf" \
        --app "$LX106/firmware/demo-$2.elf" --flash-mode dio --flash-size "$size" --flash-freq 40 >/dev/null
}

cd "$TAP_TMP"
for layout in $LAYOUTS; do
    for version in 1.0.0 1.1.0 2.0.0 2.1.0-hangs 2.1.0-crashes; do pack "$layout" "$version"; done
    "$UPDRAFT" flash --layout "$layout" --app "$layout-1.0.0.bin" --out "$layout.flash" >/dev/null
done
# shellcheck disable=SC2086
"$NATIVE/tests/qemu/update" "$LX106/sim/qemu/rom.elf" . $LAYOUTS
