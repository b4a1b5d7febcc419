# The examples of the Arduino library as they are packed, run on the host: each is updated by
# its way in, the update is staged, and the bootloader starts it.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

SKETCHES=$TAP_ROOT/build/arduino/host
KEYS=$TAP_ROOT/tests/vectors/signing

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1.bin" --project demo "${@:2}"; }

# A test runs in a subshell: what it starts it ends, or time does where it fails.

# sketch NAME [options]: one in the background, with old.bin in its flash; what it says goes to
# the file said. The flash file is a new one but for KEEP.
sketch() {
    local name=$1
    shift
    rm -f said
    [ -n "${KEEP-}" ] || rm -f flash.bin
    timeout 600 "$SKETCHES/$name" --flash flash.bin --app "$TAP_TMP/old.bin" "$@" >said 2>&1 &
    sketch_pid=$!
}

# boot_again NAME [options]: the same over the flash file as it is.
boot_again() {
    local name=$1
    shift
    timeout 600 "$SKETCHES/$name" --flash flash.bin "$@" >said 2>&1 &
    sketch_pid=$!
    says "boot: runs"
}

stop() { kill "$sketch_pid"; wait "$sketch_pid" || true; }

# says TEXT [COUNT]: waits until it has, so many times.
says() {
    local tries
    for tries in $(seq 1200); do
        [ "$(grep -cF -- "$1" said)" -ge "${2:-1}" ] && return
        sleep 0.05
    done
    tail -n 20 said
    return 1
}

# port NUMBER: where the sketch's port is. Waits until it is open.
port() {
    says "port $1 is" >&2 || return 1
    sed -n "s/^port $1 is //p" said | tail -n 1
}

# The sketch restarts with the new program, and its flash file holds that.
arrives() {
    says "boot: runs 1.1.0" || return 1
    wait "$sketch_pid" || return 1
    says "boot: an update was copied" || return 1
    expect "version in flash" "$("$UPDRAFT" image flash.bin --json | json description version)" 1.1.0
}

# It goes on, with its program as it was.
stays() {
    kill -0 "$sketch_pid" || { tail -n 20 said; return 1; }
    stop
    expect "version in flash" "$("$UPDRAFT" image flash.bin --json | json description version)" 1.0.0
    ! grep -q "^restart" said
}

# fails COMMAND…: it does. (After `!` a command that succeeds would not end a test.)
fails() { if "$@"; then return 1; fi; }

# ---- BasicOTA ----

push() { UPDRAFT_PASSWORD=$1 "$UPDRAFT" push "127.0.0.1:$(port 8266)" "${@:2}"; }

BasicOTA_takes_an_upload() {
    sketch BasicOTA
    says "mDNS: uploads on port 8266 with a password"
    push admin new.bin
    arrives
    says "Receiving a sketch"
    grep -q "^$(stat -c %s new.bin) of $(stat -c %s new.bin) bytes" said
    says "Received; restarting"
}

BasicOTA_takes_a_compressed_upload() {
    sketch BasicOTA
    push admin --gzip new.bin
    arrives
}

BasicOTA_refuses_a_wrong_password_and_goes_on() {
    sketch BasicOTA
    fails push wrong new.bin
    says "Error 0: the password was not proved"
    push admin new.bin
    arrives
}

BasicOTA_refuses_another_chips_image() {
    sketch BasicOTA
    fails push admin esp32.bin
    says "Error 4: the update was not taken"
    says "ERROR[17]: Image is for another chip"
    stays
}

BasicOTA_takes_files() {
    sketch BasicOTA
    push admin --filesystem files.bin
    says "Receiving files"
    says "boot: runs 1.0.0" 2
    cmp files.bin <(tail -c +$((0x200000 + 1)) flash.bin | head -c "$(stat -c %s files.bin)")
}

BasicOTA_survives_an_uploader_that_leaves() {
    sketch BasicOTA
    python3 "$TAP_ROOT/tests/arduino/leaving_uploader.py" "$(port 8266)" admin
    says "Error 3: the upload was cut off"
    push admin new.bin
    arrives
}

# Bytes in the last three sectors that are not FF.
settings_in() { tail -c 12288 "$1" | tr -d '\377' | wc -c; }

ArduinoOTA_takes_what_else_can_be_set() {
    { head -c $((0x400000 - 12288)) /dev/zero | tr '\0' '\377'; head -c 12288 /dev/zero; } >flash.bin
    expect "settings" "$(settings_in flash.bin)" 12288
    KEEP=yes sketch ota-test
    says "called esp8266-000001"
    env UPDRAFT_PASSWORD=admin "$UPDRAFT" push "127.0.0.1:$(port 9000)" old.bin
    says "upload 1 has ended"
    env UPDRAFT_PASSWORD=admin "$UPDRAFT" push "127.0.0.1:$(port 9000)" new.bin
    says "upload 2 has ended"
    arrives
    not grep -q mDNS said
    expect "settings" "$(settings_in flash.bin)" 0
}

