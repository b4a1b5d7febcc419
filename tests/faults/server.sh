# A server whose disk is full, cannot be written or does not keep what was written, whose
# clock jumps, which may open no more files, or whose files are damaged: it says so, keeps
# answering, and goes on when that is over.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"

FAULTS_FILE=$TAP_TMP/fault
export FAULTS_FILE
: >"$FAULTS_FILE"
gcc -shared -fPIC -O1 -D_GNU_SOURCE -o "$TAP_TMP/disk.so" "$TAP_ROOT/tests/faults/disk.c" || exit 1

fault() { printf '%s' "$*" >"$FAULTS_FILE"; }

# status METHOD PATH [curl options]: the status alone.
status() {
    local method=$1 path=$2
    shift 2
    curl -s -m 120 -o answer -w '%{http_code}' -X "$method" -H "Authorization: Bearer $TOKEN" "$@" "$SERVER/api/v1$path"
}

status_of_publishing() { # VERSION
    status POST "/releases?product=demo&version=$1&channel=stable" --data-binary "@$NEW"
}

is_alive() { kill -0 "$server_pid" && expect "the list of releases" "$(status GET /releases)" 200; }

# with_fault FAULT: what changes something is refused, what only looks is answered; and
# afterwards everything is as before.
with_fault() {
    local number=$RANDOM code
    fault "$1"
    code=$(status_of_publishing "9.$number")
    [ "${code:0:1}" = 5 ] || { echo "publishing answered $code: $(cat answer)"; fault; return 1; }
    is_alive || { fault; return 1; }
    ask "$(esp8266)" -m 120
    [ "$status" != 000 ] || { echo "the check-in was not answered"; fault; return 1; }
    fault
    api GET /releases | grep -q "\"9.$number\"" && { echo "what was refused is there"; return 1; }
    for tries in $(seq 300); do
        [ "$(status_of_publishing 1.1.0)" = 200 ] || [ "$(status_of_publishing 1.1.0)" = 201 ] && return
        sleep 0.2
    done
    echo "it does not recover: $(cat answer)"
    tail -n 3 "$TAP_TMP/disk.log"
    return 1
}

a_full_disk_is_told_and_survived() { with_fault full; }
a_disk_that_cannot_be_written_is_told_and_survived() { with_fault readonly; }
what_does_not_stay_is_not_acknowledged() { with_fault fsync; }

a_clock_that_jumps_harms_nobody() {
    local jump
    for jump in 90000000 -90000000 0; do
        fault "clock $jump"
        is_alive
        ask "$(esp8266 STA-MAC=18:FE:AA:AA:AA:0${#jump})"
        expect "the check-in" "$status" 304
    done
    fault
}

LD_PRELOAD=$TAP_TMP/disk.so server_start disk
publish "$OLD" demo 1.0.0
check a_full_disk_is_told_and_survived
check a_disk_that_cannot_be_written_is_told_and_survived
check what_does_not_stay_is_not_acknowledged
check a_clock_that_jumps_harms_nobody
server_stop

# ---- descriptors ----

