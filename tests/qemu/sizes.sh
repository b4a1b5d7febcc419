# What the firmware with a network takes of the chip is written down, part by part, and stays
# what is written: a change says so by changing the table too. And it fits.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/size_table.sh"

TABLE=$TAP_ROOT/benchmarks/network_sizes.txt

made_of() { sed -n 's/^# \(xtensa-lx106-elf-gcc .*\)/\1/p' "$1"; }

sizes_are_what_the_table_says() {
    differences "$TABLE" now.txt | tee found
    [ ! -s found ] || {
        echo "if that is as it should be: benchmarks/network_sizes.py build >benchmarks/network_sizes.txt"
        return 1
    }
}

the_comparison_sees_growth_and_losses() {
    local change
    for change in 's/^(all +)([0-9])/\19/' 's/^(bearssl +)[0-9]+/\1 1/' '/^page /d'; do
        sed -E "$change" now.txt >changed.txt
        [ -n "$(differences now.txt changed.txt)" ] || { echo "not seen: $change"; return 1; }
    done
    [ -z "$(differences now.txt now.txt)" ]
}

# All that the linker placed is somebody's, but for what keeps words aligned.
parts_make_up_the_whole() {
    awk '/^#/ || NF < 6 { next } $1 == "all" { all = $2 + $6; next } { parts += $2 + $6 }
        END { exit !(parts <= all && parts > all * 0.98) }' now.txt
}

it_fits_with_its_stack() { (cd "$TAP_ROOT" && ./bench network) || return 1; }

"$TAP_ROOT/benchmarks/network_sizes.py" "$BUILD" >"$TAP_TMP/now.txt" || exit 1
check the_comparison_sees_growth_and_losses
check parts_make_up_the_whole
if [ "$(made_of "$TABLE")" = "$(made_of "$TAP_TMP/now.txt")" ]; then
    check sizes_are_what_the_table_says
else
    skip sizes_are_what_the_table_says "the table is of $(made_of "$TABLE"), here is $(made_of "$TAP_TMP/now.txt")"
fi
check it_fits_with_its_stack
tap_end
