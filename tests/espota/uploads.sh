# Uploads between our ends and the originals', written down in Python: our uploader
# to their device, their uploader to our device, and ours to ours, many at once.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/ports.sh"

HERE=$TAP_ROOT/tests/espota

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1.bin" --project demo "${@:2}"; }

# original_device [options]: one in the background; sets PORT. What arrives goes to
# the file `arrived`.
original_device() {
    local tries
    rm -f port arrived
    timeout 300 python3 "$HERE/original_device.py" "$@" arrived >port 2>device.err &
    device_pid=$!
    tap_background $device_pid
    for tries in $(seq 1200); do [ -s port ] && break; sleep 0.05; done
    PORT=$(cat port)
}

# The device has got what was sent.
arrives() {
    wait "$device_pid" || { cat device.err; return 1; }
    cmp "$1" arrived
}

# virtual_devices COUNT [options]: started in the background; they take uploads from
# UDP port UPLOADS on.
virtual_devices() {
    local count=$1 tries
    shift
    UPLOADS=$(free_ports 20)
    "$UPDRAFT" device --uploads $UPLOADS --count "$count" --app old.bin --layout 4M2M --json \
        --timeout 600 "$@" >events 2>device.err &
    device_pid=$!
    tap_background $device_pid
    for tries in $(seq 1200); do
        [ "$(grep -c '"event":"started"' events)" -ge "$count" ] && return
        sleep 0.05
    done
    cat device.err
    return 1
}

stop_devices() { kill "$device_pid"; wait "$device_pid" 2>/dev/null || true; }

# versions COUNT: how many of the last so many programs that were started are the new
# one. Waits for all of them: the uploader does not wait for the restart.
versions() {
    local tries new
    for tries in $(seq 600); do
        new=$(grep '"event":"started"' events | tail -n "$1" | grep -c '"version":"1.1.0"')
        [ "$new" = "$1" ] && break
        sleep 0.1
    done
    echo "$new"
}

# ---- our uploader, their device ----

push_to_an_original() { # [options of the device] -- [options of push]
    local device=()
    while [ "$1" != -- ]; do device+=("$1"); shift; done
    shift
    original_device "${device[@]+"${device[@]}"}"
    "$UPDRAFT" push "127.0.0.1:$PORT" new.bin "$@"
    arrives new.bin
}

to_an_esp8266() { push_to_an_original --; }
to_an_esp32() { push_to_an_original --esp32 --; }
to_an_esp8266_with_a_password() {
    echo secret >password
    push_to_an_original --password secret -- --password-file password
}
to_an_esp32_with_a_password() { UPDRAFT_PASSWORD=secret push_to_an_original --esp32 --password secret --; }
to_an_esp32_that_keeps_an_md5() {
    export UPDRAFT_PASSWORD=secret
    push_to_an_original --esp32 --password secret --stored-md5 --
    push_to_an_original --esp32 --password secret --stored-md5 -- --md5
}
when_datagrams_get_lost() {
    export UPDRAFT_PASSWORD=secret
    push_to_an_original --deaf 2 --password secret --
    push_to_an_original --deaf 1 --esp32 --password secret --
}

# fails_with STATUS TEXT command…: and says so, once.
fails_with() {
    local expected=$1 text=$2 status=0
    shift 2
    "$@" >said 2>&1 </dev/null || status=$?
    [ "$status" -eq "$expected" ] && [ "$(grep -cF -- "$text" said)" -eq 1 ] || { echo "status $status"; cat said; return 1; }
}

