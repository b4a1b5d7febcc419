# House rules that a machine can check.
. "$(dirname "$0")/../lib/tap.sh"

c_files() { git -C "$TAP_ROOT" ls-files '*.c' '*.h' '*.cpp'; }

# Function bodies open and close in column 0, so counting lines between is enough.
long_functions() { # LIMIT
    (cd "$TAP_ROOT" && c_files | grep -E '\.(c|cpp)$' | xargs awk -v limit="$1" '
        FNR == 1 { open = 0 }
        /^{/ { open = FNR }
        /^}/ { if (open && FNR - open - 1 > limit) printf "%s:%d: %d lines\n", FILENAME, open, FNR - open - 1; open = 0 }')
}

no_function_is_longer_than_60_lines() {
    long_functions 60
    [ -z "$(long_functions 60)" ]
}

the_length_check_sees_a_long_function() {
    { echo 'int f(void)'; echo '{'; yes '    ;' | head -n 61; echo '}'; } >long.c
    awk -v limit=60 '/^{/ { open = FNR } /^}/ { if (FNR - open - 1 > limit) found = 1 } END { exit !found }' long.c
}

sources_are_formatted() {
    clang-format --version | grep -q 'version 14' || { echo "clang-format 14 is not here"; return 1; }
    cd "$TAP_ROOT"
    c_files | xargs clang-format --dry-run -Werror
    local sketch
    for sketch in $(git ls-files '*.ino'); do
        clang-format --dry-run -Werror --assume-filename=sketch.cpp <"$sketch" || return 1
    done
}

scripts_pass_shellcheck() {
    cd "$TAP_ROOT"
    shellcheck -S warning -e SC1090,SC1091,SC2034,SC2154,SC2206,SC2046,SC2329,SC2317,SC2164 -x run test bench .ci/run scripts/*.sh $(git ls-files 'tests/*.sh' 'benchmarks/*.sh') -s bash
}

nothing_is_left_to_do_later() {
    cd "$TAP_ROOT"
    ! git grep -InE 'TODO|FIXME|\bXXX\b|HACK' -- ':!tests/style' ':!*.lock' ':!package-lock.json'
}

public_headers_stand_alone() {
    cd "$TAP_ROOT"
    local header
    for header in device/include/updraft/*.h; do
        printf '#include "updraft/%s"\n' "$(basename "$header")" |
            gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -ffreestanding -Idevice/include -x c -c - -o /dev/null
    done
}

public_headers_serve_cpp() {
    cd "$TAP_ROOT"
    local header
    for header in device/include/updraft/*.h; do
        printf 'extern "C" {\n#include "updraft/%s"\n}\n' "$(basename "$header")" |
            g++ -std=c++17 -Wall -Wextra -Werror -ffreestanding -Idevice/include -x c++ -c - -o /dev/null
    done
}

no_machine_paths_in_the_tree() {
    cd "$TAP_ROOT"
    ! git grep -nE "(^|[^A-Za-z_.\$}/])/(work|root|home)/[a-z]" -- ':!tests/style'
}

binary_files_are_pictures_and_vectors() {
    cd "$TAP_ROOT"
    git ls-files --eol ':!tests/vectors' ':!docs/images/*.png' | awk '$1 == "i/-text"' >"$TAP_TMP/binary"
    cat "$TAP_TMP/binary"
    [ ! -s "$TAP_TMP/binary" ]
}

check no_function_is_longer_than_60_lines
check the_length_check_sees_a_long_function
if clang-format --version | grep -q 'version 14'; then
    check sources_are_formatted
else
    skip sources_are_formatted "other versions of clang-format than 14 lay code out differently"
fi
check scripts_pass_shellcheck
check nothing_is_left_to_do_later
check public_headers_stand_alone
check public_headers_serve_cpp
check no_machine_paths_in_the_tree
check binary_files_are_pictures_and_vectors
tap_end
