# What each function takes of an ESP8266's stack: at most 256 bytes, but for those listed
# in stack.txt with their bounds and why, and none as much as it likes. How deep calls go is
# benchmarks/device_sizes.txt.
. "$(dirname "$0")/../lib/tap.sh"

LIMIT=256 # bytes
LIST=$TAP_ROOT/tests/analysis/stack.txt

# Prints FUNCTION BYTES KIND for every function of what runs on devices.
measured() {
    git -C "$TAP_ROOT" ls-files ':(glob)device/src/*.c' ':(glob)boot/*.c' |
        xargs -P 2 -I FILE sh -c 'cd "$1" && xtensa-lx106-elf-gcc -std=c11 -Os -mlongcalls -mtext-section-literals \
            -ffreestanding -fstack-usage -I. -Idevice/include -c FILE \
            -o "$0/$(echo FILE | tr / _).o"' "$TAP_TMP" "$TAP_ROOT"
    sed -n 's|^.*/\([a-z_0-9]*\)\.c:[0-9]*:[0-9]*:\([^\t.]*\)[^\t]*\t\([0-9]*\)\t\(.*\)$|\1.c:\2 \3 \4|p' "$TAP_TMP"/*.su
}

# beyond LIST <MEASURED: what takes more than it may, or is listed and need not be.
beyond() {
    awk -v limit=$LIMIT '
        FNR == NR { if ($0 !~ /^#/ && NF) bound[$1] = $2; next }
        $3 != "static" { print $1 ": takes as much as it likes" }
        $1 in bound { seen[$1] = 1 }
        $2 > ($1 in bound ? bound[$1] : limit) { print $1 ": takes " $2 " bytes, may " ($1 in bound ? bound[$1] : limit) }
        $1 in bound && $2 <= limit { print $1 ": need not be listed, takes " $2 }
        END { for (name in bound) if (!(name in seen)) print name ": is listed and gone" }' "$1" -
}

every_function_keeps_its_bound() {
    measured >functions
    [ "$(wc -l <functions)" -gt 300 ]
    beyond "$LIST" <functions >found
    [ ! -s found ] || { cat found; return 1; }
}

what_goes_beyond_is_seen() {
    printf 'a.c:big 300\na.c:gone 400\na.c:small 300\n' >list
    printf '%s\n' 'a.c:big 300 static' 'a.c:small 16 static' 'a.c:new 257 static' 'a.c:wild 16 dynamic' |
        beyond list >found
    [ "$(wc -l <found)" -eq 4 ] || { cat found; return 1; }
}

check every_function_keeps_its_bound
check what_goes_beyond_is_seen
echo "# the most of the stack, in bytes:"
sort -k2,2nr "$TAP_TMP/functions" | head -n 5 | sed 's/^/#   /; s/ static$//'
tap_end
