# `meson install`, as from an unpacked archive of the source.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/installed.sh"

# Where a build of ./test says it goes.
PREFIX=$TAP_TMP/root/usr/local

meson_installs() { DESTDIR=$TAP_TMP/root meson install -C "$TAP_ROOT/build" --no-rebuild >log 2>&1 || { cat log; return 1; }; }

all_of_it_is_installed() {
    meson_installs
    local file
    for file in bin/updraft bin/espota bin/signing lib/systemd/system/updraft.service share/man/man1/updraft.1 \
        share/bash-completion/completions/updraft share/updraft/boot.elf share/updraft/rom.elf \
        share/updraft/firmware/demo-1.0.0.bin share/updraft/firmware/demo-c3-1.1.0.bin share/updraft/firmware/net-2.0.0.bin \
        "share/updraft/Updraft-$("$UPDRAFT" version | cut -d' ' -f2).zip"; do
        [ -e "$PREFIX/$file" ] || { echo "there is no $file"; return 1; }
    done
    "$PREFIX/bin/updraft" version
}

# As where there is no compiler for the chips.
what_has_not_been_built_is_left_out() {
    MESON_BUILD_ROOT=$PWD/nothing MESON_INSTALL_DESTDIR_PREFIX=$PWD/prefix \
        "$TAP_ROOT/packaging/install_firmware.sh" 2>said
    grep -q 'scripts/firmware.sh builds them' said
    [ ! -e prefix ]
}

check all_of_it_is_installed
check what_has_not_been_built_is_left_out
check a_board_starts
tap_end
