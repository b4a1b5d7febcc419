# What the device library takes on LX106 is written down, and stays what is written: a
# change that makes it larger, or smaller, says so by changing the table too.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/size_table.sh"

TABLE=$TAP_ROOT/benchmarks/device_sizes.txt

compiler() { sed -n 's/^# \(xtensa-lx106-elf-gcc [0-9.]*\) .*/\1/p' "$1"; }

sizes_are_what_the_table_says() {
    differences "$TABLE" now.txt | tee found
    [ -s now.txt ]
    [ ! -s found ] || {
        echo "if that is as it should be: benchmarks/device_sizes.py build/sizes >benchmarks/device_sizes.txt"
        return 1
    }
}

the_comparison_sees_growth_and_shrinkage() {
    local change
    for change in 's/^(all +)([0-9])/\19/' 's/^(url +)[0-9]+/\1 1/' '/^pull_head /d' 's/^url /uri /'; do
        sed -E "$change" now.txt >changed.txt
        cmp -s now.txt changed.txt && { echo "nothing to change: $change"; return 1; }
        [ -n "$(differences now.txt changed.txt)" ] || { echo "not seen: $change"; return 1; }
    done
    [ -z "$(differences now.txt now.txt)" ]
}

# It measures, too.
budgets_hold() { (cd "$TAP_ROOT" && ./bench device) || return 1; }

rm -f "$BUILD/sizes.txt"
check budgets_hold
cp "$BUILD/sizes.txt" "$TAP_TMP/now.txt" || exit 1
check the_comparison_sees_growth_and_shrinkage
if [ "$(compiler "$TABLE")" = "$(compiler "$TAP_TMP/now.txt")" ]; then
    check sizes_are_what_the_table_says
else
    skip sizes_are_what_the_table_says "the table is of $(compiler "$TABLE"), here is $(compiler "$TAP_TMP/now.txt")"
fi
tap_end
