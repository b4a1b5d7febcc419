#!/usr/bin/env bash
# Which lines of what runs on devices (device/src, boot) the unit tests never run:
#   scripts/coverage.sh     a table of files, and build/coverage/lines.txt with the lines
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

need_packages "${BUILD_PACKAGES[@]}" libcmocka-dev
COVERAGE=$BUILD/coverage
configure "$COVERAGE" -Dtests=true -Db_coverage=true
ninja -C "$COVERAGE" build.ninja >"$COVERAGE/ninja.log" 2>&1 # it may be of an older tree
mapfile -t programs < <(ninja -C "$COVERAGE" -t targets all |
    sed -nE 's|^(tests/(boot\|device\|powercut\|sim\|fuzz)/test_[a-z0-9_]+): .*|\1|p')
ninja -C "$COVERAGE" "${programs[@]}" >"$COVERAGE/ninja.log" 2>&1 ||
    die "the tests were not built, see build/coverage/ninja.log"
find "$COVERAGE" -name '*.gcda' -delete
for program in "${programs[@]}"; do
    "$COVERAGE/$program" >"$COVERAGE/tests.log" 2>&1 </dev/null || die "$program fails, see build/coverage/tests.log"
done
# What was counted lies beside the objects, of which each program that has a file by itself
# has its own: a line is run when one of them ran it.
cd "$COVERAGE" || exit 1
find . \( -path './device/*' -o -path './boot/*' -o -path './tests/*' -o -path './sim/*' \) -name "*.gcda" -print0 |
    xargs -0 -n 50 gcov --json-format --stdout |
    python3 "$PROJECT_ROOT/scripts/coverage.py" "$PROJECT_ROOT" "$COVERAGE/lines.txt"
