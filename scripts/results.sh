# What test programs reported, for ./test: totals, what was skipped and why, what the
# sanitizers found, how long it all took. Sourced after setup.sh, not run.

passed=0 failed=0 skipped=0 cuts=0 bricked=0
RESULTS=$BUILD/results
reasons=$RESULTS/skipped.txt # what was not run, one a line
durations=$RESULTS/durations.txt # SECONDS SUITE

results_begin() {
    rm -rf "$RESULTS"
    mkdir -p "$RESULTS/sanitizers"
    : >"$reasons"
    : >"$durations"
}

file_name() { printf '%s' "$1" | tr '/ ' '__'; }
log_of() { printf '%s/%s.tap' "$RESULTS" "$(file_name "$1")"; }

# sanitizer_options NAME: sets `options`, the variables that make any process of this
# program, those in the background too, leave what a sanitizer has to say in a file of its own.
sanitizer_options() {
    local report
    report=$RESULTS/sanitizers/$(file_name "$1")
    options=(ASAN_OPTIONS="detect_leaks=1:log_path='$report'"
        UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path='$report'")
}

# count_reports NAME: each process a sanitizer reported on is a failure, whatever the
# program made of it.
count_reports() {
    local report
    for report in "$RESULTS/sanitizers/$(file_name "$1")".*; do
        [ -s "$report" ] || continue
        failed=$((failed + 1))
        echo "  $1: a sanitizer reports:"
        head -n 40 "$report" | sed 's/^/    /'
    done
}

# count NAME STATUS: adds a program's TAP to the totals. A program that dies, or
# reports nothing, is a failure of its own.
count() {
    local name=$1 status=$2 log p f s c b
    log=$(log_of "$name")
    s=$(grep -ciE '^ok .*# skip' "$log")
    p=$(($(grep -cE '^ok ' "$log") - s))
    f=$(grep -cE '^not ok ' "$log")
    if [ "$f" -eq 0 ] && { [ "$status" -ne 0 ] || [ $((p + s)) -eq 0 ]; }; then
        f=1
        echo "  $name ended with status $status"
        tail -n 40 "$log" | sed 's/^/    /'
    elif [ "$f" -gt 0 ]; then
        echo "  $name"
        grep -vE '^ok |^1\.\.' "$log" | tail -n 60 | sed 's/^/    /'
    fi
    grep -iE '^ok .*# skip' "$log" | sed -E "s|^ok [0-9]* -|$name:|; s| # skip:? *|: |I" >>"$reasons"
    while read -r c b; do
        cuts=$((cuts + c)) bricked=$((bricked + b))
    done < <(sed -n 's/^power cuts: \([0-9]*\) tried, \([0-9]*\) bricked.*/\1 \2/p' "$log")
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    count_reports "$name"
}

in_words() { # SECONDS
    if [ "$1" -lt 60 ]; then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi
}

# took SECONDS WHAT
took() { echo "$1 $2" >>"$durations"; }

# suite_left_out SUITE REASON
suite_left_out() { echo "suite $1: $2" >>"$reasons"; }

# results_end: the last lines, and the status of it all.
results_end() {
    local seconds what
    echo "== where the time went"
    sort -rn "$durations" | while read -r seconds what; do
        printf '%4d:%02d  %s\n' $((seconds / 60)) $((seconds % 60)) "$what"
    done
    if [ -s "$reasons" ]; then
        echo "== not run"
        sed 's/^/  /' "$reasons"
    fi
    [ $cuts -eq 0 ] || echo "power cuts: $cuts tried, $bricked bricked"
    [ $skipped -eq 0 ] || echo "$skipped skipped"
    echo "took $(in_words $SECONDS)"
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
}
