# A board with all ways in: it asks the server of server.sh, takes uploads, serves its page.
# Source it after board.sh.

USER_NAME=bench
PASSWORD=open-sesame

# new_chip FILE [SETTING…]: a chip with 1.0.0, and all ways in open.
new_chip() {
    local chip=$1
    shift
    rm -f "$chip"
    printf '%s\n' $PASSWORD >password
    "$UPDRAFT" flash --layout 4M2M --app "$NET-1.0.0.bin" --out "$chip" >/dev/null
    "$UPDRAFT" settings "$chip" set server="http://10.0.2.2:${SERVER##*:}/update" poll=1 patience=30 \
        page=80 uploads=8266 user=$USER_NAME password=@password "$@"
}

# switch_on CHIP: it runs in the background until switch_off; sets pid.
switch_on() {
    upload_port=$(free_port)
    page_port=$(free_port)
    board_in_background "$1" --page "$page_port" --uploads "$upload_port" --mac $MAC
    trap switch_off EXIT # of this test, whatever becomes of it
    has_said 'up to date'
}

switch_off() { kill $pid 2>/dev/null && wait $pid || true; }

# What it does after a cold start is all there is in said.
cold_restart() {
    switch_off
    switch_on "$1"
}
