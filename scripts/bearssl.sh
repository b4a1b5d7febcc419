# BearSSL for the chip, from the source package of the library the host's build uses.
# Sourced after setup.sh.
. scripts/sources.sh

BEARSSL_LX106=$BUILD/bearssl-lx106 # libbearssl.a, and source/ with its headers

# Of the core's multiplication of 32 bits only the low half is quick: BR_LOMUL.
compile_bearssl() {
    local folder=$BEARSSL_LX106
    mkdir -p "$folder/objects"
    logged "BearSSL could not be built for LX106" bash -c '
        cd "$0/source/src"
        find hash rsa ec int codec -name "*.c" | xargs -P 2 -I {} sh -c "
            xtensa-lx106-elf-gcc -Os -mlongcalls -mtext-section-literals -ffreestanding \
                -ffunction-sections -fdata-sections -DBR_LOMUL=1 -I ../inc -I . \
                -c {} -o ../../objects/\$(basename {} .c).o"' "$folder"
    xtensa-lx106-elf-ar rcs "$folder/libbearssl.a" "$folder"/objects/*.o
}

build_bearssl_lx106() {
    [ ! -f "$BEARSSL_LX106/libbearssl.a" ] || return 0
    rm -rf "$BEARSSL_LX106"
    fetch_source bearssl "$BEARSSL_LX106"
    compile_bearssl
}
