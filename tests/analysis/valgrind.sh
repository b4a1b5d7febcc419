# The shorter test programs under valgrind: what is read was written before, which the
# sanitizers do not see. long_programs.txt are those it would take minutes with.
. "$(dirname "$0")/../lib/tap.sh"

TESTS=$NATIVE/tests
LONG=$TAP_ROOT/tests/analysis/long_programs.txt

programs() { find "$TESTS" -type f -name 'test_*' -executable -printf '%P\n' | sort; }

# run PROGRAM…: of standard input; prints those that read what nobody wrote.
run() {
    xargs -P 2 -I PROGRAM sh -c 'valgrind --quiet --error-exitcode=9 --leak-check=no PROGRAM \
        >"$0/$(basename PROGRAM).log" 2>&1 </dev/null || { echo PROGRAM; grep "^==" "$0/$(basename PROGRAM).log"; }' "$TAP_TMP"
}

nothing_is_read_before_it_is_written() {
    programs | grep -vxFf "$LONG" >chosen
    [ "$(wc -l <chosen)" -ge 50 ]
    (cd "$TESTS" && run) <chosen >found
    [ ! -s found ] || { cat found; return 1; }
}

what_is_not_written_is_seen() {
    printf '%s\n' '#include <stdlib.h>' \
        'int main(void) { int *p = malloc(sizeof *p); volatile int set = 0; if (set) *p = 1; return *p ? 3 : 0; }' >unset.c
    gcc -g -O0 -o unset unset.c
    echo ./unset | run >found
    grep -q 'uninitialised' found
}

programs_of_the_list_exist() {
    programs >all
    grep -v '^#' "$LONG" | grep -vxFf all >gone || true
    [ ! -s gone ] || { cat gone; return 1; }
}

check what_is_not_written_is_seen
check nothing_is_read_before_it_is_written
check programs_of_the_list_exist
tap_end
