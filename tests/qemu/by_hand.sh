# The board without its runner, as docs/virtual-board.md shows it.
. "$(dirname "$0")/../lib/tap.sh"

ROM=$BUILD/lx106/sim/qemu/rom.elf

# board WORDS…: one run, with flash, RTC memory and report under agreed numbers. What
# it says goes to the file said, its exit status to the variable status.
board() {
    status=0
    timeout 180 qemu-system-xtensa -M kc705-nommu -cpu lx106 -m 4M -display none -monitor none \
        -serial none -nic none -no-reboot -semihosting -icount shift=5,sleep=off \
        -kernel "$ROM" -append "flash=3 rtc=4 report=5 $*" \
        3<>chip.flash 4<>chip.rtc 5>report >said 2>&1 </dev/null || status=$?
}

new_chip() {
    rm -f chip.rtc
    "$UPDRAFT" flash --force --layout 4M2M --app "$BUILD/firmware/demo-1.0.0.bin" --out chip.flash >/dev/null
}

the_command_of_the_manual_is_this_one() {
    # Of both, the words of the command without line breaks.
    sed -n '/^qemu-system-xtensa/,/^```/p' "$TAP_ROOT/docs/virtual-board.md" | grep -v '^```' |
        tr -s ' \\\n' ' ' >manual
    for word in '-M kc705-nommu' '-cpu lx106' '-m 4M' '-nic none' '-no-reboot' '-semihosting' \
        'flash=3 rtc=4' '3<>chip.flash'; do
        grep -qF -- "$word" manual || { echo "not in the manual: $word"; return 1; }
    done
}

an_application_starts() {
    new_chip
    board stop=app
    [ $status -eq 67 ]
    grep -q 'rst cause:1, boot mode:(3,6)' said
    grep -q '^cycles [1-9]' report
    [ "$(stat -c %s chip.rtc)" -eq 768 ]
}

# What would be a loop of crashes if it looked for what is not there.
a_device_without_ethernet_says_so() {
    rm -f chip.rtc
    "$UPDRAFT" flash --force --layout 4M2M --app "$BUILD/firmware/net-1.0.0.bin" --out chip.flash >/dev/null
    timeout 5 qemu-system-xtensa -M kc705-nommu -cpu lx106 -m 4M -display none -monitor none \
        -serial none -nic none -no-reboot -semihosting -kernel "$ROM" -append "flash=3" \
        3<>chip.flash >said 2>&1 </dev/null || status=$?
    [ "$status" -eq 124 ]
    grep -q '^no network' said
    [ "$(grep -c 'rst cause' said)" -eq 1 ]
}

options_are_checked() {
    local word
    new_chip
    for word in nonsense flash= flash=x reset=16 straps=8 cut=0b cut=1t stop=never seed=4294967296 \
        mac= mac=5C:CF:7F:00:00 mac=5C:CF:7F:00:00:0G mac=5C:CF:7F:00:00:011 mac=5C-CF-7F-00-00-01; do
        board "$word"
        [ $status -eq 70 ]
        grep -q "^board: unknown option $word" said
        [ ! -s chip.rtc ]
    done
    head -c 100000 /dev/zero >chip.flash
    board
    [ $status -eq 70 ]
    grep -q '^board: flash is no file whose size is that of a chip' said
}

other_straps_start_nothing() {
    new_chip
    board straps=1
    [ $status -eq 68 ]
    grep -q 'boot mode:(1,6)' said
}

every_cause_is_told() {
    local cause
    new_chip
    for cause in 1 2 3 4 5 6; do
        board reset=$cause stop=app
        [ $status -eq 67 ]
        grep -q "rst cause:$cause, " said
    done
    board reset=9 stop=app
    [ $status -eq 68 ]
}

check the_command_of_the_manual_is_this_one
check an_application_starts
check a_device_without_ethernet_says_so
check options_are_checked
check other_straps_start_nothing
check every_cause_is_told
tap_end
