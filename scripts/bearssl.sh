# BearSSL for the chip, from the source package of the library the host's build uses.
# Sourced after setup.sh.

BEARSSL_LX106=$BUILD/bearssl-lx106 # libbearssl.a, and source/ with its headers

# logged WHAT command…: its output is shown only when it fails, after WHAT.
logged() {
    local what=$1 log
    shift
    log=$(mktemp "$BUILD/log.XXXXXX")
    "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; rm "$log"; die "$what"; }
    rm "$log"
}

# By lists of source packages of our own: what the machine is set up for stays as it is.
fetch_bearssl() {
    local folder=$BEARSSL_LX106
    local apt=(-qq -o "Dir::Etc::sourcelist=$folder/bearssl.sources" -o Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$folder/lists" -o APT::Sandbox::User=root)
    mkdir -p "$folder/lists/partial"
    printf 'Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" \
        /usr/share/keyrings/debian-archive-keyring.gpg >"$folder/bearssl.sources"
    logged "Debian's lists of source packages cannot be had" apt-get "${apt[@]}" update
    (cd "$folder" && logged "BearSSL's source package cannot be had" apt-get "${apt[@]}" source bearssl) ||
        exit 1
    mv "$folder"/bearssl-*/ "$folder/source"
}

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
    need_packages dpkg-dev
    rm -rf "$BEARSSL_LX106"
    fetch_bearssl
    compile_bearssl
}
