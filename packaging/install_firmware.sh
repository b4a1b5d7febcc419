#!/bin/sh
# install_firmware.sh BUILD FOLDER: puts what scripts/firmware.sh made in BUILD into FOLDER.
# Without arguments `meson install` runs it, which says where things go; what has not been
# built is left out then.
set -e
build=${1:-$MESON_BUILD_ROOT}
folder=${2:-$MESON_INSTALL_DESTDIR_PREFIX/share/updraft}

set -- "$build/lx106/boot/lx106/boot.elf" "$build/lx106/sim/qemu/rom.elf"
if [ ! -f "$1" ] || [ ! -f "$2" ] || [ ! -f "$build/firmware/net-1.0.0.bin" ]; then
    echo "not installed, because not built: boot.elf, rom.elf, demonstration firmware, Arduino library;" \
        "scripts/firmware.sh builds them" >&2
    exit 0
fi
mkdir -p "$folder/firmware"
install -m644 "$@" "$build"/arduino/Updraft-*.zip "$folder"
install -m644 "$build"/firmware/*.bin "$folder/firmware"