what_the_device_says_is_what_we_say() {
    original_device --refuse 'ERR: ERROR[4]: Not Enough Space'
    fails_with 1 'Not Enough Space (4); it does not fit' "$UPDRAFT" push "127.0.0.1:$PORT" new.bin
    original_device --fail 'ERROR[7]: MD5 verification failed: expected: OK'
    fails_with 1 'MD5 verification failed' "$UPDRAFT" push "127.0.0.1:$PORT" new.bin
    original_device --password secret
    fails_with 1 'wrong password' env UPDRAFT_PASSWORD=Secret "$UPDRAFT" push "127.0.0.1:$PORT" new.bin
    kill $device_pid
    original_device --password secret
    fails_with 1 'asks for a password' setsid "$UPDRAFT" push "127.0.0.1:$PORT" new.bin
    kill $device_pid
}

# ---- as espota ----

espota() {
    ln -sf "$UPDRAFT" espota.py
    ./espota.py -i 127.0.0.1 -p "$PORT" "$@" 2>said
}

espota_by_its_own_name() {
    original_device --password secret
    espota --auth=secret -f new.bin
    grep -qF 'Authenticating...OK' said
    grep -q '^Uploading\.\.\.*$' said
    arrives new.bin
    original_device --esp32 --password secret
    espota -a secret -f new.bin -r -t 5
    grep -qF 'Authenticating (PBKDF2-HMAC-SHA256)...OK' said
    grep -qF '100% Done...' said
    arrives new.bin
}

espota_fails_in_the_originals_words() {
    PORT=9
    not espota -f new.bin
    grep -qE '^[0-9:]{8} \[ERROR\]: No Answer$' said
    original_device --password secret
    not espota -a wrong -f new.bin
    grep -qF 'Authenticating...FAIL' said
    kill $device_pid
    not ./espota.py -i 127.0.0.1 2>said
    grep -qF '[CRITICAL]: Not enough arguments.' said
}

passwords_do_not_stay_in_the_list_of_processes() {
    local tries pid listed
    original_device --deaf 3 --password in-the-open
    ln -sf "$UPDRAFT" espota.py
    ./espota.py -i 127.0.0.1 -p "$PORT" --auth=in-the-open -f new.bin 2>said &
    pid=$!
    for tries in $(seq 3000); do # it stays as long as the device does not hear
        listed=$(tr '\0' ' ' <"/proc/$pid/cmdline")
        case $listed in *--auth=xxx*) break ;; esac
        sleep 0.02
    done
    wait $pid
    case $listed in *in-the-open*) echo "$listed"; return 1 ;; *--auth=xxx*) ;; *) return 1 ;; esac
    arrives new.bin
}

a_signed_file_is_preferred() {
    cp new.bin signed.bin
    cp old.bin signed.bin.signed
    original_device
    espota -f signed.bin
    grep -qF 'Detected Signed Update. signed.bin.signed will be uploaded instead.' said
    arrives old.bin
    original_device
    "$UPDRAFT" push "127.0.0.1:$PORT" signed.bin >said
    grep -qF 'signed.bin.signed exists and is sent instead' said
    arrives old.bin
}

# ---- their uploader, our device ----

from_original_uploaders() {
    virtual_devices 1
    python3 "$HERE/original_uploader.py" 127.0.0.1 $UPLOADS new.bin
    expect "devices with the new version" "$(versions 1)" 1
    python3 "$HERE/original_uploader.py" --esp32 127.0.0.1 $UPLOADS old.bin
    stop_devices
}

from_original_uploaders_with_passwords() {
    echo secret >password
    virtual_devices 1 --upload-password-file password
    not python3 "$HERE/original_uploader.py" --password wrong 127.0.0.1 $UPLOADS new.bin 2>said
    grep -qx 'Authentication Failed' said
    python3 "$HERE/original_uploader.py" --password secret 127.0.0.1 $UPLOADS new.bin
    expect "devices with the new version" "$(versions 1)" 1
    stop_devices
    virtual_devices 1 --upload-password-file password --upload-sha256
    python3 "$HERE/original_uploader.py" --esp32 --password secret 127.0.0.1 $UPLOADS new.bin
    expect "devices with the new version" "$(versions 1)" 1
    stop_devices
}

# ---- ours to ours ----

