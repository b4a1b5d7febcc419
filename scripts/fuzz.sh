#!/usr/bin/env bash
# Lets libFuzzer loose on the fuzz targets: scripts/fuzz.sh [SECONDS [TARGET…]], or
# scripts/fuzz.sh --total SECONDS, shared among all. What it finds interesting is kept in
# build/fuzz/corpus, what fails in build/fuzz. Ends with a table: for each target how often
# it ran, how many edges of the program's flow and features (edges, by how often they were
# taken in a run) it reached, and how many lines the corpus runs of the files that the
# target is for (tests/fuzz/meson.build).
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

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
FUZZ_OPTIONS=("-Db_sanitize=address,undefined" -Dc_args=-fsanitize=fuzzer-no-link)
targets=$FUZZ/tests/fuzz/targets
clang_build "$FUZZ" "" "${FUZZ_OPTIONS[@]}"
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cut -d : -f 1 "$targets")
programs=${*/#/tests/fuzz/fuzz_}
clang_build "$FUZZ" "$programs" "${FUZZ_OPTIONS[@]}"
clang_build "$LINES" "$programs" "-Dc_args=['-fprofile-instr-generate','-fcoverage-mapping']" \
    -Dc_link_args=-fprofile-instr-generate
[ "$total" -eq 0 ] || seconds=$((total / $#))

seeds_of() { sed -n "s/^$1:\(.*\):.*/\1/p" "$targets" | tr ' ' '\n' | sed 's|^|tests/vectors/|'; }
parsed_by() { sed -n "s/^$1:.*://p" "$targets" | tr ' ' '\n'; }

# fuzz TARGET: false when it failed, or ended before its time.
fuzz() {
    local target=$1 log=$FUZZ/$1.log
    mkdir -p "$FUZZ/corpus/$target"
    # shellcheck disable=SC2046
    ASAN_OPTIONS=detect_leaks=0 "$FUZZ/tests/fuzz/fuzz_$target" -max_total_time="$seconds" \
        -max_len=16384 -timeout=100 -print_final_stats=1 -artifact_prefix="$FUZZ/$target-" \
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

row() { # TARGET RESULT
    local run all executions
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$FUZZ/$1.log")
    read -r run all < <(lines "$1")
    printf '%-10s %12s %7s %9s %12s   %s\n' "$1" "${executions:--}" "$(last cov "$1")" "$(last ft "$1")" \
        "$run of $all" "$2"
}

passed=0 failed=0 table=
for target in "$@"; do
    say "$target, for $seconds s"
    if fuzz "$target"; then result=ok passed=$((passed + 1)); else result=FAILED failed=$((failed + 1)); fi
    table+=$(row "$target" $result)$'\n'
done
printf '%-10s %12s %7s %9s %12s   %s\n' target executions edges features lines result
printf '%s' "$table"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
