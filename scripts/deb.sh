#!/usr/bin/env bash
# Builds Debian packages: updraft, the program for this machine, and updraft-firmware, what runs on
# the chips.
#   scripts/deb.sh [FOLDER]   where they go (default build/); prints the files' names
# DEBFULLNAME and DEBEMAIL, as for Debian's own tools, say who answers for them.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
out=$(realpath -m "${1:-$BUILD}")
need_packages "${BUILD_PACKAGES[@]}" dpkg-dev
configure "$BUILD/deb" --prefix=/usr -Dtests=false
build "$BUILD/deb"
PACKER=$BUILD/deb/updraft scripts/firmware.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=$work/updraft firmware=$work/updraft-firmware
version=$("$BUILD/deb/updraft" version | cut -d' ' -f2)
machine=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-Updraft} <${DEBEMAIL:-updraft@localhost}>"

lay_out_program() {
    DESTDIR=$program meson install -C "$BUILD/deb" --no-rebuild --strip >"$BUILD/deb/install.log" 2>&1 ||
        die "meson install failed, see build/deb/install.log"
    gzip -9n "$program"/usr/share/man/man1/*.1
    # A page that only names another names it as it is kept.
    local page
    for page in espota signing; do
        rm "$program/usr/share/man/man1/$page.1.gz"
        ln -s "updraft-$page.1.gz" "$program/usr/share/man/man1/$page.1.gz"
    done
    install -Dm644 LICENSE "$program/usr/share/doc/updraft/copyright"
    install -m644 README.md "$program/usr/share/doc/updraft/"
    cp -r docs "$program/usr/share/doc/updraft/"
}

# What is linked into the firmware is others' in part, under their terms.
lay_out_firmware() {
    local documents=$firmware/usr/share/doc/updraft-firmware part
    packaging/install_firmware.sh "$BUILD" "$firmware/usr/share/updraft"
    mkdir -p "$documents"
    {
        cat LICENSE
        printf '\nIn firmware/net-*.bin there are also parts of lwIP, BearSSL and picolibc. Their terms:\n'
        for part in lwip bearssl; do
            printf '\n---- %s ----\n\n' $part
            cat "$BUILD/$part-lx106/source/debian/copyright"
        done
        printf '\n---- picolibc ----\n\nin copyright.picolibc.gz, beside this file.\n'
    } >"$documents/copyright"
    gzip -9nc /usr/share/doc/picolibc-xtensa-lx106-elf/copyright >"$documents/copyright.picolibc.gz"
}

# finish PACKAGE: what all packages have. Changes are dated like the source.
finish() {
    local root=$work/$1 script
    packaging/debian_changelog.py "$maintainer" \
        "$(date -R -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y CHANGELOG.md)}")" \
        <CHANGELOG.md | gzip -9n >"$root/usr/share/doc/$1/changelog.gz"
    install -Dm644 "packaging/$1.lintian-overrides" "$root/usr/share/lintian/overrides/$1"
    chmod -R u=rwX,go=rX "$root"
    mkdir "$root/DEBIAN"
    for script in postinst prerm postrm; do
        [ ! -f "packaging/$1.$script" ] || install -m755 "packaging/$1.$script" "$root/DEBIAN/$script"
    done
}

libraries() {
    mkdir -p "$work/debian"
    printf 'Source: updraft\n\nPackage: updraft\nArchitecture: any\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O updraft/usr/bin/updraft 2>/dev/null | sed 's/^shlibs:Depends=//')
}

# fields PACKAGE ARCHITECTURE: those of its control file that both have.
fields() {
    cat <<CONTROL
Package: $1
Source: updraft
Version: $version
Architecture: $2
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$work/$1" | cut -f1)
Section: electronics
Priority: optional
CONTROL
}

control_of_program() {
    fields updraft "$machine" | grep -v '^Source:'
    cat <<CONTROL
Depends: $needs
Recommends: updraft-firmware
Suggests: qemu-system-misc
Description: firmware updates for ESP8266 and ESP32 over the network
 An update server with a dashboard, a command line that uploads, packs,
 signs and publishes firmware, and virtual devices to try it with.
CONTROL
}

control_of_firmware() {
    fields updraft-firmware all
    cat <<CONTROL
Recommends: updraft
Description: firmware updates for ESP8266 and ESP32 - what runs on the chips
 A bootloader for the ESP8266 that survives power cuts, a library for its
 Arduino core, demonstration firmware in several versions, and what makes
 an ESP8266 of QEMU's LX106 for "updraft device --qemu".
CONTROL
}

# pack PACKAGE ARCHITECTURE: prints the file's name.
pack() {
    local deb=$out/${1}_${version}_$2.deb
    dpkg-deb --root-owner-group --build "$work/$1" "$deb" >/dev/null
    echo "$deb"
}

lay_out_program
lay_out_firmware
finish updraft
finish updraft-firmware
needs=$(libraries)
[ -n "$needs" ] || die "dpkg-shlibdeps names no libraries for the program"
control_of_program >"$program/DEBIAN/control"
control_of_firmware >"$firmware/DEBIAN/control"
mkdir -p "$out"
pack updraft "$machine"
pack updraft-firmware all
