# The ESP-IDF component and its example compile for the ESP32-C3's instruction set against
# a stand-in of ESP-IDF's headers, whose sockets are lwIP's; and the list of what is
# replaced is whole.
. "$(dirname "$0")/../lib/tap.sh"

cd "$TAP_ROOT" || exit 1
PORT=device/port/esp-idf
STANDIN=tests/esp-idf/standin
# Of this compiler's own C library only the headers are needed, and another chip's do: they
# are what ESP-IDF's newlib has, but for sockets.
LIBC=$(dirname "$(dpkg -L picolibc-xtensa-lx106-elf | grep '/include/stdint.h$')")
FLAGS=(-march=rv32imc -mabi=ilp32 -std=gnu11 -Os -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror
    -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=1
    -isystem "$STANDIN/esp" -isystem "$STANDIN/net" -I "$PORT/updraft/include" -I device/include -I device/port
    -idirafter "$LIBC")

# The sources that the component's CMakeLists.txt names, but for the page.
sources() {
    printf '%s\n' device/src/*.c
    grep -oE '\$\{device\}/port/[a-z/_]+\.c' $PORT/updraft/CMakeLists.txt | sed 's|\${device}|device|'
    grep -oE '(^| )[a-z_]+\.c' $PORT/updraft/CMakeLists.txt | tr -d ' ' | sed "s|^|$PORT/updraft/|"
}

compile() { # FLAGS…
    local source
    while read -r source; do
        riscv64-unknown-elf-gcc "${FLAGS[@]}" "$@" -c "$source" -o "$TAP_TMP/$(basename "$source").o" ||
            return 1
    done
}

the_component_compiles() {
    cd "$TAP_ROOT"
    sources >"$TAP_TMP/sources"
    [ "$(grep -c "^$PORT/updraft/" "$TAP_TMP/sources")" -eq "$(find $PORT/updraft -name '*.c' | wc -l)" ] ||
        { echo "CMakeLists.txt names other files than there are"; return 1; }
    compile <"$TAP_TMP/sources"
}

with_anti_rollback() {
    cd "$TAP_ROOT"
    echo $PORT/updraft/system.c | compile -DCONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=1
}

the_example_compiles() {
    cd "$TAP_ROOT"
    echo $PORT/example/main/main.c | compile
}

# Each name is a function that the component has under the linker's name for it, and the
# other way round.
what_is_replaced_is_listed() {
    riscv64-unknown-elf-nm "$TAP_TMP"/ota_*.o | sed -n 's/^[0-9a-f]* T __wrap_//p' | sort >"$TAP_TMP/had"
    sort "$TAP_ROOT/$PORT/updraft/wrapped.txt" | diff - "$TAP_TMP/had"
    while read -r name; do grep -q "\b$name(" "$TAP_ROOT/$STANDIN/esp/esp_ota_ops.h"; done <"$TAP_TMP/had"
}

the_table_is_sound() {
    "$UPDRAFT" partitions "$TAP_ROOT/$PORT/example/partitions.csv" table.bin --flash-size 4MB
}

check the_component_compiles
check with_anti_rollback
check the_example_compiles
check what_is_replaced_is_listed
check the_table_is_sound
tap_end
