# Test scripts source this: TAP on stdout, like the unit tests, so that ./test
# counts both alike. A test is a shell function; `check NAME` runs the function
# NAME with dashes for underscores in what it prints.
#
#   . "$(dirname "$0")/../lib/tap.sh"
#   serves_the_file() { cmp a b; }
#   check serves_the_file
#   tap_end
#
# A test function fails by returning non-zero (set -e holds inside it). Its
# output is shown, as TAP comments, only when it fails. `skip NAME REASON`
# reports a test that cannot run here.

set -u
tap_count=0
tap_failed=0
TAP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# What is built, and where the programs of it that run here are: those with sanitizers, as
# ./test has it, or the plain ones.
BUILD=$TAP_ROOT/build
NATIVE=${NATIVE:-$BUILD}
UPDRAFT=${UPDRAFT:-$NATIVE/updraft}
TAP_TMP=$(mktemp -d "${TMPDIR:-/tmp}/updraft-test.XXXXXX")
TAP_PROCESSES=$TAP_TMP/.processes # PID BEGAN: a file, because a test runs in a shell of its own
: >"$TAP_PROCESSES"

# When a process began, in ticks since the machine did; nothing when it has ended. By both, it
# is told from a later one with its number.
tap_began() {
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

# tap_signal SIGNAL: to the processes that were registered; fails when none is left.
tap_signal() {
    local pid began is_left=1
    while read -r pid began; do
        [ -n "$began" ] && [ "$(tap_began "$pid")" = "$began" ] || continue
        kill "-$1" "$pid" 2>/dev/null && is_left=0
    done <"$TAP_PROCESSES"
    return $is_left
}

tap_cleanup() {
    local tries=600
    set +e # a script may have it set; the status it ends with stays
    tap_signal TERM
    tap_signal CONT # those that a test has stopped
    while tap_signal 0 && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
    tap_signal KILL
    wait 2>/dev/null
    rm -rf "$TAP_TMP"
}
trap tap_cleanup EXIT
trap 'exit 130' INT TERM

# Processes registered here are killed when the script ends, also those of a test.
tap_background() { echo "$1 $(tap_began "$1")" >>"$TAP_PROCESSES"; }

check() {
    local name=$1 status
    tap_count=$((tap_count + 1))
    # Not `if ( … )`: bash ignores set -e inside a condition.
    ( set -e; trap - EXIT; cd "$TAP_TMP"; "$name" ) >"$TAP_TMP/output" 2>&1
    status=$?
    if [ $status -eq 0 ]; then
        echo "ok $tap_count - ${name//_/ }"
    else
        tap_failed=$((tap_failed + 1))
        sed 's/^/# /' "$TAP_TMP/output"
        echo "not ok $tap_count - ${name//_/ }"
    fi
}

# not COMMAND…: it fails. What follows `!` does not end a test: set -e passes over it.
not() {
    if "$@"; then return 1; fi
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - ${1//_/ } # SKIP $2"
}

tap_end() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit $?
}
