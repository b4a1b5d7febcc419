#!/usr/bin/env bash
# Which lines and branches of what runs on devices (device/src, boot) the unit tests reach:
#   scripts/coverage.sh          a table, and build/coverage/lines.txt and branches.txt with
#                                what no test reaches
#   scripts/coverage.sh --check  fails, too, unless every line that no test runs is explained
#                                in tests/analysis/coverage.txt, and no other
# A build of its own and slow programs: some minutes, and so not one of ./test's suites.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup.sh

explained=()
case ${1:-} in
"") ;;
--check) explained=(tests/analysis/coverage.txt) ;;
*) die "knows only --check, not $1" ;;
esac
need_packages "${BUILD_PACKAGES[@]}" libcmocka-dev

COVERAGE=$BUILD/coverage
# Without optimisation, lest gcc makes one of two lines.
configure "$COVERAGE" -Dtests=true -Db_coverage=true -Dbuildtype=debug
ninja -C "$COVERAGE" build.ninja >"$COVERAGE/ninja.log" 2>&1 # it may be of an older tree
# powercut/slots is a suite of its own, and the one that boots slots; powercut/powercut
# would take long, and what it boots tests/boot does.
mapfile -t programs < <(ninja -C "$COVERAGE" -t targets all |
    sed -nE 's#^(tests/(boot|device|fuzz|sim)/test_[a-z0-9_]+|tests/powercut/slots): .*#\1#p')
ninja -C "$COVERAGE" "${programs[@]}" >"$COVERAGE/ninja.log" 2>&1 ||
    die "the tests were not built, see build/coverage/ninja.log"

find "$COVERAGE" -name '*.gcda' -delete
cd "$COVERAGE" || exit 1
printf '%s\0' "${programs[@]}" | xargs -0 -P "$(nproc)" -I PROGRAM sh -c \
    'PROGRAM >PROGRAM.log 2>&1 </dev/null || { echo "PROGRAM fails, see build/coverage/PROGRAM.log" >&2; exit 1; }' ||
    die "what failing tests run is not counted"

# A program that has a source by itself has counts by itself: a line is run when one ran it.
# A source without counts was run by none, and gcov says so.
find . -name '*.gcno' -print0 | xargs -0 grep -lZE 'device/src/|/boot/' |
    xargs -0 -n 50 gcov --branch-probabilities --json-format --stdout 2>gcov.log |
    (cd "$PROJECT_ROOT" && python3 scripts/coverage.py "$PROJECT_ROOT" "$COVERAGE" "${explained[@]}")
