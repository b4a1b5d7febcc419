# Power cuts of the linked bootloader on the chip's own instruction set. The program
# prints TAP, and at the end how many it tried.
. "$(dirname "$0")/../lib/tap.sh"

LX106=$BUILD/lx106

"$NATIVE/tests/powercut/lx106/lx106" "$LX106/sim/qemu/rom.elf" "$LX106/boot/lx106/boot.elf" "$LX106/firmware" "$@"
