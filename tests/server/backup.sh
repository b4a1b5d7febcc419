# Backups of a server that runs: whole or not there at all, and what is restored of
# them goes on where they were made.
#   SEED=N    replays the instants of a run
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
ROUNDS=${ROUNDS:-12}
RANDOM=$SEED
echo "# seed $SEED, $ROUNDS rounds"

python3 "$TAP_ROOT/tests/lib/make_image.py" "$TAP_TMP/base.bin" --project demo --version 0 --size 40000
gzip -n -c "$TAP_TMP/base.bin" >"$TAP_TMP/base.bin.gz"

# variant NUMBER FILE: the same image in a file of its own digest: four bytes of a gzip
# header change nothing.
variant() {
    cp "$TAP_TMP/base.bin.gz" "$2"
    printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))" |
        dd of="$2" bs=1 seek=4 conv=notrunc status=none
}

# Publishes and enters devices until it is killed; notes what is done.
load() {
    local number=1
    while :; do
        variant $number "$TAP_TMP/load.gz"
        api POST "/releases?product=demo&version=$number" --data-binary "@$TAP_TMP/load.gz" >/dev/null 2>&1 &&
            echo "release $number" >>"$TAP_TMP/done"
        api PUT "/devices/$(printf '02:00:00:00:%02X:%02X' $((number >> 8)) $((number & 255)))" \
            --data '{"product": "demo"}' >/dev/null 2>&1 && echo "device $number" >>"$TAP_TMP/done"
        number=$((number + 1))
    done
}

load_begins() {
    : >"$TAP_TMP/done"
    load &
    load_pid=$!
    tap_background $load_pid
    for tries in $(seq 600); do [ "$(wc -l <"$TAP_TMP/done")" -ge 4 ] && break; sleep 0.1; done
}

load_ends() { kill "$load_pid"; wait "$load_pid" 2>/dev/null; }

# holds DATA FILE_OF_DONE: a server there has all of it, with every file, and its
# audit log is sound.
holds() {
    (
        server_start "$1"
        trap 'server_stop' EXIT
        api GET /releases >releases.json
        api GET /devices >devices.json
        api GET /audit/verify | json sound | grep -qx true
        python3 - "$2" <<'END'
import json, sys
releases = {r["version"] for r in json.load(open("releases.json"))["releases"]}
devices = {d["mac"] for d in json.load(open("devices.json"))["devices"]}
for kind, number in map(str.split, open(sys.argv[1])):
    number = int(number)
    assert kind == "device" or str(number) in releases, f"release {number} is gone"
    assert kind == "release" or f"02:00:00:00:{number >> 8:02X}:{number & 255:02X}" in devices, number
END
        expect "files that are missing" "$(grep -c 'publish it again' "$TAP_TMP/$1.log" || true)" 0
    )
}

# refuses FILE TEXT: restoring it fails with a line that has the text, and leaves nothing.
refuses() {
    rm -rf target
    local code=0
    "$UPDRAFT" restore "$1" --data target >out 2>err || code=$?
    expect "status of restoring $1" $code 1
    grep -qF -- "$2" err || { cat err; return 1; }
    [ ! -e target ] || [ -z "$(ls -A target)" ] || { ls -A target; return 1; }
}

one_of_a_running_server_is_whole() {
    cp "$TAP_TMP/done" before
    "$UPDRAFT" backup folder.tar --data "$TAP_TMP/data" >out
    grep -q '^folder.tar: ' out
    "$UPDRAFT" backup api.tar --json >out
    expect size "$(json size <out)" "$(stat -c %s api.tar)"
    expect mode "$(stat -c %a api.tar)" 600
    local name
    for name in folder api; do
        tar tf $name.tar >names
        expect "what $name.tar begins with" "$(sed -n 1,3p names | tr '\n' ' ')" 'updraft-backup.json updraft.db operator.token '
        "$UPDRAFT" restore $name.tar --data "$TAP_TMP/from-$name" --json >out
        expect "its files" "$(json firmware_files <out)" "$(grep -c '^blobs/' names)"
        cmp "$TAP_TMP/from-$name/operator.token" "$TAP_TMP/data/operator.token"
        holds from-$name before
    done
    expect "what is left beside them" "$(ls ./*.partial ./*.database "$TAP_TMP/data/snapshot.db" 2>/dev/null)" ''
}

one_of_a_stopped_server_is_whole() {
    cp -r "$TAP_TMP/from-api" stopped
    "$UPDRAFT" backup stopped.tar --data stopped >out
    "$UPDRAFT" restore stopped.tar --data "$TAP_TMP/again" >out
    grep -q 'again holds the backup of 20' out
    holds again before
}

a_folder_with_something_in_it_is_refused() {
    mkdir -p full
    echo precious >full/file
    not "$UPDRAFT" restore api.tar --data full 2>err
    grep -q 'not empty' err
    expect "what is in it" "$(ls -A full) $(cat full/file)" 'file precious'
    not "$UPDRAFT" restore api.tar --data "$TAP_TMP/data" 2>err
    grep -q 'not empty' err
}

half_a_backup_is_none() {
    local size end
    size=$(stat -c %s api.tar)
    for end in 0 1 511 512 5000 $((size / 3)) $((size / 2)) $((size - 1024)) $((size - 512)) $((size - 1)); do
        head -c $end api.tar >half.tar
        refuses half.tar 'only a part of one'
    done
}

