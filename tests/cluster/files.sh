# Firmware files of servers on PostgreSQL: in the database or in a folder they share, with a
# copy on each server that is what its name says.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

postgres_start || exit 1
for version in 2.0.0 2.1.0; do
    python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/$version.bin" --project demo \
        --version $version --size 700000
done
DIGEST=$(sha256_of "$TAP_TMP/2.0.0.bin")

# serve DIR [options]: a server on the database, in place of the one before.
serve() {
    [ -z "${server_pid:-}" ] || server_stop
    server_start "$1" --database "$POSTGRES_URL" "${@:2}"
}

# fetched VERSION: waits until the server has the file, whole; it answers 503 until then.
fetched() {
    local tries code
    for tries in $(seq 600); do
        code=$(curl -sS -o got -D answer_head -w '%{http_code}' "$SERVER/firmware/demo/$1")
        [ "$code" != 200 ] || break
        [ "$code" = 503 ] && [ -n "$(header Retry-After)" ] || { echo "answered $code"; return 1; }
        sleep 0.1
    done
    cmp got "$1.bin"
}

a_server_with_an_empty_folder_gets_them_from_the_database() {
    fetched 2.0.0
    cmp "second/blobs/$DIGEST" 2.0.0.bin
    eventually grep -q 'was fetched from the database' second.log
}

a_file_that_is_lost_while_it_runs_is_fetched_again() {
    rm "second/blobs/$DIGEST"
    fetched 2.0.0
    cmp "second/blobs/$DIGEST" 2.0.0.bin
}

# As long as it was, so that only its digest tells.
a_damaged_file_is_found_at_the_start() {
    for tries in $(seq 600); do
        cmp -s "second/blobs/$DIGEST" 2.0.0.bin && break
        sleep 0.1
    done
    cmp "second/blobs/$DIGEST" 2.0.0.bin
    grep -q 'is damaged here: it is fetched from the database' second.log
    fetched 2.0.0
}

# What was published before there was a depot, or into another one.
a_folder_gets_what_it_lacks() {
    for tries in $(seq 600); do
        [ -e "shared/$DIGEST" ] && break
        sleep 0.1
    done
    cmp "shared/$DIGEST" 2.0.0.bin
}

what_is_published_is_in_the_folder() {
    rows=$(postgres_ask "SELECT count(*) FROM blobs" updraft)
    publish 2.1.0.bin demo 2.1.0
    cmp "shared/$(sha256_of 2.1.0.bin)" 2.1.0.bin
    expect rows "$(postgres_ask "SELECT count(*) FROM blobs" updraft)" "$rows"
}

a_server_with_an_empty_folder_gets_them_from_the_shared_one() {
    fetched 2.0.0
    fetched 2.1.0
    eventually grep -q 'was fetched from the shared folder' third.log
}

a_folder_that_cannot_be_made_is_told() {
    if "$UPDRAFT" serve --data fourth --database "$POSTGRES_URL" --blobs 2.0.0.bin \
        --listen 127.0.0.1:0 2>refused; then
        return 1
    fi
    grep -q '^updraft serve: 2.0.0.bin: Not a directory' refused || { cat refused; return 1; }
}

# A release that could not be stored for all is none.
nothing_is_published_while_the_database_is_away() {
    postgres_stop immediate
    if publish 2.1.0.bin demo 2.2.0 2>/dev/null; then return 1; fi
    postgres_resume
    for tries in $(seq 300); do
        publish 2.1.0.bin demo 2.2.0 2>/dev/null && break
        sleep 0.2
    done
    expect release "$(api GET /releases | json releases 0 version)" 2.2.0
}

serve first
publish "$TAP_TMP/2.0.0.bin" demo 2.0.0
serve second
check a_server_with_an_empty_folder_gets_them_from_the_database
check a_file_that_is_lost_while_it_runs_is_fetched_again
server_stop
server_pid=
printf x | dd of="$TAP_TMP/second/blobs/$DIGEST" bs=1 seek=5000 conv=notrunc status=none
serve second
check a_damaged_file_is_found_at_the_start
check nothing_is_published_while_the_database_is_away
serve first --blobs "$TAP_TMP/shared"
check a_folder_gets_what_it_lacks
check what_is_published_is_in_the_folder
serve third --blobs "$TAP_TMP/shared"
check a_server_with_an_empty_folder_gets_them_from_the_shared_one
server_stop
check a_folder_that_cannot_be_made_is_told
tap_end
