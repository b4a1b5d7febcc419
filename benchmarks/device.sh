# What the device library costs on an ESP8266: bytes of code and constants of
# each source, and bytes of RAM of each engine's state, from the LX106 build.
# Prints rows for ./bench.
library=$BUILD/lx106/device/libupdraft-device.a

# Parts the budget counts: everything an application links to update over the
# air. The gzip decoder is the bootloader's.
counted='eboot|flash|hex|image|layout|pull|staging|updater|url|base64|crc32|messages|signature'

build_lx106
xtensa-lx106-elf-size "$library" | awk -v counted="$counted" '
    NR > 1 {
        sub(/^src_/, "", $6); sub(/\.c\.o$/, "", $6)
        print "code " $6 "\t" $1 + $2 "\tB\t-\t-"
        if ($6 ~ "^(" counted ")") total += $1 + $2
    }
    END { print "code, all that updates over the air\t" total "\tB\t-\t<= 14336" }'

cat >"$BUILD/sizes.c" <<'C'
#include "updraft/pull.h"
#include "updraft/staging.h"
#include "updraft/updater.h"
#define SIZE(name) char size_##name[sizeof(struct ud_##name)];
SIZE(updater) SIZE(staging) SIZE(pull) SIZE(image)
C
xtensa-lx106-elf-gcc -std=c11 -fno-common -I device/include -c "$BUILD/sizes.c" -o "$BUILD/sizes.o"
xtensa-lx106-elf-nm -S --defined-only "$BUILD/sizes.o" | while read -r _ size _ name; do
    printf 'ram %s\t%d\tB\t-\t-\n' "${name#size_}" "0x$size"
    echo "$((0x$size)) $name" >>"$BUILD/sizes.txt.new"
done
mv "$BUILD/sizes.txt.new" "$BUILD/sizes.txt"
# An image parser is inside every updater already.
awk '$2 != "size_image" { total += $1 }
    END { print "ram, engines with a 4096-byte sector buffer\t" total + 4096 "\tB\t-\t<= 6144" }' \
    "$BUILD/sizes.txt"
