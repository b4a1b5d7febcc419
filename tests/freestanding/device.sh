# The device library stands alone: every source compiles for LX106 with only its
# own include path, <string.h> and the compiler's headers; together they need
# nothing but memory functions and arithmetic; none of them holds a variable.
. "$(dirname "$0")/../lib/tap.sh"

CROSS=xtensa-lx106-elf
# Nothing of the host's, and of the C library only what is named below.
FLAGS=(-std=c11 -Os -mlongcalls -mtext-section-literals -ffreestanding -nostdinc
    -fdata-sections -Wall -Wextra -Wpedantic -Werror)
LIBC_HEADERS='string.h'
COMPILER_HEADERS='stdint.h|stddef.h|stdbool.h|limits.h'
# <string.h>, and what the compiler calls where LX106 has no instruction.
ALLOWED_SYMBOLS='mem(cpy|move|set|cmp)|strlen|__(u?div|u?mod|mul|umulsi)[sd]i[0-9]|__u?(div|mod)di3|__(ashl|ashr|lshr)di3|__(clz|ctz|ffs)[sd]i2|__u?cmpdi2|__bswap[sd]i2|__negdi2'

compiler_includes() { "$CROSS-gcc" -print-file-name=include; }

# An include folder with nothing of the C library in it but its string.h,
# declared here: what a port to another libc may count on.
make_libc() {
    mkdir -p libc
    cat >libc/string.h <<'C'
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *one, const void *other, size_t length);
size_t strlen(const char *text);
C
}

# compile_all DIR INCLUDE: objects of DIR/*.c in ./objects
compile_all() {
    local source
    make_libc
    rm -rf objects
    mkdir objects
    for source in "$1"/*.c; do
        "$CROSS-gcc" "${FLAGS[@]}" -isystem "$(compiler_includes)" -isystem libc -I "$2" \
            -c "$source" -o "objects/$(basename "$source" .c).o" || return 1
    done
}

# Every #include names updraft/… or an allowed header.
foreign_includes() { # DIR…
    grep -rhoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]*[>"]' "$@" --include='*.[ch]' |
        grep -vE "\"updraft/[a-z0-9_]+\.h\"|<($LIBC_HEADERS|$COMPILER_HEADERS)>" |
        grep -vE '"[a-z0-9_]+\.h"'
}

# Symbols the objects need and do not define, but for the allowed ones.
foreign_symbols() {
    "$CROSS-ld" -r objects/*.o -o all.o
    "$CROSS-nm" -u all.o | awk '{ print $NF }' | grep -vxE "$ALLOWED_SYMBOLS"
}

# Variables, initialised or not, shared or not.
variables() {
    "$CROSS-nm" objects/*.o | awk 'NF == 3 && $2 ~ /^[bBdDcCsS]$/ { print $3 }'
}

device_sources_compile_alone() { compile_all "$TAP_ROOT/device/src" "$TAP_ROOT/device/include"; }

includes_stay_inside() {
    ! foreign_includes "$TAP_ROOT/device/src" "$TAP_ROOT/device/include"
}

nothing_else_is_called() {
    compile_all "$TAP_ROOT/device/src" "$TAP_ROOT/device/include"
    ! foreign_symbols
}

there_are_no_variables() {
    compile_all "$TAP_ROOT/device/src" "$TAP_ROOT/device/include"
    ! variables | grep .
}

# The checks see what they are for: each violation is planted and found.
plant() { # TEXT
    rm -rf planted
    mkdir -p planted/updraft
    printf '%s\n' "$1" >planted/planted.c
}

a_planted_include_is_seen() {
    plant '#include <stdio.h>'
    foreign_includes planted
    ! compile_all planted "$TAP_ROOT/device/include"
}

a_planted_call_is_seen() {
    plant 'void *malloc(unsigned); void *f(void); void *f(void) { return malloc(4); }'
    compile_all planted "$TAP_ROOT/device/include"
    [ "$(foreign_symbols)" = malloc ]
}

a_planted_variable_is_seen() {
    plant 'static int kept; int f(void); int f(void) { static int started = 3; return kept++ + started++; }'
    compile_all planted "$TAP_ROOT/device/include"
    [ "$(variables | wc -l)" -eq 2 ]
}

a_constant_is_no_variable() {
    plant 'static const char *const names[] = {"a", "b"}; const char *f(int i); const char *f(int i) { return names[i]; }'
    compile_all planted "$TAP_ROOT/device/include"
    [ -z "$(variables)" ]
}

allowed_calls_pass() {
    plant '#include <string.h>
unsigned f(void *a, unsigned long long b, unsigned c); unsigned f(void *a, unsigned long long b, unsigned c) { memset(a, 0, c); return (unsigned)(b / c) + (unsigned)(b * b) % c; }'
    compile_all planted "$TAP_ROOT/device/include"
    ! foreign_symbols
}

check device_sources_compile_alone
check includes_stay_inside
check nothing_else_is_called
check there_are_no_variables
check a_planted_include_is_seen
check a_planted_call_is_seen
check a_planted_variable_is_seen
check a_constant_is_no_variable
check allowed_calls_pass
tap_end
