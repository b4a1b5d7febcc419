# The firmware with a network, in the LX106 build: lwIP and BearSSL from Debian's source
# packages. Sourced after setup.sh. Once done, every later build_lx106 keeps it up to date.
. scripts/bearssl.sh

LWIP_LX106=$BUILD/lwip-lx106 # source/

build_lx106_network() {
    build_bearssl_lx106
    if [ ! -f "$LWIP_LX106/source/src/include/lwip/init.h" ]; then
        rm -rf "$LWIP_LX106"
        fetch_source lwip "$LWIP_LX106"
    fi
    configure "$BUILD/lx106" --cross-file "$PROJECT_ROOT/cross/lx106.ini" \
        "-Dlwip=$LWIP_LX106/source" "-Dbearssl=$BEARSSL_LX106" && build "$BUILD/lx106"
}
