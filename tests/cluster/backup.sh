# A backup with PostgreSQL's own tools: a server on a copy of the database, with nothing else but
# the token, has everything.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT

postgres_start || exit 1
python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/new.bin" --project demo --version 2.0.0 --size 600000
server_start data --database "$POSTGRES_URL"
COPY_URL="${POSTGRES_URL%%\?*}_copy?${POSTGRES_URL#*\?}"
MAC=18:FE:AA:AA:AA:AA

# As docs/operations.md has it.
the_database_is_copied_while_it_serves() {
    publish new.bin demo 2.0.0
    ask "$(esp8266)"
    assign $MAC '{"product": "demo", "alias": "bench"}'
    "$POSTGRES_BIN/pg_dump" -Fc -f updraft.dump "$POSTGRES_URL"
    assign $MAC '{"alias": "later"}'
    postgres_ask "CREATE DATABASE updraft_copy OWNER updraft"
    "$POSTGRES_BIN/pg_restore" --no-owner -d "$COPY_URL" updraft.dump
    mkdir -p copy
    cp -p data/operator.token copy/
}

# Beside the one that was copied.
a_server_on_the_copy_has_all_of_it() {
    expect alias "$(device_says $MAC alias)" bench
    ask "$(esp8266)"
    expect status "$status" 200
    cmp body new.bin
    api GET /audit/verify | json sound | grep -qx true
}

its_audit_log_is_still_append_only() {
    psql_as_updraft() { "$POSTGRES_BIN/psql" -qAtX "$COPY_URL" -c "$1" 2>&1; }
    if psql_as_updraft "DELETE FROM audit" >answer; then cat answer; return 1; fi
    grep -q 'permission denied' answer
}

check the_database_is_copied_while_it_serves
server_start copy --database "$COPY_URL"
check a_server_on_the_copy_has_all_of_it
check its_audit_log_is_still_append_only
server_stop
tap_end
