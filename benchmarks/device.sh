# What the device library costs on an ESP8266, part by part; device_sizes.py says what is
# counted, device_parts.txt what a part is. Prints rows for ./bench.
#
# A program needs one part, or several. The budgets are docs/architecture.md's.
"$PROJECT_ROOT/benchmarks/device_sizes.py" "$BUILD/sizes" >"$BUILD/sizes.txt" || exit 1

awk '
    BEGIN {
        OFS = "\t"
        flash["updater"] = 6656; flash["espota"] = 12288; flash["pull"] = 12800
        flash["form"] = 16896; flash["all"] = 25088
        ram["all"] = 2048
        stack["all"] = 1024
    }
    function budget(of) { return $1 in of ? "<= " of[$1] : "-" }
    /^# part/ { in_parts = 1; next }
    /^#/ { in_parts = 0 }
    !in_parts || NF < 5 { next }
    {
        print $1 ", code", $2, "B", "-", "-"
        print $1 ", constants", $3, "B", "-", "-"
        print $1 ", code and constants", $2 + $3, "B", "-", budget(flash)
        print $1 ", RAM beside the sector buffer", $4, "B", "-", budget(ram)
        print $1 ", stack", $5, "B", "-", budget(stack)
    }' "$BUILD/sizes.txt"

build_lx106
xtensa-lx106-elf-size "$BUILD/lx106/device/page/libupdraft-form-page.a" | awk 'NR == 2 {
    print "page for browsers, compressed\t" $1 + $2 - 4 "\tB\t-\t<= 6144"
}'
