# What every test script counts on: processes end with the script that started them.
. "$(dirname "$0")/../lib/tap.sh"

# script BODY…: a test script with these lines runs, and leaves the files said and status.
script() {
    printf '%s\n' ". '$TAP_ROOT/tests/lib/tap.sh'" "$@" tap_end >script.sh
    status=0
    bash script.sh >said 2>&1 || status=$?
}

runs() { grep -q '^State:[^Z]*$' "/proc/$1/status" 2>/dev/null; }

processes_of_a_script_end_with_it() {
    script "sleep 600 & tap_background \$!" "echo \$! >'$PWD/pid'" 'check true'
    [ $status -eq 0 ]
    not runs "$(cat pid)"
}

so_do_those_of_a_test_that_fails() {
    script "fails() { sleep 600 & tap_background \$!; echo \$! >'$PWD/pid'; return 1; }" 'check fails'
    [ $status -ne 0 ]
    grep -q '^not ok 1 - fails' said
    not runs "$(cat pid)"
}

so_do_those_that_stand_still() {
    script "stops() { sleep 600 & tap_background \$!; echo \$! >'$PWD/pid'; kill -STOP \$!; }" 'check stops'
    not runs "$(cat pid)"
}

nothing_of_a_script_stays() {
    script "echo \$TAP_TMP >'$PWD/folder'" 'check true'
    [ ! -e "$(cat folder)" ]
}

another_process_with_the_number_does_not() {
    sleep 600 &
    tap_background $!
    script "echo $! 1 >>\"\$TAP_PROCESSES\"" 'check true'
    runs $!
}

check processes_of_a_script_end_with_it
check so_do_those_of_a_test_that_fails
check so_do_those_that_stand_still
check nothing_of_a_script_stays
check another_process_with_the_number_does_not
tap_end
