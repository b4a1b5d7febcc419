# A standby of the private PostgreSQL, on a "machine" (a socket's folder) of its own. Source it
# after postgres.sh, and start that first.
#   standby_start     copies the primary and follows it; POSTGRES_URL then names both
#   standby_stop [immediate]
#   standby_resume    starts it again on what it has
#   standby_promote   makes it the primary
#   standby_ask SQL   as its superuser, in the servers' database
#   primary_awaits_standby   no commit is answered before the standby has it, from now on
STANDBY_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/updraft-standby.XXXXXX")

standby_control() {
    (cd "$STANDBY_FOLDER" && as_ordinary "$POSTGRES_BIN/pg_ctl" -s -w -t 120 -D "$STANDBY_FOLDER/data" \
        -l "$STANDBY_FOLDER/log" "$@" 8>&- 9>&-)
}

standby_resume() { standby_control start; }
standby_stop() { standby_control -m "${1:-fast}" stop; }
standby_promote() { standby_control promote; }

standby_ask() {
    "$POSTGRES_BIN/psql" -h "$STANDBY_FOLDER" -U owner -d updraft -qAtX -c "$1"
}

standby_start() {
    [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$STANDBY_FOLDER"
    (cd "$STANDBY_FOLDER" && as_ordinary "$POSTGRES_BIN/pg_basebackup" -h "$POSTGRES_FOLDER" -U owner \
        -D data -R -c fast) || return 1
    # Of what follows twice in the file the last is taken.
    cat >>"$STANDBY_FOLDER/data/postgresql.conf" <<END
unix_socket_directories = '$STANDBY_FOLDER'
synchronous_standby_names = ''
END
    POSTGRES_URL="postgres://updraft@/updraft?host=$POSTGRES_FOLDER,$STANDBY_FOLDER&target_session_attrs=read-write"
    standby_resume
}

primary_awaits_standby() {
    postgres_ask "ALTER SYSTEM SET synchronous_standby_names = '*'"
    postgres_ask "SELECT pg_reload_conf()" >/dev/null
    eventually is_synchronous
}
is_synchronous() { [ "$(postgres_ask "SELECT sync_state FROM pg_stat_replication")" = sync ]; }

standby_cleanup() {
    standby_stop immediate 2>/dev/null
    rm -rf "$STANDBY_FOLDER"
}
