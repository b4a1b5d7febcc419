#!/usr/bin/env bash
# Makes the Arduino library, complete in one folder, and a zip of it for the IDE:
#   scripts/arduino-package.sh [FOLDER]        build/arduino/Updraft if not said
# HOMEPAGE is the address that who publishes it gives it, which lists of libraries ask for.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/build/arduino/Updraft}
port=$root/device/port/arduino
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" "$root/meson.build")

homepage=${HOMEPAGE:-}
[[ $homepage =~ ^(https?://[A-Za-z0-9.:/_~%-]+)?$ ]] || { echo "$(basename "$0"): HOMEPAGE is no address: $homepage" >&2; exit 1; }

rm -rf "$out" "$out"-*.zip
mkdir -p "$out/src/updraft" "$out/src/engine" "$out/src/bearssl" "$out/src/page"
cp -r "$port/src" "$port/examples" "$port/keywords.txt" "$port/README.md" "$root/LICENSE" "$out"
sed -e "s/^version=.*/version=$version/" -e "s|^url=.*|url=$homepage|" "$port/library.properties" >"$out/library.properties"
sed -e "s/\"version\": \".*\"/\"version\": \"$version\"/" ${homepage:+-e "/\"description\"/a\\  \"homepage\": \"$homepage\","} \
    "$port/library.json" >"$out/library.json"

cp "$root"/device/include/updraft/*.h "$out/src/updraft"
cp "$root"/device/src/*.[ch] "$out/src/engine"
# Where the core has BearSSL's headers. TLS is the core's own.
for file in digest.h digest.c keys.h p256.c rsa.c; do
    sed 's|<bearssl.h>|<bearssl/bearssl.h>|' "$root/device/port/bearssl/$file" >"$out/src/bearssl/$file"
done
# The page stays in flash: the core copies other constants to RAM.
python3 "$root/device/page/embed.py" "$root/device/page/page.html" "$out/src/page/form_page.c"
sed -i -e '1i #include <pgmspace.h>' -e 's/^const uint8_t ud_form_page\[\]/& PROGMEM/' \
    "$out/src/page/form_page.c"

(cd "$(dirname "$out")" && python3 -m zipfile -c "$(basename "$out")-$version.zip" "$(basename "$out")")