# ---- WebUpdater ----

page() { echo "http://127.0.0.1:$(port 80)$1"; }

WebUpdater_takes_a_form() {
    sketch WebUpdater
    curl -sS -u admin:admin -F firmware=@new.bin "$(page /update)" >answer
    grep -q "Update Success" answer
    arrives
    says "Update success: $(stat -c %s new.bin) bytes"
}

WebUpdater_takes_push_over_http() {
    sketch WebUpdater
    env UPDRAFT_PASSWORD=admin "$UPDRAFT" push --http "$(page /update)" --user admin new.bin
    arrives
}

WebUpdater_serves_the_page_and_its_own() {
    sketch WebUpdater
    expect "its own page" "$(curl -sS "$(page /)")" "The sketch's own page"
    curl -sS --compressed -u admin:admin "$(page /update)" >page
    grep -q '<title>' page
    curl -sS --digest -u admin:admin "$(page '/update?info')" >info
    expect product "$(json product <info)" bench
    stays
}

WebUpdater_wants_the_password() {
    sketch WebUpdater
    expect "page" "$(curl -sS -o answer -w '%{http_code}' "$(page /update)")" 401
    expect "form" "$(curl -sS -o answer -w '%{http_code}' -F firmware=@new.bin "$(page /update)")" 401
    stays
}

WebUpdater_says_why_not() {
    sketch WebUpdater
    head -c 200000 new.bin >short.bin
    curl -sS -u admin:admin -F firmware=@short.bin "$(page /update)" >answer
    grep -q "Image is damaged" answer
    says "Image is damaged"
    stays
}

# ---- HttpUpdate and HttpUpdateAdvanced ----

# sketch_of_server NAME: one whose server is ours.
sketch_of_server() { sketch "$1" --route "update.example:80=${SERVER#http://}"; }

assign_product() { assign 5C:CF:7F:00:00:01 '{"product":"demo"}'; }

HttpUpdate_has_nothing_new() {
    sketch_of_server HttpUpdate
    says "Nothing new"
    stays
}

# versions_of_boots COUNT: what runs after each of so many power-ons.
versions_of_boots() {
    local i
    for i in $(seq "$1"); do
        boot_again BasicOTA
        sed -n 's/^boot: runs //p' said
        stop
    done | tr '\n' ' '
}

a_sketch_on_trial_that_confirms_stays() {
    sketch BasicOTA
    push admin trial.bin
    arrives
    cp flash.bin unconfirmed.bin
    boot_again HttpUpdate --route "update.example:80=${SERVER#http://}"
    says "Nothing new"
    stop
    expect "after it" "$(versions_of_boots 5)" "1.1.0 1.1.0 1.1.0 1.1.0 1.1.0 "
    cp unconfirmed.bin flash.bin
    expect "without" "$(versions_of_boots 5 | tr ' ' '\n' | tail -n 1)" "1.0.0"
}

HttpUpdate_takes_a_release() {
    publish "$TAP_TMP/new.bin" demo 1.1.0
    sketch_of_server HttpUpdate
    arrives
}

HttpUpdate_says_what_fails() {
    sketch HttpUpdate
    says "Not updated: HTTP error: connection failed (-1)"
    stays
}

HttpUpdateClient_has_nothing_new_and_then_takes_a_release() {
    api DELETE /devices/5C:CF:7F:00:00:01 >/dev/null
    sketch_of_server HttpUpdateClient
    says "Nothing new"
    stop
    assign_product
    sketch_of_server HttpUpdateClient
    arrives
    expect "version the server knows" "$(device_says 5C:CF:7F:00:00:01 version)" 1.0.0
}

HttpUpdateClient_says_what_fails() {
    sketch HttpUpdateClient
    says "Not updated: HTTP error: connection failed (-1)"
    stays
    mkdir -p none
    serve_files none --open
    sketch HttpUpdateClient --route "update.example:80=127.0.0.1:$FILES"
    says "Not updated: File Not Found (404) (-102)"
    kill "$files_pid"
    stays
}

# What the client sends besides, and what a web server that is none of ours answers.
HttpUpdateClient_sends_the_sketchs_headers() {
    mkdir -p one
    cp new.bin one/update
    serve_files one --open
    sketch HttpUpdateClient --route "update.example:80=127.0.0.1:$FILES"
    arrives
    kill "$files_pid"
    grep -q '^X-Api-Key: letmein' files.log
    grep -qi '^x-ESP8266-sketch-md5: [0-9a-f]\{32\}' files.log
    expect "User-Agent lines" "$(grep -ci '^User-Agent: ESP8266-http-Update' files.log)" 1
    expect "Host lines" "$(grep -ci '^Host:' files.log)" 1
}

# serve_files [options]: a plain web server over a folder; its port goes to the variable FILES.
serve_files() {
    rm -f files.port
    timeout 600 python3 "$TAP_ROOT/tests/arduino/file_server.py" "$@" >files.port 2>files.log &
    files_pid=$!
    local tries
    for tries in $(seq 1200); do [ -s files.port ] && break; sleep 0.05; done
    FILES=$(cat files.port)
}

