# Power cuts at any flash operation of whole updates over the network, from an update
# server: some of them, as one takes a second or two of both processors; NETWORK_CUTS=200 makes
# what docs/power-cuts.md tells of, NETWORK_CUTS_SEED says where they are.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

NET=$BUILD/firmware/net
COUNT=${NETWORK_CUTS:-40}
SEED=${NETWORK_CUTS_SEED:-8266}
FORMS=(raw gzip signed trial)

# chip FORM [SETTING…]: a chip that runs 1.0.0 and asks the server.
chip() {
    local form=$1
    shift
    "$UPDRAFT" flash --layout 4M2M --app "$NET-1.0.0.bin" --out "$form.flash" >/dev/null
    "$UPDRAFT" settings "$form.flash" set server="http://10.0.2.2:${SERVER##*:}/update" poll=1 "$@"
}

prepare() {
    local number
    "$UPDRAFT" keygen --type p256 >/dev/null
    gzip -n -9 <"$NET-1.1.0.bin" >new.gz
    "$UPDRAFT" sign new.gz --out new.signed >/dev/null
    publish "$NET-1.1.0.bin" raw 1.1.0
    publish new.gz gzip 1.1.0
    publish new.signed signed 1.1.0
    publish "$NET-2.0.0.bin" trial 2.0.0
    for number in raw gzip trial; do chip $number; done
    chip signed key=public.key
    for number in raw gzip signed; do cp "$NET-1.1.0.bin" $number.bin; done
    cp "$NET-2.0.0.bin" trial.bin
    # Four more, of each form one, show how long an update is.
    for number in $(seq 0 $((COUNT + 3))); do
        assign "$(printf '5C:CF:7F:01:%02X:%02X' $((number / 256)) $((number % 256)))" \
            "{\"product\": \"${FORMS[number % 4]}\"}"
    done
}

every_device_comes_back_and_arrives() {
    "$NATIVE/tests/qemu/network_cuts" "$BUILD/lx106/sim/qemu/rom.elf" "$TAP_TMP" "$SEED" "$COUNT" >cases ||
        { cat cases; return 1; }
}

server_start data
check prepare
check every_device_comes_back_and_arrives
echo "# seed $SEED: $(tail -n 1 "$TAP_TMP/cases")"
tap_end
