#!/usr/bin/env bash
# Builds a Debian package of the program for this machine, with the ESP8266's bootloader.
#   scripts/deb.sh [FOLDER]   where it goes (default build/); prints the file's name
# DEBFULLNAME and DEBEMAIL, as for Debian's own tools, say who answers for it.
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
out=$(realpath -m "${1:-$BUILD}")
need_packages "${BUILD_PACKAGES[@]}" dpkg-dev
configure "$BUILD/deb" --prefix=/usr -Dtests=false
build "$BUILD/deb"
build_lx106

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
DESTDIR=$root meson install -C "$BUILD/deb" --no-rebuild --strip >"$BUILD/deb/install.log" 2>&1 ||
    die "meson install failed, see build/deb/install.log"
chmod 755 "$root"
gzip -9n "$root"/usr/share/man/man1/*.1
# A page that only names another names it as it is kept.
for page in espota signing; do
    rm "$root/usr/share/man/man1/$page.1.gz"
    ln -s "updraft-$page.1.gz" "$root/usr/share/man/man1/$page.1.gz"
done
install -Dm644 LICENSE "$root/usr/share/doc/updraft/copyright"
install -m644 README.md "$root/usr/share/doc/updraft/"
cp -r docs "$root/usr/share/doc/updraft/"
install -Dm644 "$BUILD/lx106/boot/lx106/boot.elf" "$root/usr/share/updraft/boot.elf"
install -Dm644 packaging/lintian-overrides "$root/usr/share/lintian/overrides/updraft"

version=$("$root/usr/bin/updraft" version | cut -d' ' -f2)
maintainer="${DEBFULLNAME:-Updraft} <${DEBEMAIL:-updraft@localhost}>"

# Dated like the source.
packaging/debian_changelog.py "$maintainer" "$(date -R -d "@${SOURCE_DATE_EPOCH:-$(stat -c %Y CHANGELOG.md)}")" \
    <CHANGELOG.md | gzip -9n >"$root/usr/share/doc/updraft/changelog.gz"

mkdir -p "$work/debian" "$root/DEBIAN"
printf 'Source: updraft\n\nPackage: updraft\nArchitecture: any\n' >"$work/debian/control"
needs=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/updraft 2>/dev/null | sed 's/^shlibs:Depends=//')
[ -n "$needs" ] || die "dpkg-shlibdeps names no libraries for the program"
cat >"$root/DEBIAN/control" <<CONTROL
Package: updraft
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $needs
Suggests: qemu-system-misc
Section: electronics
Priority: optional
Description: firmware updates for ESP8266 and ESP32 over the network
 An update server with a dashboard, a command line that uploads, packs,
 signs and publishes firmware, virtual devices to try it with, and a
 bootloader for the ESP8266 that survives power cuts.
CONTROL
deb=$out/updraft_${version}_$(dpkg --print-architecture).deb
mkdir -p "$out"
dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
echo "$deb"
