# ./test itself, on a small tree of its own: what must fail does, what was not run is told
# and not counted.
. "$(dirname "$0")/../lib/tap.sh"

TREE=$TAP_TMP/tree

# Bad programs: one that leaks, one that reads past its memory, one whose sum overflows.
write_programs() {
    mkdir -p "$TREE/programs"
    echo 'int main(void) { return 0; }' >"$TREE/programs/good.c"
    cat >"$TREE/programs/leaks.c" <<'C'
#include <stdlib.h>
void *volatile kept;
int main(void) { kept = malloc(10); kept = NULL; return 0; }
C
    cat >"$TREE/programs/reads.c" <<'C'
#include <stdlib.h>
int main(int count, char **texts) { (void)texts; char *p = calloc(1, 4); int got = p[3 + count]; free(p); return got; }
C
    cat >"$TREE/programs/overflows.c" <<'C'
#include <limits.h>
int main(int count, char **texts) { (void)texts; int sum = INT_MAX; sum += count; return sum == 0; }
C
}

# A tree with the real runner, and a set-up that builds the program `updraft` of choice.
make_tree() {
    mkdir -p "$TREE/scripts" "$TREE/tests/lib"
    cp "$TAP_ROOT/test" "$TREE/"
    cp "$TAP_ROOT/scripts/results.sh" "$TREE/scripts/"
    cp "$TAP_ROOT/tests/lib/tap.sh" "$TREE/tests/lib/"
    cat >"$TREE/scripts/setup.sh" <<'SH'
BUILD=$PWD/build
BUILD_PACKAGES=()
say() { echo "$*" >&2; }
die() { say "$*"; exit 1; }
need_packages() { :; }
build_lx106() { :; }
build_rv32() { :; }
pack_firmware() { :; }
compile() { mkdir -p "$1" && gcc -g "${@:2}" -o "$1/updraft" "programs/$PROGRAM.c"; }
build_native() { compile "$BUILD"; }
build_sanitized() { mkdir -p "$BUILD/sanitize/tests" && compile "$BUILD/sanitize" -fsanitize=address,undefined -static-libasan -static-libubsan; }
SH
    write_programs
}

# suite NAME: a new one, its script of standard input.
suite() {
    mkdir -p "$TREE/tests/$1"
    { echo '. "$(dirname "$0")/../lib/tap.sh"'; cat; echo 'tap_end'; } >"$TREE/tests/$1/one.sh"
}

# run_tests PROGRAM [arguments]: ./test with this program as `updraft`. Its status goes to
# the variable `status`, what it prints to the file said.
run_tests() {
    status=0
    PROGRAM=$1 "$TREE/test" "${@:2}" >said 2>&1 || status=$?
}

# ends STATUS LINE: so it ended, and LINE was the last.
ends() {
    [ "$status" -eq "$1" ] && [ "$(tail -n 1 said)" = "$2" ] && return
    cat said
    return 1
}

a_good_program_passes() {
    run_tests good quiet
    ends 0 '1 passed, 0 failed'
}

# The script itself does not look at how the process in its background ended.
what_a_sanitizer_finds_in_the_background_fails() {
    local program
    for program in leaks reads overflows; do
        run_tests "$program" quiet
        ends 1 '1 passed, 1 failed'
        grep -q '  quiet/one.sh: a sanitizer reports:' said
    done
    grep -q 'signed integer overflow' said
}

what_an_earlier_run_found_is_not_found_again() {
    run_tests leaks quiet
    ends 1 '1 passed, 1 failed'
    run_tests good quiet
    ends 0 '1 passed, 0 failed'
}

a_script_that_cannot_be_sanitized_runs_the_plain_program() {
    echo 'one.sh: it measures.' >"$TREE/tests/quiet/unsanitized"
    run_tests leaks quiet
    rm "$TREE/tests/quiet/unsanitized"
    ends 0 '1 passed, 0 failed'
}

