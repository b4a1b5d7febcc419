# What test scripts share that take safeguards out of the code; sourced after tap.sh.

# falls SECONDS COMMAND…: the mutant is found out, by what it says in the file `said`. One that
# survives is not, nor one that is still at it by then, which shows nothing.
falls() {
    local status=0
    timeout "$@" >said 2>&1 || status=$?
    case $status in
    0) echo "nothing happened:" ;;
    124) echo "it was still running after $1 s, which shows nothing:" ;;
    *) return 0 ;;
    esac
    tail -n 3 said
    return 1
}
