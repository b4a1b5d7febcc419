#!/usr/bin/env bash
# Builds a Debian package of the program for this machine.
#   scripts/deb.sh [FOLDER]   where it goes (default build/); prints the file's name
set -eu
cd "$(dirname "$0")/.."
. scripts/setup.sh
out=$(realpath -m "${1:-$BUILD}")
need_packages "${BUILD_PACKAGES[@]}" dpkg-dev
configure "$BUILD/deb" --prefix=/usr -Dtests=false
build "$BUILD/deb"

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
install -m644 CHANGELOG.md README.md "$root/usr/share/doc/updraft/"

version=$("$root/usr/bin/updraft" version | cut -d' ' -f2)
mkdir -p "$work/debian" "$root/DEBIAN"
printf 'Source: updraft\n\nPackage: updraft\nArchitecture: any\n' >"$work/debian/control"
needs=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/updraft 2>/dev/null | sed 's/^shlibs:Depends=//')
[ -n "$needs" ] || die "dpkg-shlibdeps names no libraries for the program"
cat >"$root/DEBIAN/control" <<CONTROL
Package: updraft
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: Updraft <updraft@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $needs
Section: electronics
Priority: optional
Description: firmware updates for ESP8266 and ESP32 over the network
 An update server with a dashboard, a command line that uploads, packs, signs and
 publishes firmware, and virtual devices to try it with.
CONTROL
deb=$out/updraft_${version}_$(dpkg --print-architecture).deb
mkdir -p "$out"
dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
echo "$deb"
