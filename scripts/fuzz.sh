#!/usr/bin/env bash
# Lets libFuzzer loose on the fuzz targets: scripts/fuzz.sh [SECONDS [TARGET…]]. What it
# finds interesting is kept in build/fuzz/corpus, what fails in build/fuzz.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- gzip signed slots updater form
need_packages "${BUILD_PACKAGES[@]}" libcmocka-dev clang libclang-rt-dev
CC=clang configure "$BUILD/fuzz" -Dfuzzer=true -Db_sanitize=address,undefined -Db_lundef=false \
    "-Dc_args=-fsanitize=fuzzer-no-link"
for target in "$@"; do
    ninja -C "$BUILD/fuzz" "tests/fuzz/fuzz_$target" >"$BUILD/fuzz/ninja.log" 2>&1 ||
        die "the target $target was not built, see build/fuzz/ninja.log"
    mkdir -p "$BUILD/fuzz/corpus/$target"
    say "$target, for $seconds seconds"
    "$BUILD/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$BUILD/fuzz/$target-" "$BUILD/fuzz/corpus/$target" \
        tests/vectors/gzip tests/vectors/trust tests/vectors/signing tests/vectors/slots tests/vectors/form \
        >"$BUILD/fuzz/$target.log" 2>&1 ||
        { tail -n 30 "$BUILD/fuzz/$target.log" >&2; die "$target failed; build/fuzz has the input"; }
    grep -E '^(stat::number_of_executed_units|#.*DONE)' "$BUILD/fuzz/$target.log"
done
