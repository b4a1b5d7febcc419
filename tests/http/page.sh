# The page at /update for scripts: curl's ways to send a file to a virtual device, who
# may, and what is answered when.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/page_device.sh"

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1.bin" --project demo "${@:2}"; }
make_image old --version 1.0.0
make_image new --version 1.1.0 --seed 2

# ask [curl options]: the answer's status goes to the variable `status`, its body to the
# file body.
ask() { status=$(curl -sS --max-time 60 -o body -w '%{http_code}' "$@" 2>curl.err); }

answers() { # STATUS TEXT
    expect status "$status" "$1"
    grep -qF -- "$2" body || { cat body; return 1; }
}

SUCCESS='<META http-equiv="refresh" content="15;URL=/">Update Success! Rebooting...'

each_way_to_send_a_file() {
    device
    ask -F firmware=@new.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.1.0
    ask -F anything=@old.bin "$PAGE" # any field but filesystem, as with the original
    answers 200 "$SUCCESS"
    runs 1.0.0
    ask -T new.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.1.0
    ask --data-binary @old.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.0.0
    ask -T new.bin -H 'Transfer-Encoding: chunked' "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.1.0
    ask -F firmware=@old.bin -H 'Transfer-Encoding: chunked' --http1.1 "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.0.0
    stop_device
}

file_systems() {
    device
    head -c 100000 /dev/urandom >files
    ask -F filesystem=@files "$PAGE"
    answers 200 "$SUCCESS"
    starts 2
    ask -T files "$PAGE?filesystem"
    answers 200 "$SUCCESS"
    stop_device
}

what_is_expected_is_checked() {
    local right wrong
    right=$(md5_of new.bin) wrong=$(md5_of old.bin)
    device
    ask -T new.bin -H "x-MD5: $wrong" "$PAGE"
    answers 422 "Update error: ERROR[7]: MD5 verification failed: expected: $wrong, calculated: $right"
    ask -T new.bin -H "x-SHA256: $(sha256_of old.bin)" "$PAGE"
    answers 422 'SHA-256 verification failed'
    ask -F size=5 -F firmware=@new.bin "$PAGE"
    answers 413 'ERROR[4]: Not Enough Space'
    ask -F "size=$(stat -c %s new.bin)" -F "md5=$right" -F "sha256=$(sha256_of new.bin)" \
        -F firmware=@new.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.1.0
    stop_device
}

refusals() {
    device
    echo 'no program' >text
    ask -F firmware=@text "$PAGE"
    answers 422 'Update error: ERROR[10]: Magic byte is not 0xE9'
    head -c 3000000 /dev/zero >large
    ask -F firmware=@large "$PAGE"
    answers 413 'Update error: ERROR[4]: Not Enough Space'
    ask -T large -H 'Expect: 100-continue' -v "$PAGE"
    answers 413 'ERROR[4]'
    not grep -q '100 Continue' curl.err # it was not even sent
    ask -X POST -d '' "$PAGE"
    answers 400 'ERROR[13]: No data supplied'
    ask -F firmware=@new.bin -H 'Origin: http://evil.example' "$PAGE"
    answers 403 'Update error: Wrong origin received!'
    ask -X DELETE "$PAGE"
    answers 405 'Method Not Allowed'
    ask "${PAGE%update}other"
    answers 404 'Not Found'
    ask -T new.bin -H 'Expect: 100-continue' -v "$PAGE"
    grep -q '100 Continue' curl.err
    answers 200 "$SUCCESS"
    stop_device
}

# In every order: nobody gets in behind somebody else.
a_password_is_asked_for_every_time() {
    local way
    echo secret >password
    device --page-user admin --upload-password-file password
    for way in '' '-u admin:wrong' '--digest -u admin:wrong' '-u Admin:secret'; do
        ask -u admin:secret "$PAGE"
        expect status "$status" 200
        ask $way "$PAGE"
        answers 401 Unauthorized
        ask $way "$PAGE?info"
        answers 401 Unauthorized
        ask $way -F firmware=@new.bin "$PAGE"
        answers 401 Unauthorized
        ask $way -T new.bin "$PAGE"
        answers 401 Unauthorized
        ask $way -X POST -H 'Content-Type: multipart/form-data; boundary=x' -d '--x--' "$PAGE"
        answers 401 Unauthorized
    done
    not grep -q fetching events
    ask --digest -u admin:secret -F firmware=@new.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.1.0
    ask -u admin:secret -T old.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.0.0
    ask --anyauth -u admin:secret -T new.bin "$PAGE"
    answers 200 "$SUCCESS"
    runs 1.1.0
    stop_device
}

one_at_a_time() {
    local slow
    device
    curl -sS --limit-rate 10k -F firmware=@new.bin "$PAGE" >/dev/null 2>&1 &
    slow=$!
    eventually grep -q '"event":"fetching"' events
    ask -F firmware=@new.bin "$PAGE"
    answers 503 'Update error: ERROR[15]: Update already running'
    ask "$PAGE?info" # it can still be looked at
    answers 200 '"version":"1.0.0"'
    kill $slow
    wait $slow || true
    its_turn_comes() {
        ask -F firmware=@new.bin "$PAGE"
        answers 200 "$SUCCESS"
    }
    eventually its_turn_comes
    runs 1.1.0
    stop_device
}

who_is_silent_does_not_stay() {
    local waiting
    device
    exec 5<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET /update HTTP/1.1\r\n' >&5
    waiting=$SECONDS
    timeout 60 cat <&5 >said
    exec 5<&-
    [ ! -s said ]
    [ $((SECONDS - waiting)) -ge 9 ]
    stop_device
}

check each_way_to_send_a_file
check file_systems
check what_is_expected_is_checked
check refusals
check a_password_is_asked_for_every_time
check one_at_a_time
check who_is_silent_does_not_stay
tap_end
