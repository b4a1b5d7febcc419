#!/usr/bin/env bash
# Lets libFuzzer loose on the fuzz targets: scripts/fuzz.sh [SECONDS [TARGET…]], or
# scripts/fuzz.sh --total SECONDS, shared among all. What it
# finds interesting is kept in build/fuzz/corpus, what fails in build/fuzz. Says for each
# target how often it ran and how many places of the program's flow it reached.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

total=0
if [ "${1:-}" = --total ]; then total=$2 && shift; fi
seconds=${1:-60}
[ $# -eq 0 ] || shift
need_packages "${BUILD_PACKAGES[@]}" libcmocka-dev clang libclang-rt-dev
CC=clang configure "$BUILD/fuzz" -Dtests=true -Dfuzzer=true -Db_sanitize=address,undefined \
    -Db_lundef=false -Dwerror=false -Dc_args=-fsanitize=fuzzer-no-link # warnings are gcc's to judge
ninja -C "$BUILD/fuzz" build.ninja >"$BUILD/fuzz/ninja.log" 2>&1 # it may be of an older tree
targets=$BUILD/fuzz/tests/fuzz/targets
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cut -d ' ' -f 1 "$targets")
[ "$total" -eq 0 ] || seconds=$((total / $#))
programs=("${@/#/tests/fuzz/fuzz_}")
ninja -C "$BUILD/fuzz" "${programs[@]}" >"$BUILD/fuzz/ninja.log" 2>&1 ||
    die "the targets were not built, see build/fuzz/ninja.log"

fuzz() { # TARGET
    local target=$1 log=$BUILD/fuzz/$1.log seeds
    seeds=$(sed -n "s/^$target //p" "$targets" | tr ' ' '\n' | sed 's|^|tests/vectors/|')
    mkdir -p "$BUILD/fuzz/corpus/$target"
    # shellcheck disable=SC2086
    ASAN_OPTIONS=detect_leaks=0 "$BUILD/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" \
        -max_len=16384 -timeout=30 -print_final_stats=1 -artifact_prefix="$BUILD/fuzz/$target-" \
        "$BUILD/fuzz/corpus/$target" $seeds >"$log" 2>&1 || {
        grep -vE '^#|^NEW' "$log" | tail -n 30 >&2
        say "$target failed; build/fuzz/$target-… is the input"
        return 1
    }
    printf '%-10s %9d executions, %6d places reached\n' "$target" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/^#.*cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)"
}

failed=0
for target in "$@"; do fuzz "$target" || failed=1; done
exit $failed
