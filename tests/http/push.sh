# updraft push --http: to our page and to the original's.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/page_device.sh"

make_image() { python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$1.bin" --project demo "${@:2}"; }
make_image old --version 1.0.0
make_image new --version 1.1.0 --seed 2

# original [options]: the original's page; sets PORT.
original() {
    local tries
    rm -f port arrived arrived.field
    python3 "$TAP_ROOT/tests/http/original_page.py" "$@" arrived >port &
    page_pid=$!
    tap_background $page_pid
    for tries in $(seq 1200); do [ -s port ] && break; sleep 0.05; done
    PORT=$(cat port)
}

# fails_with STATUS TEXT command…: and says so, once.
fails_with() {
    local expected=$1 text=$2 status=0
    shift 2
    "$@" >said 2>&1 </dev/null || status=$?
    [ "$status" -eq "$expected" ] && [ "$(grep -cF -- "$text" said)" -eq 1 ] || { echo "status $status"; cat said; return 1; }
}

to_our_page() {
    device
    "$UPDRAFT" push --http 127.0.0.1:$PORT new.bin >said
    grep -q 'updated in ' said
    runs 1.1.0
    "$UPDRAFT" push --http "http://127.0.0.1:$PORT/update" old.bin
    runs 1.0.0
    head -c 5000 /dev/urandom >files
    "$UPDRAFT" push --http 127.0.0.1:$PORT --filesystem files
    stop_device
}

what_our_page_refuses() {
    device
    echo text >text
    fails_with 1 'it did not take the image: ERROR[10]: Magic byte is not 0xE9' \
        "$UPDRAFT" push --http 127.0.0.1:$PORT text
    fails_with 1 'it answers with 404' "$UPDRAFT" push --http "http://127.0.0.1:$PORT/firmware" new.bin
    stop_device
    fails_with 1 'there is no connection' "$UPDRAFT" push --http 127.0.0.1:$PORT new.bin
}

with_a_password() {
    echo secret >password
    echo guess >wrong
    device --page-user admin --upload-password-file password
    fails_with 1 'asks for a user and a password' "$UPDRAFT" push --http 127.0.0.1:$PORT new.bin
    fails_with 1 'wrong user or password' \
        "$UPDRAFT" push --http 127.0.0.1:$PORT --user admin --password-file wrong new.bin
    "$UPDRAFT" push --http 127.0.0.1:$PORT --user admin --password-file password new.bin
    runs 1.1.0
    stop_device
}

to_the_originals_page() {
    original
    "$UPDRAFT" push --http 127.0.0.1:$PORT new.bin
    cmp new.bin arrived
    [ "$(cat arrived.field)" = firmware ]
    "$UPDRAFT" push --http 127.0.0.1:$PORT --filesystem new.bin
    [ "$(cat arrived.field)" = filesystem ]
    kill $page_pid
    original --password admin:secret
    UPDRAFT_PASSWORD=secret "$UPDRAFT" push --http 127.0.0.1:$PORT --user admin new.bin
    cmp new.bin arrived
    fails_with 1 'wrong user or password' \
        env UPDRAFT_PASSWORD=other "$UPDRAFT" push --http 127.0.0.1:$PORT --user admin new.bin
    kill $page_pid
    original --fail 'ERROR[4]: Not Enough Space'
    fails_with 1 'it did not take the image: ERROR[4]: Not Enough Space' \
        "$UPDRAFT" push --http 127.0.0.1:$PORT new.bin
    kill $page_pid
}

wrong_calls() {
    fails_with 2 'it names one' "$UPDRAFT" push --http 127.0.0.1 other new.bin
    fails_with 2 'it names one' "$UPDRAFT" push --http 127.0.0.1 --all new.bin
    fails_with 2 '--user goes with --http' "$UPDRAFT" push --user a 127.0.0.1 new.bin
    fails_with 1 'no connection' "$UPDRAFT" push --http ftp://127.0.0.1/update new.bin
}

check to_our_page
check what_our_page_refuses
check with_a_password
check to_the_originals_page
check wrong_calls
tap_end
