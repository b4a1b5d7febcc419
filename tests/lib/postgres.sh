# A private PostgreSQL of an ordinary user, reached over a socket in its own folder.
#   postgres_start    makes it and starts it; sets POSTGRES_URL
#   postgres_stop [immediate]
#   postgres_resume   starts it again on what it has
POSTGRES_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/updraft-postgres.XXXXXX")
POSTGRES_BIN=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
POSTGRES_URL="postgres://updraft@/updraft?host=$POSTGRES_FOLDER"

# PostgreSQL refuses to run as root.
as_ordinary() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$POSTGRES_FOLDER" "$@"
    else
        "$@"
    fi
}

postgres_resume() {
    (cd "$POSTGRES_FOLDER" &&
        as_ordinary "$POSTGRES_BIN/pg_ctl" -s -w -t 120 -D "$POSTGRES_FOLDER/data" \
            -l "$POSTGRES_FOLDER/log" start 8>&- 9>&-)
}

postgres_start() {
    [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$POSTGRES_FOLDER"
    (cd "$POSTGRES_FOLDER" && as_ordinary "$POSTGRES_BIN/initdb" -D data -U owner -A trust \
        -E UTF8 --no-locale >initdb.log 2>&1) || { cat "$POSTGRES_FOLDER/initdb.log"; return 1; }
    cat >>"$POSTGRES_FOLDER/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$POSTGRES_FOLDER'
END
    postgres_resume || return 1
    postgres_ask "CREATE ROLE updraft LOGIN" && postgres_ask "CREATE DATABASE updraft OWNER updraft"
}

# postgres_ask SQL [DATABASE]: as its superuser.
postgres_ask() {
    "$POSTGRES_BIN/psql" -h "$POSTGRES_FOLDER" -U owner -d "${2:-postgres}" -qAtX -c "$1"
}

postgres_stop() {
    (cd "$POSTGRES_FOLDER" &&
        as_ordinary "$POSTGRES_BIN/pg_ctl" -s -w -D "$POSTGRES_FOLDER/data" -m "${1:-fast}" stop)
}

postgres_cleanup() {
    postgres_stop immediate 2>/dev/null
    rm -rf "$POSTGRES_FOLDER"
}
