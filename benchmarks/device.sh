# What the device library costs on an ESP8266: bytes of code and constants of
# each source, and bytes of RAM of each engine's state, from the LX106 build.
# Prints rows for ./bench.
library=$BUILD/lx106/device/libupdraft-device.a

# The gzip decoder, keys, manifests, mDNS texts, and the proof of
# an upload's password by SHA-256 are linked only by firmware that names them. All else
# is what an application links to update over the air.
# Slots, partitions and OTA data are the ESP32's.
not_counted='gunzip|updater_gunzip|otadata|partitions|slot|key|manifest|service|pbkdf2|espota_key|espota_stretch'

build_lx106

xtensa-lx106-elf-size "$library" | awk 'NR > 1 {
    sub(/.*\//, "", $6); sub(/^src_/, "", $6); sub(/\.c\.o$/, "", $6)
    print "code " $6 "\t" $1 + $2 "\tB\t-\t-"
}'

# The whole is linked first: only then are calls the length they need.
# shellcheck disable=SC2046
xtensa-lx106-elf-gcc -nostdlib -Wl,--relax -Wl,--unresolved-symbols=ignore-all -Wl,-e0 \
    $(ar tP "$library" | grep -vE "/src_($not_counted)") -o "$BUILD/device-linked.elf"
xtensa-lx106-elf-size "$BUILD/device-linked.elf" | awk 'NR == 2 {
    print "code, updater, staging, pull, espota and form, linked\t" $1 + $2 "\tB\t-\t<= 14336"
}'
xtensa-lx106-elf-size "$BUILD/lx106/device/page/libupdraft-form-page.a" | awk 'NR == 2 {
    print "page for browsers, compressed\t" $1 + $2 - 4 "\tB\t-\t<= 6144"
}'

cat >"$BUILD/sizes.c" <<'C'
#include "updraft/espota.h"
#include "updraft/form.h"
#include "updraft/pull.h"
#include "updraft/staging.h"
#include "updraft/updater.h"
#define SIZE(name) char size_##name[sizeof(struct ud_##name)];
SIZE(updater) SIZE(staging) SIZE(pull) SIZE(espota) SIZE(form) SIZE(form_client) SIZE(image)
C
xtensa-lx106-elf-gcc -std=c11 -fno-common -I device/include -c "$BUILD/sizes.c" -o "$BUILD/sizes.o"
xtensa-lx106-elf-nm -S --defined-only "$BUILD/sizes.o" | while read -r _ size _ name; do
    echo "${name#size_} $((0x$size))"
done >"$BUILD/sizes.txt"
# An image parser is inside every updater already. One connection of a browser at a time.
awk '{ print "ram " $1 "\t" $2 "\tB\t-\t-" }
    $1 != "image" { total += $2 }
    END { print "ram, engines with a 4096-byte sector buffer\t" total + 4096 "\tB\t-\t<= 6144" }' "$BUILD/sizes.txt"
