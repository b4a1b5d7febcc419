#!/usr/bin/env bash
# Builds the firmware with a network into the LX106 build, with lwIP and BearSSL from
# Debian's source packages, and packs it: build/firmware/net-*.bin, for
# `updraft device --qemu --url`. Needs a native build; every later LX106 build keeps the
# programs up to date.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh
. scripts/bearssl.sh
PACKER=${PACKER:-$BUILD/updraft}
LWIP=$BUILD/lwip-lx106 # source/

fetch_lwip() {
    [ ! -f "$LWIP/source/src/include/lwip/init.h" ] || return 0
    rm -rf "$LWIP"
    fetch_source lwip "$LWIP"
}

pack_network() {
    local version
    mkdir -p "$BUILD/firmware"
    for version in 1.0.0 1.1.0 2.0.0; do
        "$PACKER" image --pack "$BUILD/firmware/net-$version.bin" \
            --boot "$BUILD/lx106/boot/lx106/boot.elf" --app "$BUILD/lx106/firmware/net/net-$version.elf" \
            --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null || die "net-$version could not be packed"
    done
}

[ -x "$PACKER" ] || build_native
build_bearssl_lx106
fetch_lwip
configure "$BUILD/lx106" --cross-file "$PROJECT_ROOT/cross/lx106.ini" \
    "-Dlwip=$LWIP/source" "-Dbearssl=$BEARSSL_LX106"
build "$BUILD/lx106"
pack_network
