#!/usr/bin/env bash
# Builds what runs on the chips: the bootloader, the virtual board's ROM, the demonstration firmware
# with and without a network, and the Arduino library. `meson install` puts it beside the program then.
# PACKER, a program that is built already, saves building one in build/.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
need_packages "${BUILD_PACKAGES[@]}"
[ -x "${PACKER:-$BUILD/updraft}" ] || build_native
build_lx106
build_rv32
pack_firmware
scripts/network.sh
scripts/arduino-package.sh