three_at_once() {
    virtual_devices 3
    "$UPDRAFT" push 127.0.0.1:{$UPLOADS,$((UPLOADS + 1)),$((UPLOADS + 2))} new.bin >said
    grep -qx '3 of 3 devices updated' said
    expect "devices with the new version" "$(versions 3)" 3
    stop_devices
}

compressed_on_the_way() {
    virtual_devices 1
    "$UPDRAFT" push 127.0.0.1:$UPLOADS new.bin --gzip >said
    grep -q 'new.bin: .* bytes, .* compressed' said
    expect "devices with the new version" "$(versions 1)" 1
    stop_devices
    cp new.bin sealed.bin
    cp old.bin sealed.bin.signed
    fails_with 1 'compress first, then sign' "$UPDRAFT" push 127.0.0.1:9 sealed.bin --gzip
    original_device
    gzip -n -9 <new.bin >new.bin.gz
    "$UPDRAFT" push "127.0.0.1:$PORT" new.bin.gz --gzip
    arrives new.bin.gz
}

expect_line() { grep -qF -- "$1" said || { cat said; return 1; }; }

some_fail_and_the_rest_go_on() {
    local unplugged locked locked_pid status=0
    echo other >password
    virtual_devices 1 --upload-password-file password --mac 5C:CF:7F:00:00:09
    locked=$UPLOADS locked_pid=$device_pid
    virtual_devices 2
    unplugged=$((UPLOADS + 5))
    UPDRAFT_PASSWORD=secret "$UPDRAFT" push \
        127.0.0.1:{$UPLOADS,$((UPLOADS + 1)),$locked,$unplugged} new.bin >said 2>&1 || status=$?
    expect status "$status" 1
    expect_line '2 of 4 devices updated'
    expect_line "127.0.0.1:$locked: wrong password"
    expect_line "127.0.0.1:$unplugged: nothing takes uploads on its UDP port"
    expect "devices with the new version" "$(versions 2)" 2
    stop_devices
    kill $locked_pid
}

on_fixed_ports() {
    local port
    virtual_devices 2
    port=$((UPLOADS + 10))
    "$UPDRAFT" push 127.0.0.1:{$UPLOADS,$((UPLOADS + 1))} new.bin --connect-port $port --listen 127.0.0.1 >said
    grep -qx '2 of 2 devices updated' said
    stop_devices
}

wrong_calls() {
    fails_with 2 'HOST FILE' "$UPDRAFT" push new.bin
    fails_with 2 'no HOST' "$UPDRAFT" push 127.0.0.1:x new.bin
    fails_with 2 'no HOST' "$UPDRAFT" push :8266 new.bin
    fails_with 2 '--connect-port' "$UPDRAFT" push a b new.bin --connect-port 65535
    fails_with 1 'none.bin' "$UPDRAFT" push 127.0.0.1 none.bin
    : >empty.bin
    fails_with 1 'is empty' "$UPDRAFT" push 127.0.0.1 empty.bin
    fails_with 1 'address is not known' "$UPDRAFT" push no-such-host.invalid new.bin
    fails_with 1 'is no address of this computer' "$UPDRAFT" push 127.0.0.1 new.bin --listen 192.0.2.1
}

make_image old --version 1.0.0
make_image new --version 1.1.0
check to_an_esp8266
check to_an_esp32
check to_an_esp8266_with_a_password
check to_an_esp32_with_a_password
check to_an_esp32_that_keeps_an_md5
check when_datagrams_get_lost
check what_the_device_says_is_what_we_say
check espota_by_its_own_name
check espota_fails_in_the_originals_words
check passwords_do_not_stay_in_the_list_of_processes
check a_signed_file_is_preferred
check from_original_uploaders
check from_original_uploaders_with_passwords
check three_at_once
check compressed_on_the_way
check some_fail_and_the_rest_go_on
check on_fixed_ports
check wrong_calls
tap_end
