# What test scripts about mistakes share; sourced after tap.sh.

# refused STATUS ARGUMENT…: the call ends with this status and one line.
refused() {
    local expected=$1 status=0 complaint=
    shift
    timeout 60 "$UPDRAFT" "$@" >out 2>err </dev/null || status=$?
    [ "$status" -eq "$expected" ] || complaint="ended with $status, not $expected"
    [ "$(wc -l <err)" -eq 1 ] || complaint="${complaint:+$complaint; }$(wc -l <err) lines on stderr"
    grep -q '^updraft' err || complaint="${complaint:+$complaint; }the line does not say who speaks"
    ! grep -q '^usage:' out err || complaint="${complaint:+$complaint; }usage text"
    [ -z "$complaint" ] || { echo "updraft $*: $complaint"; head -n 5 err; return 1; }
}

# says TEXT: the last line on stderr has it.
says() { grep -qF -- "$1" err || { echo "not said: $1"; cat err; return 1; }; }