# More connections than the server may open files: those that are served are answered, and
# when the others are gone everybody is.
out_of_descriptors_it_waits() {
    python3 - "${SERVER##*:}" <<'END'
import socket, sys, time
many = []
for _ in range(300):
    connection = socket.socket()
    connection.settimeout(2)
    try:
        connection.connect(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        break
    many.append(connection)
time.sleep(0.5)
END
    local tries
    for tries in $(seq 300); do [ "$(status GET /releases)" = 200 ] && break; sleep 0.2; done
    is_alive
    expect "publishing" "$(status_of_publishing 2.0)" 201
}

(ulimit -n 96 && exec "$UPDRAFT" serve --data "$TAP_TMP/few" --listen 127.0.0.1:0) >"$TAP_TMP/few.out" 2>"$TAP_TMP/few.log" &
server_pid=$!
tap_background $server_pid
for tries in $(seq 600); do grep -q '^listening on ' "$TAP_TMP/few.out" && break; sleep 0.1; done
SERVER=$(sed -n 's/^listening on //p' "$TAP_TMP/few.out")
TOKEN=$(cat "$TAP_TMP/few/operator.token")
check out_of_descriptors_it_waits
server_stop

# ---- damage ----

# No byte of a file that is not what was published reaches a device as if it were.

# change_byte FILE OFFSET: its length stays.
change_byte() {
    chmod u+w "$1"
    python3 -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(int(sys.argv[2]))
    file.write(bytes([byte ^ 1]))' "$@"
}

# asks MAC PRODUCT STATUS: a device that is to run this product checks in.
asks() {
    assign "$1" "{\"product\": \"$2\"}"
    ask "$(esp8266 "STA-MAC=$1")"
    expect "the answer to a device of $2" "$status" "$3"
}

others_are_served() {
    asks 5C:CF:7F:00:00:02 other 200
    cmp body "$OLD"
}

a_file_that_is_too_short_is_named_and_the_others_are_served() {
    truncate -s 5000 "$BLOB"
    asks 5C:CF:7F:00:00:01 demo 503
    api GET "/devices/5C:CF:7F:00:00:01" | grep -q 'missing or damaged'
    others_are_served
}

is_mended_for() { # MAC
    publish "$NEW" demo 1.1.0
    asks "$1" demo 200
    cmp body "$NEW"
}

publishing_again_mends_a_short_one() { is_mended_for 5C:CF:7F:00:00:11; }
publishing_again_mends_a_changed_one() { is_mended_for 5C:CF:7F:00:00:12; }

a_changed_byte_is_named_and_the_others_are_served() {
    change_byte "$BLOB" 4321
    asks 5C:CF:7F:00:00:03 demo 503
    api GET "/devices/5C:CF:7F:00:00:03" | grep -q 'missing or damaged'
    grep -q 'cannot be sent demo 1.1.0: its file is damaged' damaged.log
    expect "a plain download" "$(curl -s -o answer -w '%{http_code}' "$SERVER/firmware/demo/1.1.0")" 503
    grep -q 'demo 1.1.0 is missing or damaged' answer
    others_are_served
}

# It need not be asked for.
what_changed_while_the_server_was_down_is_named_after_the_start() {
    local tries
    for tries in $(seq 600); do
        grep -q 'the file of demo 1.1.0 is damaged here: publish it again' damaged.log && break
        sleep 0.1
    done
    cat damaged.log
    asks 5C:CF:7F:00:00:04 demo 304 # nothing is due while that is so
    api GET "/devices/5C:CF:7F:00:00:04" | grep -q 'missing or damaged'
    others_are_served
    is_mended_for 5C:CF:7F:00:00:13
}

a_damaged_database_is_named() {
    local file
    file=$TAP_TMP/damaged/updraft.db
    rm -f "$file-wal" "$file-shm"
    dd if=/dev/urandom of="$file" bs=1 seek=0 count=8192 conv=notrunc status=none
    if timeout 120 "$UPDRAFT" serve --data "$TAP_TMP/damaged" --listen 127.0.0.1:0 >out 2>err; then
        echo "it serves"
        return 1
    fi
    expect "lines" "$(wc -l <err)" 1
    grep -q "$(basename "$file")" err || { cat err; return 1; }
}

server_start damaged
publish "$NEW" demo 1.1.0
publish "$OLD" other 1.0.0
BLOB=$TAP_TMP/damaged/blobs/$(sha256_of "$NEW")
check a_file_that_is_too_short_is_named_and_the_others_are_served
check publishing_again_mends_a_short_one
check a_changed_byte_is_named_and_the_others_are_served
check publishing_again_mends_a_changed_one
server_stop
change_byte "$BLOB" 0
server_start damaged
check what_changed_while_the_server_was_down_is_named_after_the_start
server_stop
check a_damaged_database_is_named
tap_end
