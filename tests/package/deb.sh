# The Debian package, unpacked and run.
. "$(dirname "$0")/../lib/tap.sh"

ROOT=$TAP_TMP/root

the_package_is_built() {
    "$TAP_ROOT/scripts/deb.sh" "$TAP_TMP/out" >name
    [ "$(wc -l <name)" -eq 1 ]
    dpkg-deb --extract "$(cat name)" "$ROOT"
}

it_says_what_it_is() {
    local deb version
    deb=$(cat name)
    version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$TAP_ROOT/meson.build")
    [ "$(dpkg-deb --field "$deb" Version)" = "$version" ]
    [ "$("$ROOT/usr/bin/updraft" version)" = "updraft $version" ]
    dpkg-deb --field "$deb" Depends | grep -q libmicrohttpd
}

all_is_root_s_and_nothing_is_open() {
    dpkg-deb --contents "$(cat name)" >contents
    if grep -v ' root/root ' contents; then return 1; fi
    if grep -E '^-.......w|^d.......w' contents; then return 1; fi
}

it_goes_by_three_names() {
    "$ROOT/usr/bin/espota" --help | grep -q '^usage: espota '
    "$ROOT/usr/bin/signing" --help | grep -q '^usage: signing '
}

a_page_for_each_name() {
    local name
    for name in updraft updraft-serve espota signing; do
        gzip -t "$ROOT/usr/share/man/man1/$name.1.gz"
    done
    [ -s "$ROOT/usr/share/bash-completion/completions/updraft" ]
}

the_bootloader_is_in_it() {
    local boot
    for boot in "$ROOT/usr/share/updraft/boot.elf" "$TAP_ROOT/build/lx106/boot/lx106/boot.elf"; do
        "$UPDRAFT" image --pack "packed-$(stat -c %i "$boot").bin" --boot "$boot" \
            --app "$TAP_ROOT/build/lx106/firmware/demo-1.1.0.elf"
    done
    cmp packed-*.bin
}

# Into a root of its own; what it depends on is in this one.
in_a_root() { dpkg --root="$PWD/installed" --force-depends --force-script-chrootless --log="$PWD/dpkg.log" "$@"; }

dpkg_installs_and_removes_it() {
    local folder=installed/var/lib/dpkg
    mkdir -p $folder/info $folder/updates $folder/triggers
    touch $folder/status $folder/available
    in_a_root --install "$(cat name)"
    [ "$(installed/usr/bin/updraft version)" = "$("$ROOT/usr/bin/updraft" version)" ]
    in_a_root --verify updraft
    in_a_root --purge updraft
    [ -z "$(find installed/usr -type f)" ] || { find installed/usr -type f; return 1; }
}

# Complaints that are meant to be are in packaging/lintian-overrides, with the reasons.
lintian_has_no_complaint() {
    lintian --allow-root --fail-on none "$(cat name)" >complaints
    ! grep -E '^[EW]:' complaints
}

# The command line of the unit, as systemd would put it together.
its_unit_starts_the_server() {
    local unit=$ROOT/usr/lib/systemd/system/updraft.service line
    [ -f "$unit" ] || unit=$ROOT/lib/systemd/system/updraft.service
    line=$(sed -n 's/^ExecStart=//p' "$unit")
    STATE_DIRECTORY=$PWD/state UPDRAFT_SERVE_OPTIONS='--listen 127.0.0.1:0'
    mkdir -m 700 state
    eval "exec $ROOT$line" >served 2>&1 &
    local pid=$!
    for _ in $(seq 300); do
        [ ! -s state/operator.token ] || break
        sleep 0.1
    done
    kill "$pid"
    wait "$pid"
    [ -s state/operator.token ]
}

check the_package_is_built
check it_says_what_it_is
check all_is_root_s_and_nothing_is_open
check it_goes_by_three_names
check a_page_for_each_name
check its_unit_starts_the_server
check the_bootloader_is_in_it
if [ "$(id -u)" -eq 0 ]; then
    check dpkg_installs_and_removes_it
else
    skip dpkg_installs_and_removes_it "only root installs packages"
fi
check lintian_has_no_complaint
tap_end
