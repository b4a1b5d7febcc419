# What scripts/coverage.sh --check would find in a report, and whether the list of lines that
# no unit test runs is about lines there are. The check itself takes minutes, and runs on
# demand.
. "$(dirname "$0")/../lib/tap.sh"

LIST=$TAP_ROOT/tests/analysis/coverage.txt

# A tree with one measured file of two functions, and gcov's report of it.
a_tree() {
    mkdir -p boot
    printf '%s\n' 'int f(int n)' '{' 'if (n < 0)' 'return -1;' 'return 0;' '}' 'int g(void)' '{' 'return 1;' '}' >boot/a.c
    python3 - "$PWD" "${1:-0}" >report <<'END'
import json, sys
def line(number, function, count, ways=()):
    return {"line_number": number, "function_name": function, "count": count,
            "branches": [{"count": way} for way in ways]}
lines = [line(1, "f", 3), line(3, "f", 3, (int(sys.argv[2]), 3)), line(4, "f", int(sys.argv[2])), line(5, "f", 3),
         line(7, "g", 0), line(9, "g", 0)]
print(json.dumps({"current_working_directory": sys.argv[1], "files": [{"file": "boot/a.c", "lines": lines}]}))
END
}

report() { python3 "$TAP_ROOT/scripts/coverage.py" . . "$@" <report >said; }

what_no_test_runs_is_told() {
    a_tree
    report
    grep -q '^boot/a.c  *3 of  *6 .* 1 of  *2 ' said
    printf '%s\n' 'boot/a.c:4 f: return -1;' 'boot/a.c:7 g: int g(void)' 'boot/a.c:9 g: return 1;' | cmp - lines.txt
    [ "$(cat branches.txt)" = 'boot/a.c:3 f: if (n < 0)' ]
}

a_line_that_one_program_ran_is_run() {
    a_tree 0 && mv report first
    a_tree 2 && cat first >>report
    report
    grep -q '^boot/a.c  *4 of  *6 .* 2 of  *2 ' said
}

what_the_list_explains_passes() {
    a_tree
    printf '%s\n' '# why' 'boot/a.c f: return -1;' '' 'boot/a.c g: *' >list
    report list
}

what_it_does_not_explain_fails() {
    a_tree
    echo 'boot/a.c g: *' >list
    if report list; then return 1; fi
    grep -q '^boot/a.c f: return -1;   no test runs it' said
}

what_it_need_not_explain_fails() {
    a_tree 1
    printf '%s\n' 'boot/a.c f: return -1;' 'boot/a.c g: *' >list
    if report list; then return 1; fi
    grep -q '^boot/a.c f: return -1;   is run now' said
}

a_report_of_nothing_fails() {
    : >report
    if report 2>error; then return 1; fi
    grep -q 'nothing was measured' error
}

the_list_is_about_lines_there_are() {
    local path function text entries=0
    while read -r path function text; do
        grep -qw -- "${function%:}" "$TAP_ROOT/$path"
        [ "$text" = '*' ] || sed 's/^ *//' "$TAP_ROOT/$path" | grep -qxF -- "$text"
        entries=$((entries + 1))
    done < <(grep -v '^#' "$LIST" | grep .)
    [ $entries -gt 0 ]
}

check what_no_test_runs_is_told
check a_line_that_one_program_ran_is_run
check what_the_list_explains_passes
check what_it_does_not_explain_fails
check what_it_need_not_explain_fails
check a_report_of_nothing_fails
check the_list_is_about_lines_there_are
tap_end
