# The board as others on its network see it by mDNS: frame by frame at the other end of its
# Ethernet; and, where this user may make interfaces, found and updated by name.
if [ "${1:-}" != inside ]; then
    if unshare --mount --net true 2>/dev/null; then
        exec unshare --mount --net bash "$0" inside
    fi
fi
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/server.sh"
. "$TAP_ROOT/tests/lib/board.sh"

HERE=$TAP_ROOT/tests/qemu
MAC=5C:CF:7F:00:00:01

new_chip() { # FILE SETTING…
    "$UPDRAFT" flash --force --layout 4M2M --app "$NET-1.0.0.bin" --out "$1" >/dev/null
    "$UPDRAFT" settings "$1" set name=kitchen uploads=8266 page=80 password=@password "${@:2}"
}

# ---- Frames ----

# What it says at the console goes to the file console, what is heard to heard.
on_the_wire() {
    new_chip wired
    # shellcheck disable=SC2094 # the board is the only one that writes it
    timeout 400 python3 "$HERE/mdns_wire.py" qemu-system-xtensa -M kc705-nommu -cpu lx106 -m 4M -display none \
        -monitor none -chardev stdio,id=typed,signal=off -serial chardev:typed -no-reboot -semihosting \
        -nic "{nic},mac=$MAC" -kernel "$BUILD/lx106/sim/qemu/rom.elf" -append "flash=3 mac=$MAC" \
        3<>wired >heard 2>console || { cat heard console; return 1; }
}

heard() { grep -qxF -- "$1" "$TAP_TMP/heard" || { echo "not heard: $1"; cat "$TAP_TMP/heard"; return 1; }; }

it_tells_the_network_its_name() {
    heard 'host name kitchen'
    heard 'member of 224.0.0.251'
}

a_name_that_somebody_has_gets_a_number() {
    heard 'wants kitchen.local'
    heard 'wants kitchen-2.local'
}

it_announces_all_it_has() {
    local record
    for record in 'kitchen-2.local A 120 10.77.0.42' '_arduino._tcp.local PTR 4500 kitchen-2._arduino._tcp.local' \
        'kitchen-2._arduino._tcp.local SRV 120 8266 kitchen-2.local' \
        '_http._tcp.local PTR 4500 kitchen-2._http._tcp.local' \
        'kitchen-2._http._tcp.local SRV 120 80 kitchen-2.local'; do
        heard "announces to 224.0.0.251 $record"
    done
}

it_answers_its_own_network_only() {
    heard 'answers 224.0.0.251 _arduino._tcp.local PTR 4500 kitchen-2._arduino._tcp.local'
    heard 'answers 224.0.0.251 kitchen-2._arduino._tcp.local SRV 120 8266 kitchen-2.local'
    ! grep '^answers' "$TAP_TMP/heard" | grep _http
}

it_answers_plain_dns() { heard 'answers 10.77.0.1 40000 7 kitchen-2.local kitchen-2.local A 10 10.77.0.42'; }

it_says_good_bye_before_a_restart() {
    heard 'leaves kitchen-2.local A 0 10.77.0.42'
    heard 'leaves _arduino._tcp.local PTR 0 kitchen-2._arduino._tcp.local'
}

# ---- A network with the tools on it ----

lay_the_cable() {
    ip tuntap add dev board0 mode tap 2>/dev/null || return 1
    ip addr add 10.77.0.1/24 dev board0
    ip link set board0 up
}

start_dhcp() {
    local tries
    python3 "$HERE/dhcp.py" board0 10.77.0.1 10.77.0.42 >"$TAP_TMP/dhcp" &
    tap_background $!
    for tries in $(seq 600); do [ -s "$TAP_TMP/dhcp" ] && return; sleep 0.1; done
    return 1
}

switch_on() {
    mkfifo typist
    : >said
    "$UPDRAFT" device --qemu --flash "$1" --tap board0 <typist >said 2>err &
    pid=$!
    exec 7>typist
    trap switch_off EXIT
    has_said 'address 10.77.0.42'
}

switch_off() {
    exec 7>&-
    kill $pid 2>/dev/null && wait $pid || true
    rm -f typist
}

# until_discovered LINES: what `updraft discover` prints, without its heading.
until_discovered() {
    local tries
    for tries in $(seq 20); do
        "$UPDRAFT" discover --timeout 3 2>/dev/null | tail -n +2 | tr -s ' ' >listed
        [ "$(cat listed)" = "$1" ] && return
    done
    cat listed said
    return 1
}

is_back() { sed '1,/demo 1\.1\.0/d' said | grep -qF 'address 10.77.0.42'; }

the_tools_find_it_by_name() {
    new_chip found
    switch_on found
    has_said 'announces kitchen.local'
    until_discovered 'kitchen 10.77.0.42 8266 generic yes'
    UPDRAFT_PASSWORD=open-sesame "$UPDRAFT" push kitchen.local "$NET-1.1.0.bin"
    has_said 'demo 1.1.0'
    # A restart later it is there again, by the same name.
    eventually is_back
    until_discovered 'kitchen 10.77.0.42 8266 generic yes'
}

a_setting_keeps_it_quiet() {
    new_chip quiet announce=off
    switch_on quiet
    "$UPDRAFT" discover --timeout 4 >listed 2>&1 || true
    not grep -q kitchen listed
    not grep -q announces said
    UPDRAFT_PASSWORD=open-sesame "$UPDRAFT" push 10.77.0.42:8266 "$NET-1.1.0.bin"
    has_said 'demo 1.1.0'
}

echo open-sesame >"$TAP_TMP/password"
ip link set lo up 2>/dev/null
check on_the_wire
check it_tells_the_network_its_name
check a_name_that_somebody_has_gets_a_number
check it_announces_all_it_has
check it_answers_its_own_network_only
check it_answers_plain_dns
check it_says_good_bye_before_a_restart
if [ "${1:-}" = inside ] && lay_the_cable && start_dhcp; then
    check the_tools_find_it_by_name
    check a_setting_keeps_it_quiet
else
    skip the_tools_find_it_by_name "this user may not make network interfaces"
    skip a_setting_keeps_it_quiet "this user may not make network interfaces"
fi
tap_end
