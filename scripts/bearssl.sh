# BearSSL for the chip, from the source package of the library the host's build uses.
# Sourced after setup.sh.
. scripts/sources.sh

BEARSSL_LX106=$BUILD/bearssl-lx106 # libbearssl.a, and source/ with its headers

# Their tables are large and stay in flash (firmware/app.ld), which takes whole words
# only: loads of these files are made of those.
BEARSSL_WORDS='ssl_hs_client x509_minimal x509_decoder ec_p256_m15'

# Of the core's multiplication of 32 bits only the low half is quick: BR_LOMUL.
compile_bearssl() {
    local folder=$BEARSSL_LX106
    mkdir -p "$folder/objects"
    logged "BearSSL could not be built for LX106" bash -c '
        cd "$0/source/src"
        find . -name "*.c" | xargs -P 2 -I {} sh -c "
            name=\$(basename {} .c)
            case \" $1 \" in *\" \$name \"*) words=-mforce-l32 ;; esac
            xtensa-lx106-elf-gcc -Os \$words -mlongcalls -mtext-section-literals -ffreestanding \
                -ffunction-sections -fdata-sections -DBR_LOMUL=1 \
                -DBR_USE_UNIX_TIME=0 -DBR_USE_URANDOM=0 -I ../inc -I . \
                -c {} -o ../../objects/\$name.o"' "$folder" "$BEARSSL_WORDS"
    xtensa-lx106-elf-ar rcs "$folder/libbearssl.a" "$folder"/objects/*.o
}

build_bearssl_lx106() {
    [ ! -f "$BEARSSL_LX106/objects/ssl_engine.o" ] || return 0
    rm -rf "$BEARSSL_LX106" # it may be from when only a part of it was built
    fetch_source bearssl "$BEARSSL_LX106"
    compile_bearssl
}
