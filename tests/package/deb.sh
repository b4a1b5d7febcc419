# The Debian packages, unpacked, installed and run.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/installed.sh"

ROOT=$TAP_TMP/root
PREFIX=$ROOT/usr
PACKAGES='updraft updraft-firmware'

deb_of() { grep "/${1}_" names; }

the_packages_are_built() {
    local deb
    "$TAP_ROOT/scripts/deb.sh" "$TAP_TMP/out" >names
    [ "$(wc -l <names)" -eq 2 ]
    while read -r deb; do dpkg-deb --extract "$deb" "$ROOT"; done <names
}

they_say_what_they_are() {
    local version name
    version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$TAP_ROOT/meson.build")
    for name in $PACKAGES; do
        [ "$(dpkg-deb --field "$(deb_of $name)" Package)" = $name ]
        [ "$(dpkg-deb --field "$(deb_of $name)" Version)" = "$version" ]
    done
    [ "$("$PREFIX/bin/updraft" version)" = "updraft $version" ]
    dpkg-deb --field "$(deb_of updraft)" Depends | grep -q libmicrohttpd
    [ "$(dpkg-deb --field "$(deb_of updraft-firmware)" Architecture)" = all ]
}

all_is_root_s_and_nothing_is_open() {
    local name
    for name in $PACKAGES; do dpkg-deb --contents "$(deb_of $name)"; done >contents
    not grep -v ' root/root ' contents
    not grep -E '^-.......w|^d.......w' contents
}

it_goes_by_three_names() {
    "$PREFIX/bin/espota" --help | grep -q '^usage: espota '
    "$PREFIX/bin/signing" --help | grep -q '^usage: signing '
}

a_page_for_each_name() {
    local name
    for name in updraft updraft-serve espota signing; do
        gzip -t "$PREFIX/share/man/man1/$name.1.gz"
    done
    [ -s "$PREFIX/share/bash-completion/completions/updraft" ]
}

the_bootloader_is_in_it() {
    local boot
    for boot in "$PREFIX/share/updraft/boot.elf" "$TAP_ROOT/build/lx106/boot/lx106/boot.elf"; do
        "$UPDRAFT" image --pack "packed-$(stat -c %i "$boot").bin" --boot "$boot" \
            --app "$TAP_ROOT/build/lx106/firmware/demo-1.1.0.elf"
    done
    cmp packed-*.bin
}

the_arduino_library_is_in_it() {
    python3 -m zipfile -e "$PREFIX/share/updraft"/Updraft-*.zip unpacked
    diff -r unpacked/Updraft "$TAP_ROOT/build/arduino/Updraft"
    [ -s unpacked/Updraft/library.properties ]
}

# Whose code is in the firmware is said, and on which terms.
terms_are_said() {
    local terms=$PREFIX/share/doc/updraft-firmware/copyright
    grep -q 'Swedish Institute of Computer Science' "$terms"
    grep -q 'Thomas Pornin' "$terms"
    zgrep -q 'Keith Packard' "$terms.picolibc.gz"
}

# The program without what runs on the chips.
what_is_not_installed_is_named() {
    local status=0
    dpkg-deb --extract "$(deb_of updraft)" alone
    alone/usr/bin/updraft device --qemu --app "$PREFIX/share/updraft/firmware/demo-1.1.0.bin" 2>err || status=$?
    [ $status -eq 1 ]
    grep -q 'rom.elf is not installed; it is in the package updraft-firmware' err
    [ "$(wc -l <err)" -eq 1 ]
}

# Into a root of its own; what they depend on is in this one.
in_a_root() { dpkg --root="$PWD/installed" --force-depends --force-script-chrootless --log="$PWD/dpkg.log" "$@"; }

dpkg_installs_and_removes_them() {
    local folder=installed/var/lib/dpkg
    mkdir -p $folder/info $folder/updates $folder/triggers
    touch $folder/status $folder/available
    in_a_root --install $(cat names)
    [ "$(installed/usr/bin/updraft version)" = "$("$PREFIX/bin/updraft" version)" ]
    in_a_root --verify $PACKAGES
    in_a_root --purge $PACKAGES
    [ -z "$(find installed/usr -type f)" ] || { find installed/usr -type f; return 1; }
}

# Complaints that are meant to be are in packaging/*.lintian-overrides, with the reasons.
lintian_has_no_complaint() {
    lintian --allow-root --fail-on none $(cat names) >complaints
    not grep -E '^[EW]:' complaints
}

check the_packages_are_built
check they_say_what_they_are
check all_is_root_s_and_nothing_is_open
check it_goes_by_three_names
check a_page_for_each_name
check the_bootloader_is_in_it
check the_arduino_library_is_in_it
check terms_are_said
check what_is_not_installed_is_named
check a_board_starts
check_quick_start
if [ "$(id -u)" -eq 0 ]; then
    check dpkg_installs_and_removes_them
else
    skip dpkg_installs_and_removes_them "only root installs packages"
fi
check lintian_has_no_complaint
tap_end
