# The safeguards, taken out one at a time: without any one of them, some power cut
# or damaged image must get through, or the suite proves nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/mutants.sh"

cd "$TAP_ROOT" || exit 1
SOURCES="$(echo boot/*.c device/src/*.c sim/boot_machine.c sim/c*.c sim/nor*.c sim/rtc.c tests/powercut/{plans,powercut,rig,session}.c) device/port/bearssl/digest.c tests/lib/image_builder.c"

compile() { # FILE OBJECT
    gcc -std=c11 -O2 -w -D_GNU_SOURCE -I"$TAP_ROOT" -I"$TAP_ROOT/device/include" -I"$TAP_ROOT/device/src" \
        -I"$TAP_ROOT/device/port" -I"$TAP_ROOT/tests/lib" -I"$TAP_ROOT/tests/powercut" -c "$1" -o "$2"
}

object_of() { echo "$TAP_TMP/${1//\//_}.o"; }

# without FILE EXPRESSION SCENARIO: changes the file as sed says, and runs the
# scenario. Fails if nothing was changed, or the scenario is survived or does not end.
without() {
    local file=$1 expression=$2 scenario=$3 objects=() source
    sed "$expression" "$TAP_ROOT/$file" >mutant.c
    ! cmp -s mutant.c "$TAP_ROOT/$file" || { echo "$file has nothing like that any more"; return 1; }
    compile mutant.c mutant.o
    for source in $SOURCES; do [ "$source" = "$file" ] || objects+=("$(object_of "$source")"); done
    gcc "${objects[@]}" mutant.o -o mutant -lz -lcrypto -lbearssl
    falls 120 ./mutant "$scenario"
}

for source in $SOURCES; do
    compile "$source" "$(object_of "$source")" || { echo "Bail out! $source does not compile"; exit 1; }
done

the_journals_order() { without boot/run.c 's/boot_journal_order(boot, boot_command(boot) + COMMAND_ORDER);/boot_make_order(boot->journal, UD_JOURNAL_MAGIC, boot_command(boot) + COMMAND_ORDER); begin(boot); boot->facts |= BOOT_VERIFIED; resume(boot);/' raw; }
the_check_of_a_raw_source() { without boot/check.c 's/ check_program(boot);/ ;/' raw-damaged; }
the_check_of_a_gzip_source() { without boot/check.c 's/ boot_source(boot);/ ;/' gzip-damaged; }
trust_in_what_was_checked() { without boot/decide.c '/BOOT_RESUME}/d' raw-overtakes; }
the_progress_words() { without boot/copy.c 's/boot_journal_mark(boot, step);/;/' raw-overtakes; }
keeping_before_copying() { without boot/copy.c 's/keep(boot, to_keep < limit ? to_keep : limit);/;/' trial-back; }
keeping_in_turns() { without boot/copy.c 's/to_keep < limit ? to_keep : limit/to_keep/' trial-turns; }
keeping_before_a_block_is_erased() { without boot/copy.c 's/boot->kept == to_keep &&//' trial-turns; }
ending_a_record_before_erasing_it() { without boot/journal.c '/^void boot_journal_clear/,/^}/s/boot_program(.*, length);/;/' raw-overtakes; }
clearing_the_debris() { without boot/journal.c '/as with any order/,/}/s/boot_journal_clear(boot);/;/' raw; }
sparing_sector_0() { without boot/copy.c 's/ || address == 0//' raw; }
clearing_the_command() { without boot/run.c '/^static void begin/,/^}/s/boot_clear_command(boot);/;/' trial-back; }
counting_the_boots() { without boot/run.c '/^static void count_boot/,/^}/s/write_trial(boot);/;/' trial-back; }
withdrawing_a_command() { without device/src/staging.c 's/= withdraw_command(config->rtc, placement);/= UD_OK;/' session-again-files; }
withdrawing_an_order() { without device/src/staging.c 's/return config->orders->withdraw(config->flash, placement);/return UD_OK;/' session-again-ordered; }

check the_journals_order
check the_check_of_a_raw_source
check the_check_of_a_gzip_source
check trust_in_what_was_checked
check the_progress_words
check keeping_before_copying
check keeping_in_turns
check keeping_before_a_block_is_erased
check ending_a_record_before_erasing_it
check clearing_the_debris
check sparing_sector_0
check clearing_the_command
check counting_the_boots
check withdrawing_a_command
check withdrawing_an_order
tap_end