damage_is_named() {
    local size at
    size=$(stat -c %s api.tar)
    cp api.tar damaged.tar
    printf 'X' | dd of=damaged.tar bs=1 seek=$((size - 1024 - 20000)) conv=notrunc status=none
    refuses damaged.tar 'damaged: its SHA-256 is another'
    at=$(grep -abo 'SQLite format 3' api.tar | head -n 1 | cut -d : -f 1)
    cp api.tar damaged.tar
    printf 'X' | dd of=damaged.tar bs=1 seek=$((at + 3000)) conv=notrunc status=none
    refuses damaged.tar 'updraft.db: damaged'
    head -c 3000 /dev/urandom >noise.tar
    refuses noise.tar 'no backup of an Updraft server'
    tar cf other.tar "$TAP_TMP/base.bin" 2>/dev/null
    refuses other.tar 'no backup of an Updraft server'
}

# Written by somebody who wants a file elsewhere.
names_that_lead_elsewhere_are_refused() {
    python3 - api.tar evil.tar <<'END'
import hashlib, io, json, sys, tarfile
source = tarfile.open(sys.argv[1])
listed = json.load(source.extractfile("updraft-backup.json"))
data = b"evil\n"
listed["files"].append({"name": "blobs/../../evil", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
target = tarfile.open(sys.argv[2], "w", format=tarfile.USTAR_FORMAT)
def add(name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    target.addfile(info, io.BytesIO(content))
add("updraft-backup.json", json.dumps(listed).encode())
for member in source.getmembers()[1:]:
    add(member.name, source.extractfile(member).read())
add("blobs/../../evil", data)
target.close()
END
    refuses evil.tar 'no backup of an Updraft server'
    [ ! -e evil ]
}

a_later_schema_is_refused() {
    rm -rf later
    cp -r "$TAP_TMP/again" later
    python3 -c 'import sqlite3
database = sqlite3.connect("later/updraft.db")
database.execute("INSERT INTO schema_version VALUES (999)")
database.commit()'
    "$UPDRAFT" backup later.tar --data later >out
    refuses later.tar 'of schema 999'
}

# A SIGKILL at any moment: FILE is whole, or not there.
a_backup_that_is_killed_is_not_there() {
    local round made=0 way
    for round in $(seq "$ROUNDS"); do
        rm -f killed.tar
        way=(--data "$TAP_TMP/data")
        [ $((RANDOM % 2)) -eq 0 ] || way=()
        "$UPDRAFT" backup killed.tar "${way[@]}" >out 2>&1 &
        local pid=$!
        sleep "$(printf 0.%03d $((RANDOM % 60)))"
        kill -KILL $pid 2>/dev/null || true
        wait $pid 2>/dev/null || true
        if [ -e killed.tar ]; then
            made=$((made + 1))
            rm -rf whole
            "$UPDRAFT" restore killed.tar --data whole >out
        elif [ -s killed.tar.partial ] && ! cmp -s killed.tar.partial api.tar; then
            rm -rf "$TAP_TMP/part"
            # Killed when only the archive's end was missing, it has all that was to be there.
            "$UPDRAFT" restore killed.tar.partial --data "$TAP_TMP/part" >out 2>&1 || continue
            holds part before
        fi
    done
    echo "$made of $ROUNDS were made"
}

# The server dies while it sends one.
a_server_that_is_killed_leaves_no_backup() {
    local round
    for round in $(seq 4); do
        server_start from-folder
        "$UPDRAFT" backup dead.tar >out 2>&1 &
        local pid=$!
        sleep "$(printf 0.%03d $((RANDOM % 40)))"
        server_stop KILL || true
        local code=0
        wait $pid || code=$?
        if [ $code -eq 0 ]; then
            rm -rf whole
            "$UPDRAFT" restore dead.tar --data whole >out
            rm dead.tar
        fi
        [ ! -e dead.tar ]
    done
    server_start from-folder
    [ ! -e "$TAP_TMP/from-folder/snapshot.db" ]
    server_stop
}

a_restore_that_is_killed_starts_no_server() {
    mkfifo slow
    rm -rf cut
    "$UPDRAFT" restore slow --data cut >out 2>&1 &
    local pid=$! tries
    exec 9<>slow
    head -c $(($(stat -c %s api.tar) - 3000)) api.tar >&9
    for tries in $(seq 600); do [ -e cut/restoring/updraft.db ] && break; sleep 0.1; done
    [ -e cut/restoring/updraft.db ]
    not timeout 60 "$UPDRAFT" serve --data cut --listen 127.0.0.1:0 >out 2>err
    grep -q 'was being restored here' err
    kill -KILL $pid
    wait $pid 2>/dev/null || true
    exec 9>&-
    expect "what is in it" "$(ls -A cut)" restoring
    not timeout 60 "$UPDRAFT" serve --data cut --listen 127.0.0.1:0 2>err
    not "$UPDRAFT" restore api.tar --data cut 2>err
    grep -q 'empty it first' err
    rm -rf cut/restoring
    "$UPDRAFT" restore api.tar --data cut >out
}

bad_calls_are_said() {
    local code=0
    "$UPDRAFT" backup 2>err || code=$?
    expect "status without a file" $code 2
    code=0
    "$UPDRAFT" restore api.tar 2>err || code=$?
    expect "status without a folder" $code 2
    not "$UPDRAFT" restore nowhere.tar --data x 2>err
    not "$UPDRAFT" backup x.tar --data nowhere 2>err
    grep -q 'not the data folder of a server' err
    [ ! -e x.tar ] && [ ! -e x.tar.partial ]
}

server_start data
load_begins
check one_of_a_running_server_is_whole
check a_backup_that_is_killed_is_not_there
load_ends
server_stop
for name in one_of_a_stopped_server_is_whole a_folder_with_something_in_it_is_refused half_a_backup_is_none \
    damage_is_named names_that_lead_elsewhere_are_refused a_later_schema_is_refused \
    a_server_that_is_killed_leaves_no_backup a_restore_that_is_killed_starts_no_server bad_calls_are_said; do
    check $name
done
tap_end
