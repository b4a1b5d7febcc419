# What becomes of an update, by its form, who signed it, and what it replaces: taken by
# virtual devices through real tools, once booted by them and once staged and then booted
# by the real bootloader under QEMU. After every refusal the old program boots.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

KEYS=$TAP_ROOT/tests/vectors/signing
LX106=$BUILD/lx106
FS_START=2097152 # of layout 4M2M
FS_SIZE=65536
FORMS='raw gzip'
SIGNERS='unsigned signed legacy wrong rotated revoked'
USES='application files-atomic files-in-place'

# The device is built with two keys. Updates add a third and revoke the second.
TRUST="--trust $KEYS/rsa2048.pub --trust $KEYS/rsa3072.pub"
declare -A SIGNER_KEY=([signed]=rsa2048 [legacy]=rsa2048 [wrong]=rsa4096 [rotated]=p256 [revoked]=rsa3072)

# outcome FORM SIGNER USE: ok, or the number of the error.
outcome() {
    case $1/$2/$3 in
    gzip/*/files-in-place) echo 30 ;;
    */signed/* | */rotated/*) echo ok ;;
    *) echo 12 ;;
    esac
}

# ---- files ----

make_files() { # NAME SEED
    python3 -c '
import random, sys
random.seed(int(sys.argv[1]))
size = int(sys.argv[2])
sys.stdout.buffer.write(random.randbytes(size // 3) + b"\xff" * (size - size // 3))' "$2" $FS_SIZE >"$1"
}

# update_of FORM SIGNER CONTENT: makes the file ./update.bin
update_of() {
    local key=${SIGNER_KEY[$2]-}
    rm -f plain.bin plain.bin.*
    case $1 in
    raw) cp "$3" plain.bin ;;
    gzip) gzip -n -9 <"$3" >plain.bin ;;
    esac
    case $2 in
    unsigned) mv plain.bin update.bin ;;
    legacy)
        "$UPDRAFT" sign plain.bin --key "$KEYS/$key.key" --legacy >/dev/null
        mv plain.bin.legacy_sig update.bin
        ;;
    *) "$UPDRAFT" sign plain.bin --key "$KEYS/$key.key" --out update.bin >/dev/null ;;
    esac
}

# ---- devices ----

# run FLASH [options]: a device until its goal; tells the variable `status`, and the files
# `events` and `said`.
run() {
    local flash=$1
    shift
    status=0
    # shellcheck disable=SC2086
    timeout 300 "$UPDRAFT" device --flash "$flash" $TRUST --json "$@" >events 2>said || status=$?
}

# upload FLASH FILE "OPTIONS" [options of push]: the same for one that takes a file from
# the bench. What the push says is the same again.
upload() {
    local flash=$1 file=$2 options=$3 tries pid
    shift 3
    PORT=$(free_port)
    : >events
    # shellcheck disable=SC2086
    timeout 300 "$UPDRAFT" device --flash "$flash" $TRUST --json --uploads $PORT $options \
        >events 2>said &
    pid=$!
    for tries in $(seq 3000); do
        grep -q '"event":"started"' events && break
        kill -0 $pid 2>/dev/null || break
        sleep 0.02
    done
    "$UPDRAFT" push 127.0.0.1:$PORT "$file" "$@" >pushed.out 2>&1 || true
    status=0
    wait $pid || status=$?
}

# send USE FLASH GOAL: ./update.bin to a device, as such files travel.
send() {
    case $1 in
    application) run "$2" --url "$WEB/update.bin" "$3" ;;
    files-atomic) upload "$2" update.bin "$3" --filesystem ;;
    files-in-place) upload "$2" update.bin "$3 --in-place" --filesystem ;;
    esac
}

# ---- what is left ----

program_is() { cmp -n "$(stat -c %s "$2")" "$1" "$2"; } # FLASH FILE
files_are() { tail -c +$((FS_START + 1)) "$1" | cmp -n $FS_SIZE - "$2"; }

# The flash holds what the outcome says. A file system in place is overwritten before it
# can be verified; that is why nobody should want it.
flash_is_right() { # FLASH OUTCOME USE
    local program=$OLD files=old.files
    if [ "$2" = ok ]; then
        case $3 in application) program=$NEW ;; *) files=new.files ;; esac
    fi
    program_is "$1" "$program"
    [ "$3/$2" = files-in-place/12 ] || files_are "$1" $files
}

device_told() { # OUTCOME
    if [ "$1" = ok ]; then
        expect status "$status" 0
    else
        expect status "$status" 1
        case $1 in
        12) grep -q 'Signature verification failed' said ;;
        30) grep -q 'gzip file cannot be decompressed here' said ;;
        esac
    fi || { cat said events; return 1; }
}

version_of() { # FLASH
    "$UPDRAFT" image "$1" --json | json description version
}

# ---- the matrix ----

content_of() { case $1 in application) echo "$NEW" ;; *) echo new.files ;; esac; }

on_the_host_device() { # FORM SIGNER USE
    local result
    result=$(outcome "$@")
    update_of "$1" "$2" "$(content_of "$3")"
    cp --sparse=always base.flash host.flash
    send "$3" host.flash --once
    device_told "$result"
    flash_is_right host.flash "$result" "$3"
    # And it lives: another start, by itself.
    run host.flash --url "$WEB/none?status=304" --once
    expect "status of the next start" "$status" 0
    expect version "$(version_of host.flash)" "$(version_after "$result" "$3")"
}

version_after() { # OUTCOME USE
    if [ "$1/$2" = ok/application ]; then echo 1.1.0; else echo 1.0.0; fi
}

# The host device only stages; the board's own bootloader does the rest.
under_qemu() { # FORM SIGNER USE
    local result version
    result=$(outcome "$@")
    version=$(version_after "$result" "$3")
    update_of "$1" "$2" "$(content_of "$3")"
    cp --sparse=always base.flash board.flash
    send "$3" board.flash --stage
    device_told "$result"
    program_is board.flash "$OLD"
    [ "$3" = files-in-place ] || files_are board.flash old.files
    timeout 300 "$UPDRAFT" device --qemu --rom "$LX106/sim/qemu/rom.elf" --flash board.flash \
        --until 'free for an update' --timeout 120 >console 2>said || { cat console said; return 1; }
    grep -q "^demo $version, " console || { cat console; return 1; }
    flash_is_right board.flash "$result" "$3"
}

for_all() { # WHERE
    local form signer use name
    for use in $USES; do
        for form in $FORMS; do
            for signer in $SIGNERS; do
                name=${1}_${form}_${signer}_${use//-/_}
                eval "$name() { $1 $form $signer $use; }"
                check "$name"
            done
        done
    done
}

# ---- the way there ----

# Keys are changed in the field, by the tools people have.
the_device_gets_its_keys() {
    "$UPDRAFT" flash --layout 4M2M --app "$OLD" --fs old.files --out base.flash >/dev/null
    "$UPDRAFT" key add "$KEYS/p256.pub" --number 1 --out add.key --product demo --key "$KEYS/rsa2048.key" >/dev/null
    "$UPDRAFT" key revoke "$KEYS/rsa3072.pub" --number 2 --out revoke.key --product demo --key "$KEYS/p256.key" >/dev/null
    # Nobody skips one.
    upload base.flash revoke.key --once
    expect "status of the second before the first" "$status" 1
    upload base.flash add.key --once
    expect "status of the first" "$status" 0 || { cat said; return 1; }
    run base.flash --url "$WEB/revoke.key" --once
    expect "status of the second" "$status" 0 || { cat said; return 1; }
    run base.flash --url "$WEB/revoke.key" --once
    expect "status of the second again" "$status" 1
    grep -q 'Key update is not the next one' said
    flash_is_right base.flash 12 application
}

# What is not signed is taken by a device that does not verify, and so is what is.
without_trust_all_is_taken() {
    local form signer TRUST=
    for form in $FORMS; do
        for signer in unsigned signed legacy wrong; do
            update_of "$form" "$signer" "$NEW"
            cp --sparse=always base.flash open.flash
            send application open.flash --once
            device_told ok
            flash_is_right open.flash ok application
        done
    done
}

manifests_say_what_for() {
    local options expected
    TRUST="$TRUST --manifest"
    while read -r expected options; do
        # shellcheck disable=SC2086
        "$UPDRAFT" sign "$NEW" --key "$KEYS/rsa2048.key" --out update.bin $options >/dev/null
        cp --sparse=always base.flash terms.flash
        send application terms.flash --once
        expect "status with $options" "$status" "$([ "$expected" = ok ]; echo $?)" || { cat said; return 1; }
        [ "$expected" = ok ] || grep -q "${expected//_/ }" said || { cat said; return 1; }
    done <<'END'
ok --manifest
ok --manifest --security 7
Update_is_for_another_product --manifest --product kettle
Update_is_of_another_kind --manifest --kind files --product demo --version 1
Manifest_is_missing_or_damaged
END
    gzip -n -9 <"$NEW" >new.bin.gz
    "$UPDRAFT" sign new.bin.gz --key "$KEYS/rsa2048.key" --out update.bin --manifest --product demo --version 1.1.0 >/dev/null
    cp --sparse=always base.flash terms.flash
    send application terms.flash --once
    device_told ok
    flash_is_right terms.flash ok application
}

# The server gives each device the form it can take: the device says whose signatures.
the_server_knows_whom_a_device_trusts() {
    local signer
    for signer in rsa3072 p256; do
        "$UPDRAFT" publish "$NEW" --product demo --gzip --sign "$KEYS/$signer.key" >/dev/null
    done
    assign 5C:CF:7F:00:00:01 '{"product": "demo"}'
    cp --sparse=always base.flash server.flash
    run server.flash --url "$SERVER/update" --once
    device_told ok
    flash_is_right server.flash ok application
    expect keys "$(device_says 5C:CF:7F:00:00:01 facts abilities keys)" '["1804b9fb39ac8280", "92ebb840dce2a791"]'
}

# A mode that the chip on the board may not work in could leave it dead.
another_flash_mode_is_not_decompressed() {
    cp "$NEW" qio.bin
    printf '\0' | dd of=qio.bin bs=1 seek=2 conv=notrunc 2>dd.log
    update_of gzip signed qio.bin
    cp --sparse=always base.flash mode.flash
    send application mode.flash --once
    expect status "$status" 1
    grep -q 'Flash mode is not the running one' said
    flash_is_right mode.flash 12 application
    # Uncompressed the running one is patched in.
    update_of raw signed qio.bin
    send application mode.flash --once
    expect status "$status" 0
    flash_is_right mode.flash ok application
}

wrong_calls_are_refused() {
    local status
    while read -r expected text options; do
        status=0
        # shellcheck disable=SC2086
        "$UPDRAFT" device --url http://127.0.0.1:9/ --app "$OLD" $options >out 2>err || status=$?
        expect "$options" $status "$expected"
        grep -q -- "${text//_/ }" err || { cat err; return 1; }
    done <<END
2 only_one_of_them --once --stage --flash a.flash
2 --stage_needs_--flash --stage
2 goes_with_--manifest_or_--trust --product lamp
1 none.pub --trust none.pub
1 matrix.sh --trust $TAP_ROOT/tests/trust/matrix.sh
END
}

web_server() {
    local tries
    python3 "$TAP_ROOT/tests/interop/static_server.py" "$TAP_TMP" 1.0 >"$TAP_TMP/web" &
    tap_background $!
    for tries in $(seq 600); do [ -s "$TAP_TMP/web" ] && break; sleep 0.1; done
    WEB=http://127.0.0.1:$(cat "$TAP_TMP/web")
}

: >"$TAP_TMP/none"
make_files "$TAP_TMP/old.files" 1
make_files "$TAP_TMP/new.files" 2
web_server
check the_device_gets_its_keys
for_all on_the_host_device
for_all under_qemu
check without_trust_all_is_taken
check manifests_say_what_for
check another_flash_mode_is_not_decompressed
check wrong_calls_are_refused
server_start data
check the_server_knows_whom_a_device_trusts
server_stop
tap_end
