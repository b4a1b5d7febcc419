# The systemd unit: what systemd says of it, and the server under its limits.
. "$(dirname "$0")/../lib/tap.sh"

BUILD=$TAP_ROOT/build
PROGRAM=$BUILD/updraft # without sanitizers, which need more than the unit allows
UNIT=$TAP_TMP/updraft.service
STATE=$TAP_TMP/state
EXPOSURE_LIMIT=1.1 # of 10; what is left is the network, and files everybody may read

# As installed, but for the program, which is where it was built.
sed "s|^ExecStart=[^ ]*|ExecStart=$PROGRAM|" "$BUILD/packaging/updraft.service" >"$UNIT"

verify() { MANPATH=$TAP_TMP/share/man systemd-analyze verify "$1" 2>&1 || :; }

systemd_has_no_complaint() {
    "$TAP_ROOT/scripts/manuals.py" "$PROGRAM" share
    verify "$UNIT" | tee complaints
    [ ! -s complaints ]
}

# What the documents have administrators add to it.
nor_of_the_drop_in_of_the_documents() {
    local unit=$PWD/edited/updraft.service
    mkdir -p "$unit.d"
    cp "$UNIT" "$unit"
    sed -n '/^<!-- drop-in -->$/,/^```$/p' "$TAP_ROOT/docs/operations.md" | grep -v '^```\|^<!--' >"$unit.d/override.conf"
    [ "$(wc -l <"$unit.d/override.conf")" -gt 3 ]
    verify "$unit" | tee complaints
    [ ! -s complaints ]
    echo 'LoadCredentials=x' >>"$unit.d/override.conf"
    verify "$unit" >complaints
    grep -q "Unknown key.*LoadCredentials" complaints
}

it_exposes_little() {
    systemd-analyze security --offline=yes --no-pager "$UNIT" >exposure
    local score
    score=$(sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p' exposure)
    echo "$score of 10" >"$TAP_TMP/score"
    awk -v score="$score" -v limit=$EXPOSURE_LIMIT 'BEGIN { exit !(score != "" && score <= limit) }' ||
        { grep -v '✓' exposure; return 1; }
}

# The system's Python: Debian's package of the module is for that one.
caged() { /usr/bin/python3 "$TAP_ROOT/tests/package/cage.py" "$UNIT" "$STATE" "$@"; }

# The limits are there: what they forbid fails.
the_cage_is_one() {
    caged touch "$STATE/mine"
    rm "$STATE/mine"
    not caged touch "$BUILD/mine"
    not caged touch /var/mine
    not caged unshare --user true
    not caged python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)'
    not caged python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)'
    caged python3 -c 'import socket; socket.socket(socket.AF_INET)'
}

# The unit's command line, as systemd would put it together.
start_caged_server() {
    local line
    line=$(sed -n 's/^ExecStart=//p' "$UNIT")
    STATE_DIRECTORY=$STATE UPDRAFT_SERVE_OPTIONS='--listen 127.0.0.1:0'
    eval "exec /usr/bin/python3 '$TAP_ROOT/tests/package/cage.py' '$UNIT' '$STATE' $line" >"$TAP_TMP/served" 2>"$TAP_TMP/log" &
    cage_pid=$!
    tap_background $cage_pid
    for _ in $(seq 600); do
        UPDRAFT_SERVER=$(sed -n 's/^listening on //p' "$TAP_TMP/served")
        [ -z "$UPDRAFT_SERVER" ] || break
        kill -0 $cage_pid 2>/dev/null || break
        sleep 0.1
    done
    export UPDRAFT_SERVER UPDRAFT_TOKEN_FILE=$STATE/operator.token
}

it_starts() { [ -n "$UPDRAFT_SERVER" ] || { cat "$TAP_TMP/log"; return 1; }; }

it_updates_a_device_under_its_limits() {
    "$PROGRAM" publish "$BUILD/firmware/demo-1.1.0.bin" --product demo
    "$PROGRAM" devices set 5C:CF:7F:00:00:01 --product demo
    "$PROGRAM" device --app "$BUILD/firmware/demo-1.0.0.bin" --url "$UPDRAFT_SERVER/update" --poll 1 \
        --until 1.1.0 --timeout 60
    "$PROGRAM" user add somebody --role viewer
    curl -sS --fail "$UPDRAFT_SERVER/metrics" -H "Authorization: Bearer $(cat "$UPDRAFT_TOKEN_FILE")" >metrics
    grep -q '^process_open_fds ' metrics
}

# bwrap, then the first process in there, and that is the server.
server_pid() { pgrep -f "^$PROGRAM serve --data $STATE "; }

it_is_reloaded_and_stopped() {
    local reload pid
    pid=$(server_pid)
    reload=$(sed -n 's/^ExecReload=//p' "$UNIT")
    MAINPID=$pid bash -c "$reload"
    "$PROGRAM" devices >/dev/null
    kill "$pid"
    for _ in $(seq 600); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    not kill -0 "$pid"
    not grep -iE 'not permitted|read-only' "$TAP_TMP/log"
}

mkdir -m 700 "$STATE"
check systemd_has_no_complaint
check nor_of_the_drop_in_of_the_documents
check it_exposes_little
echo "# exposure: $(cat "$TAP_TMP/score")"
if caged true 2>"$TAP_TMP/refusal"; then
    check the_cage_is_one
    start_caged_server
    check it_starts
    check it_updates_a_device_under_its_limits
    check it_is_reloaded_and_stopped
else
    skip the_server_works_under_its_limits "no cage here: $(tail -n 1 "$TAP_TMP/refusal")"
fi
tap_end
