# What users do with an installed program, for test scripts. Source it after tap.sh.
# Everything is below $PREFIX, wherever that is.

# The virtual board finds what it is made of by itself.
a_board_starts() {
    local firmware=$PREFIX/share/updraft/firmware
    "$PREFIX/bin/updraft" device --qemu --app "$firmware/demo-1.1.0.bin" --until works --timeout 120 >board </dev/null
    grep -q '^demo 1.1.0, built' board
    "$PREFIX/bin/updraft" device --qemu --app "$firmware/net-1.0.0.bin" --until 'address 10.0.2.15' --timeout 120 >board </dev/null
}

# The page's lines, with what is installed in the place of what is built.
the_quick_start_goes_by_what_is_installed() {
    mkdir -p tree/build
    ln -s "$PREFIX/bin/updraft" tree/build/updraft
    ln -s "$PREFIX/share/updraft/firmware" tree/build/firmware
    UPDRAFT=$PREFIX/bin/updraft TREE=$PWD/tree FIRMWARE=$PREFIX/share/updraft/firmware \
        bash "$TAP_ROOT/tests/quickstart/commands.sh" docs/quickstart.md >quickstart || { cat quickstart; return 1; }
    [ "$(grep -c '^ok ' quickstart)" -gt 10 ] || { cat quickstart; return 1; }
}

check_quick_start() {
    if unshare --mount --net true 2>/dev/null; then
        check the_quick_start_goes_by_what_is_installed
    else
        skip the_quick_start_goes_by_what_is_installed "this user may not make network namespaces"
    fi
}