HttpUpdateAdvanced_takes_files_then_the_sketch() {
    mkdir -p www
    cp files.bin www/files
    cp new.bin www/update
    serve_files www
    sketch HttpUpdateAdvanced --route "update.example:80=127.0.0.1:$FILES"
    arrives
    kill "$files_pid"
    says "The server has 9.9.9"
    says "An update begins" 2
    says "An update has been taken" 2
    cmp files.bin <(tail -c +$((0x200000 + 1)) flash.bin | head -c "$(stat -c %s files.bin)")
    ! grep -q "LED changed 0 times" said
}

HttpUpdateAdvanced_tells_of_a_missing_file() {
    mkdir -p empty
    serve_files empty
    sketch HttpUpdateAdvanced --route "update.example:80=127.0.0.1:$FILES"
    says "Error -102: File Not Found (404)"
    kill "$files_pid"
    stays
}

# ---- StreamUpdate ----

stream() { # FILE MD5
    rm -f stream.port
    timeout 600 python3 "$TAP_ROOT/tests/arduino/stream_server.py" "$@" >stream.port 2>stream.log &
    local tries
    for tries in $(seq 1200); do [ -s stream.port ] && break; sleep 0.05; done
    sketch StreamUpdate --route "update.example:4000=127.0.0.1:$(cat stream.port)"
}

StreamUpdate_takes_a_stream() {
    stream new.bin "$(md5_of new.bin)"
    arrives
    says "Taken, with MD5 $(md5_of new.bin)"
}

StreamUpdate_compares_the_digest() {
    stream new.bin "$(md5_of old.bin)"
    says "ERROR[7]: MD5 verification failed: expected: $(md5_of old.bin), calculated: $(md5_of new.bin)"
    stays
}

# ---- SignedUpdate ----

SignedUpdate_takes_what_is_signed() {
    "$UPDRAFT" sign --key "$KEYS/rsa2048.key" new.bin >/dev/null
    sketch SignedUpdate
    "$UPDRAFT" push "127.0.0.1:$(port 8266)" new.bin
    arrives
}

SignedUpdate_refuses_what_is_not() {
    rm -f new.bin.signed
    sketch SignedUpdate
    fails "$UPDRAFT" push "127.0.0.1:$(port 8266)" new.bin
    says "ERROR[12]: Signature verification failed"
    stays
}

SignedUpdate_refuses_another_key() {
    "$UPDRAFT" sign --key "$KEYS/rsa3072.key" new.bin >/dev/null
    sketch SignedUpdate
    fails "$UPDRAFT" push "127.0.0.1:$(port 8266)" new.bin
    rm new.bin.signed
    says "ERROR[12]: Signature verification failed"
    stays
}

# An update that is refused has closed all other connections before.
uploads_are_taken_after_a_refused_update() {
    "$UPDRAFT" sign --key "$KEYS/rsa2048.key" new.bin >/dev/null
    sketch_of_server SignedUpdate
    says "ERROR[12]: Signature verification failed"
    says "port 8266 is" 2
    "$UPDRAFT" push "127.0.0.1:$(port 8266)" new.bin
    rm new.bin.signed
    arrives
}

make_image old --version 1.0.0
make_image new --version 1.1.0 --seed 2
make_image trial --version 1.1.0 --seed 2 --trial
make_image esp32 --version 1.1.0 --chip esp32
head -c 50000 /dev/urandom >"$TAP_TMP/files.bin"
server_start data

check BasicOTA_takes_an_upload
check BasicOTA_takes_a_compressed_upload
check BasicOTA_refuses_a_wrong_password_and_goes_on
check BasicOTA_refuses_another_chips_image
check BasicOTA_takes_files
check BasicOTA_survives_an_uploader_that_leaves
check ArduinoOTA_takes_what_else_can_be_set
check WebUpdater_takes_a_form
check WebUpdater_takes_push_over_http
check WebUpdater_serves_the_page_and_its_own
check WebUpdater_wants_the_password
check WebUpdater_says_why_not
assign_product
check HttpUpdate_has_nothing_new
check a_sketch_on_trial_that_confirms_stays
check HttpUpdate_takes_a_release
check HttpUpdate_says_what_fails
check HttpUpdateClient_has_nothing_new_and_then_takes_a_release
check HttpUpdateClient_says_what_fails
check HttpUpdateClient_sends_the_sketchs_headers
check HttpUpdateAdvanced_takes_files_then_the_sketch
check HttpUpdateAdvanced_tells_of_a_missing_file
check StreamUpdate_takes_a_stream
check StreamUpdate_compares_the_digest
check SignedUpdate_takes_what_is_signed
check SignedUpdate_refuses_what_is_not
check SignedUpdate_refuses_another_key
check uploads_are_taken_after_a_refused_update
tap_end
