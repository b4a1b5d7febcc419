# What analysers find in what runs on devices, without running it: cppcheck, but for
# exceptions.txt, gcc's own analyser, and clang-tidy by the tree's .clang-tidy.
. "$(dirname "$0")/../lib/tap.sh"

device_sources() { git -C "$TAP_ROOT" ls-files ':(glob)device/src/*.c' ':(glob)boot/*.c'; }

cppcheck_finds_nothing() {
    cd "$TAP_ROOT"
    cppcheck --enable=warning,portability --std=c11 --quiet --error-exitcode=1 \
        --suppressions-list=tests/analysis/exceptions.txt -I. -Idevice/include device/src boot
}

gcc_finds_nothing() {
    cd "$TAP_ROOT"
    device_sources | xargs -P 2 -I FILE gcc -std=c11 -O2 -fanalyzer -Werror -I. -Idevice/include -c FILE -o /dev/null
}

# tidy FILE… of standard input: a few at a time, each core.
tidy() {
    xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$@" -- -std=c11 -I. -Idevice/include 2>/dev/null' clang-tidy
}

clang_tidy_finds_nothing() {
    cd "$TAP_ROOT"
    device_sources | tidy
}

# The list of exceptions hides no more than it says.
clang_tidy_sees_what_is_wrong() {
    cp "$TAP_ROOT/.clang-tidy" .
    printf '%s\n' '#include <string.h>' 'int f(const char *s);' \
        'int f(const char *s) { char *p = 0; if (strlen(s) == 0) return *p; return 0; }' >null.c
    printf '%s\n' 'int g(int n);' 'int g(int n) { int x; if (n > 0) x = 1; return x; }' >unset.c
    not clang-tidy --quiet null.c -- -std=c11 >found 2>/dev/null
    not clang-tidy --quiet unset.c -- -std=c11 >>found 2>/dev/null
    grep -q 'core.NullDereference' found
    grep -q 'core.uninitialized.UndefReturn' found
}

check cppcheck_finds_nothing
check gcc_finds_nothing
check clang_tidy_sees_what_is_wrong
check clang_tidy_finds_nothing
tap_end
