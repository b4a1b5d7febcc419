#!/usr/bin/env bash
# Lets libFuzzer loose on the fuzz targets: scripts/fuzz.sh [--jobs N] [SECONDS [TARGET…]], or
# scripts/fuzz.sh [--jobs N] --total SECONDS, shared among all; N at once, or one. What it
# finds interesting is kept in build/fuzz/corpus, what fails in build/fuzz. Ends with a table:
# for each target how often it ran, in all and a second, how many edges of the program's flow
# and features (edges, by how often they were taken in a run) it reached, and how many lines
# the corpus runs of the files that the target is for (tests/fuzz/meson.build).
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

jobs=1
if [ "${1:-}" = --jobs ]; then jobs=$2 && shift 2; fi
total=0
if [ "${1:-}" = --total ]; then total=$2 && shift; fi
seconds=${1:-60}
[ $# -eq 0 ] || shift
need_packages "${BUILD_PACKAGES[@]}" libcmocka-dev clang libclang-rt-dev llvm

export LLVM_PROFILE_FILE=/dev/null # of generators that run while they build

# clang_build DIR TARGETS [meson options]: what libFuzzer drives. Warnings are gcc's to judge.
clang_build() {
    local dir=$1 wanted=$2
    shift 2
    CC=clang configure "$dir" -Dtests=true -Dfuzzer=true -Db_lundef=false -Dwerror=false "$@"
    ninja -C "$dir" build.ninja >"$dir/ninja.log" 2>&1 # it may be of an older tree
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || ninja -C "$dir" $wanted >"$dir/ninja.log" 2>&1 ||
        die "the targets were not built, see ${dir#"$PROJECT_ROOT"/}/ninja.log"
}

FUZZ=$BUILD/fuzz
LINES=$FUZZ/lines # the same programs, that count lines
FUZZ_OPTIONS=("-Db_sanitize=address,undefined" "-Dc_args=['-fsanitize=fuzzer-no-link','-fsanitize-coverage-ignorelist=$PROJECT_ROOT/tests/fuzz/uncounted.txt']")
targets=$FUZZ/tests/fuzz/targets
clang_build "$FUZZ" "" "${FUZZ_OPTIONS[@]}"
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cut -d : -f 1 "$targets")
programs=${*/#/tests/fuzz/fuzz_}
clang_build "$FUZZ" "$programs" "${FUZZ_OPTIONS[@]}"
# These are needed in the end.
clang_build "$LINES" "$programs" "-Dc_args=['-fprofile-instr-generate','-fcoverage-mapping']" \
    -Dc_link_args=-fprofile-instr-generate &
[ "$total" -eq 0 ] || seconds=$((total * jobs / $#))

# A server's files need not outlive it. What has failed runs again by itself, with the whole
# way to each allocation told; here that would cost a third of the time.
export ASAN_OPTIONS=detect_leaks=0:malloc_context_size=4:quarantine_size_mb=16
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm

seeds_of() { sed -n "s/^$1:\(.*\):.*/\1/p" "$targets" | tr ' ' '\n' | sed 's|^|tests/vectors/|'; }
parsed_by() { sed -n "s/^$1:.*://p" "$targets" | tr ' ' '\n'; }

# fuzz TARGET: false when it failed, or ended before its time.
fuzz() {
    local target=$1 log=$FUZZ/$1.log words=tests/fuzz/$1.dict
    mkdir -p "$FUZZ/corpus/$target"
    [ -f "$words" ] && words=-dict=$words || words=
    # Its default way to choose what to change takes longer than most targets do.
    # shellcheck disable=SC2046,SC2086
    "$FUZZ/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -entropic=0 $words \
        -max_len=16384 -timeout=300 -print_final_stats=1 -artifact_prefix="$FUZZ/$target-" \
        "$FUZZ/corpus/$target" $(seeds_of "$target") >"$log" 2>&1 && return
    grep -vE '^#|^NEW' "$log" | tail -n 30 >&2
    say "$target failed; build/fuzz/$target-… is the input"
    return 1
}

# lines TARGET: those of its files that seeds and corpus run, and all there are.
lines() {
    local program=$LINES/tests/fuzz/fuzz_$1 profile=$LINES/$1
    # shellcheck disable=SC2046
    LLVM_PROFILE_FILE=$profile.raw "$program" -runs=0 -max_len=16384 "$FUZZ/corpus/$1" \
        $(seeds_of "$1") >"$profile.log" 2>&1 || { echo "- -"; return; }
    # shellcheck disable=SC2046
    llvm-profdata merge -o "$profile.profile" "$profile.raw" &&
        llvm-cov export --summary-only -instr-profile="$profile.profile" "$program" |
        python3 -c '
import json, os, sys
files = {os.path.normpath(file["filename"]): file["summary"]["lines"] for file in json.load(sys.stdin)["data"][0]["files"]}
lines = [files[os.path.join(sys.argv[1], name)] for name in sys.argv[2:]]
print(sum(line["covered"] for line in lines), sum(line["count"] for line in lines))' \
            "$PROJECT_ROOT" $(parsed_by "$1")
}

# last NUMBER TARGET: of libFuzzer's progress lines, the last that says it.
last() { sed -n "s/^#.* $1: \([0-9]*\).*/\1/p" "$FUZZ/$2.log" | tail -n 1; }

# final NAME TARGET: of what libFuzzer says at the end.
final() { sed -n "s/^stat::$1: *//p" "$FUZZ/$2.log"; }

ROW='%-11s %12s %9s %7s %9s %14s   %s\n'
row() { # TARGET RESULT
    local run all executions rate
    executions=$(final number_of_executed_units "$1") rate=$(final average_exec_per_sec "$1")
    read -r run all < <(lines "$1")
    # shellcheck disable=SC2059
    printf "$ROW" "$1" "${executions:--}" "${rate:--}" "$(last cov "$1")" "$(last ft "$1")" \
        "$run of $all" "$2"
}

one() { # TARGET
    say "$1, for $seconds s"
    if fuzz "$1"; then echo ok; else echo FAILED; fi >"$FUZZ/$1.result"
}

declare -A running=()
for target in "$@"; do
    if [ ${#running[@]} -ge "$jobs" ]; then
        wait -n -p ended "${!running[@]}"
        unset "running[$ended]"
    fi
    one "$target" &
    running[$!]=$target
done
wait
passed=0 failed=0
# shellcheck disable=SC2059
printf "$ROW" target executions "a second" edges features lines result
for target in "$@"; do
    result=$(cat "$FUZZ/$target.result")
    if [ "$result" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    row "$target" "$result"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