a_script_that_says_nothing_fails() {
    echo 'exit 0' >"$TREE/tests/silent/one.sh"
    run_tests good silent
    ends 1 '0 passed, 1 failed'
}

a_failure_is_shown_with_its_reason() {
    run_tests good fails
    ends 1 '1 passed, 1 failed'
    grep -q 'this is why' said
}

a_skip_is_told_with_its_reason_and_not_counted() {
    run_tests good skips
    ends 0 '1 passed, 0 failed'
    grep -q '^1 skipped$' said
    grep -q 'skips/one.sh: a thing: there is none here$' said
}

long_suites_are_left_out_when_asked() {
    echo 'It counts to a thousand.' >"$TREE/tests/fails/long"
    run_tests good --short fails quiet
    ends 0 '1 passed, 0 failed'
    grep -q '^  suite fails: It counts to a thousand.$' said
    not grep -q '^== fails' said
    run_tests good fails
    ends 1 '1 passed, 1 failed'
    not grep -q '^== not run' said
    rm "$TREE/tests/fails/long"
}

it_says_how_long_it_took() {
    run_tests good quiet skips
    grep -q '^took [0-9]* s$' said
    grep -qE '^ *[0-9]+:[0-9]{2}  quiet$' said
    grep -qE '^ *[0-9]+:[0-9]{2}  skips$' said
}

what_is_not_there_is_refused() {
    run_tests good --sort
    [ "$status" -eq 1 ]
    grep -q 'no suite called --sort' said
}

# Every line of a suite's `unsanitized` is about a script there is, and says why; so do its
# files `long` and `one-at-a-time`.
exceptions_have_reasons() {
    local suite script reason file
    for file in "$1"/*/unsanitized; do
        suite=$(dirname "$file")
        while IFS=: read -r script reason; do
            [ "$script" = '*' ] || [ -f "$suite/$script" ] || { echo "$file: no script $script"; return 1; }
            [ -n "${reason# }" ] || { echo "$file: no reason for $script"; return 1; }
        done <"$file"
    done
    for file in "$1"/*/long "$1"/*/one-at-a-time; do
        [ -s "$file" ] || [ ! -e "$file" ] || { echo "$file: no reason"; return 1; }
    done
}

the_trees_exceptions_have_reasons() { exceptions_have_reasons "$TAP_ROOT/tests"; }

an_exception_without_a_reason_is_seen() {
    mkdir -p other/suite
    : >other/suite/one.sh
    echo 'one.sh: it measures.' >other/suite/unsanitized
    exceptions_have_reasons other
    echo 'one.sh:' >other/suite/unsanitized
    not exceptions_have_reasons other
    echo 'two.sh: it is gone.' >other/suite/unsanitized
    not exceptions_have_reasons other
    echo '*: it measures.' >other/suite/unsanitized
    exceptions_have_reasons other
    : >other/suite/long
    not exceptions_have_reasons other
}

make_tree
suite quiet <<'SH'
works() { ("$UPDRAFT" >/dev/null 2>&1 & wait); }
check works
SH
suite fails <<'SH'
works() { :; }
does_not() { echo 'this is why'; return 1; }
check works
check does_not
SH
suite skips <<'SH'
works() { :; }
check works
skip a_thing 'there is none here'
SH
suite silent </dev/null

check a_good_program_passes
check what_a_sanitizer_finds_in_the_background_fails
check what_an_earlier_run_found_is_not_found_again
check a_script_that_cannot_be_sanitized_runs_the_plain_program
check a_script_that_says_nothing_fails
check a_failure_is_shown_with_its_reason
check a_skip_is_told_with_its_reason_and_not_counted
check long_suites_are_left_out_when_asked
check it_says_how_long_it_took
check what_is_not_there_is_refused
check the_trees_exceptions_have_reasons
check an_exception_without_a_reason_is_seen
tap_end
