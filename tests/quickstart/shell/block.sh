# Runs one block of a page: block.sh FOLDER. Its text is in FOLDER/.world/script; the variables and
# the folder it ends with are there for the next one.
world=$1/.world

# start NAME TEXT COMMAND…: in the background until the page is done. Returns when its output,
# which goes to .world/NAME.out, has TEXT in it.
start() {
    local name=$1 text=$2 tries
    shift 2
    ! kill -0 -- "-$(cat "$world/$name.pid" 2>/dev/null || echo none)" 2>/dev/null ||
        { echo "$name is running already"; return 1; }
    setsid "$@" >"$world/$name.out" 2>&1 &
    local pid=$!
    echo "$pid" >"$world/$name.pid"
    for tries in $(seq 600); do
        grep -qF -- "$text" "$world/$name.out" && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$world/$name.out"
    echo "$* did not say: $text"
    return 1
}

# stop NAME: ends what was started by that name, and waits until it is gone.
stop() {
    local pid
    pid=$(cat "$world/$1.pid")
    kill -TERM -- "-$pid"
    while kill -0 -- "-$pid" 2>/dev/null; do sleep 0.1; done
}

# said NAME TEXT: waits until what was started by that name has said it.
said() {
    soon grep -F -- "$2" "$world/$1.out" >/dev/null || { cat "$world/$1.out"; return 1; }
}

# soon COMMAND…: tries it again until it succeeds, for two minutes.
soon() {
    local tries
    for tries in $(seq 600); do
        "$@" >"$world/soon.out" 2>&1 && { cat "$world/soon.out"; return; }
        sleep 0.2
    done
    cat "$world/soon.out"
    echo "not within two minutes: $*"
    return 1
}

# serve [option…]: the update server whose token the commands that follow have.
serve() {
    start server dashboard: updraft serve --data data --listen 0.0.0.0:8266 "$@"
    export UPDRAFT_TOKEN_FILE=$PWD/data/operator.token
}

# pack VERSION: demo-VERSION.bin, of the demonstration firmware.
pack() {
    updraft image --pack "demo-$1.bin" --boot "$TREE/build/lx106/boot/lx106/boot.elf" \
        --app "$TREE/build/lx106/firmware/demo-$1.elf" --flash-mode dio --flash-size 4M --flash-freq 40 >/dev/null
}

cd "$1" || exit 1
[ ! -f "$world/variables" ] || . "$world/variables"
[ ! -f "$world/folder" ] || cd "$(cat "$world/folder")" || exit 1
trap 'export -p >"$world/variables"; pwd >"$world/folder"' EXIT
set -e
. "$world/script"
