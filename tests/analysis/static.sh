# What analysers find in our sources without running them: cppcheck, gcc's own analyser, and
# clang-tidy by the tree's .clang-tidy. Each source is read as a build compiles it, for this
# machine, or for the chips where only they have it. What an analyser says and is not so is in
# exceptions/, with why; an exception it does not need fails, too.
. "$(dirname "$0")/../lib/tap.sh"

HERE=$TAP_ROOT/tests/analysis
ROOMS='device boot host server sim tools firmware'

commands() { python3 "$HERE/commands.py" "$@" "$TAP_ROOT" "$BUILD" "$BUILD/lx106" "$BUILD/rv32"; }

# judge LIST: of what is said in ./said.
judge() { (cd "$TAP_ROOT" && python3 "$HERE/findings.py" "$HERE/exceptions/$1") <said; }

# A build has a command for every source there is.
no_source_is_left_out() {
    commands --lines | sed 's/.* -c //' | sort >had
    # shellcheck disable=SC2086
    git -C "$TAP_ROOT" ls-files $ROOMS | grep '\.c$' | sort | diff had -
}

cppcheck_finds_nothing() {
    commands >commands.json
    cppcheck --enable=warning,portability --quiet -j "$(nproc)" --project=commands.json \
        --template='{file}:{line}:{column}: warning: {message} [{id}]' >said 2>&1
    judge cppcheck.txt
}

# gcc_analyses <LINES: of commands, in the folder they are for.
gcc_analyses() {
    xargs -P "$(nproc)" -d '\n' -I COMMAND sh -c 'COMMAND -fanalyzer -o /dev/null' 2>&1
}

gcc_finds_nothing() {
    commands --lines >lines
    (cd "$TAP_ROOT" && gcc_analyses) <lines >said
    judge gcc.txt
}

# One file a process: what it knows of va_list does not survive the first.
tidy() { xargs -P "$(nproc)" -n 1 clang-tidy --quiet "$@" 2>/dev/null; }

clang_tidy_finds_nothing() {
    commands --clang >compile_commands.json
    commands --lines | sed 's/.* -c //' | (cd "$TAP_ROOT" && tidy -p "$TAP_TMP") >said || true
    judge clang_tidy.txt
}

# ---- what the above is good for ----

# The checks that are switched off hide no more than they say.
clang_tidy_sees_what_is_wrong() {
    cp "$TAP_ROOT/.clang-tidy" .
    printf '%s\n' '#include <string.h>' 'int f(const char *s);' \
        'int f(const char *s) { char *p = 0; if (strlen(s) == 0) return *p; return 0; }' >null.c
    printf '%s\n' 'int g(int n);' 'int g(int n) { int x; if (n > 0) x = 1; return x; }' >unset.c
    printf '%s\n' '#include <stdlib.h>' 'int h(int n);' \
        'int h(int n) { int *p = malloc(sizeof n); if (p == 0 || n > 0) return n; free(p); return 0; }' >leak.c
    printf '%s\n' null.c unset.c leak.c | not tidy_alone >found
    grep -q 'core.NullDereference' found
    grep -q 'core.uninitialized.UndefReturn' found
    grep -q 'unix.Malloc' found
}

tidy_alone() { xargs -n 1 sh -c 'clang-tidy --quiet "$1" -- -std=c11 2>/dev/null' clang-tidy; }

gcc_sees_what_is_wrong() {
    printf '%s\n' '#include <stdlib.h>' 'int h(int n);' \
        'int h(int n) { int *p = malloc(sizeof n); if (p == 0 || n > 0) return n; free(p); return 0; }' >leak.c
    echo "gcc -std=c11 -O2 -c leak.c" | gcc_analyses >said
    : >list
    not python3 "$HERE/findings.py" list <said 2>found
    grep -q '^leak.c:3: leak of .* \[analyzer-malloc-leak\]$' found
}

what_is_listed_passes() {
    printf '%s\n' 'a.c:3:1: warning: one [x]' 'a.c:3:9: error: one again [x,-warnings-as-errors]' \
        './a.c:4:1: warning: two [CWE-1] [-Wx]' 'b.c:1:1: warning: three [y]' 'a.c:4:1: note: four [x]' >said
    printf '%s\n' '# why' 'x a.c 2' '' 'y b.c' >list
    python3 "$HERE/findings.py" list <said
}

what_is_not_listed_fails() {
    printf '%s\n' 'a.c:3:1: warning: one [x]' 'a.c:4:1: warning: two [x]' 'b.h:1:2: fatal error: no such file' >said
    printf '%s\n' 'x a.c' >list
    not python3 "$HERE/findings.py" list <said 2>found
    printf '%s\n' 'b.h:1: no such file [error]' 'a.c:3: one [x]' 'a.c:4: two [x]' | diff - found
}

what_need_not_be_listed_fails() {
    echo 'a.c:3:1: warning: one [x]' >said
    printf '%s\n' 'x a.c 2' 'y a.c' >list
    not python3 "$HERE/findings.py" list <said 2>found
    grep -q '^x a.c: 2 listed, 1 found' found
    grep -q '^y a.c: 1 listed, 0 found' found
}

check no_source_is_left_out
check what_is_listed_passes
check what_is_not_listed_fails
check what_need_not_be_listed_fails
check gcc_sees_what_is_wrong
check clang_tidy_sees_what_is_wrong
check cppcheck_finds_nothing
if gcc --version | grep -q ' 12\.'; then
    check gcc_finds_nothing
else
    skip gcc_finds_nothing "the exceptions are those of gcc 12"
fi
if clang-tidy --version | grep -q 'version 14'; then
    check clang_tidy_finds_nothing
else
    skip clang_tidy_finds_nothing "the exceptions are those of clang-tidy 14"
fi
tap_end
