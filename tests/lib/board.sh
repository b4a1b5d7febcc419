# One board under QEMU, with firmware for the chip, for test scripts. Source it after
# server.sh.
. "$TAP_ROOT/tests/lib/ports.sh"

NET=$BUILD/firmware/net # -VERSION.bin: with a network

# board FLASH TEXT [options]: until it says the text. What it says goes to the file said.
board() {
    local flash=$1 text=$2
    shift 2
    timeout 300 "$UPDRAFT" device --qemu --flash "$flash" --until "$text" --timeout 240 "$@" \
        </dev/null >said 2>err || { cat said err; return 1; }
}

# board_in_background FLASH [options]: pid in `pid`; what it says goes to the file said.
board_in_background() {
    local flash=$1
    shift
    : >said
    "$UPDRAFT" device --qemu --flash "$flash" "$@" </dev/null >>said 2>err &
    pid=$!
}

# has_said TEXT: within a minute; otherwise it is ended.
has_said() {
    local tries
    for tries in $(seq 600); do grep -qF -- "$1" said && return; sleep 0.1; done
    kill $pid
    echo "not said: $1"
    cat said
    return 1
}

runs() { expect "what runs" "$(grep -o '^demo [^,]*' said | tail -n 1)" "demo $1"; }

pack() { # VERSION: of the demonstration without a network
    "$UPDRAFT" image --pack "$TAP_TMP/demo-$1.bin" --boot "$BUILD/lx106/boot/lx106/boot.elf" \
        --app "$BUILD/lx106/firmware/demo-$1.elf" --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null
}
