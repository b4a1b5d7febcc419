# The safeguards of slots, taken out one at a time: without any one of them some power
# cut must get through, or the cuts prove nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/mutants.sh"

cd "$TAP_ROOT" || exit 1
SOURCES="$(echo boot/slots_*.c device/src/*.c sim/c*.c sim/nor*.c tests/powercut/slots*.c) device/port/bearssl/digest.c tests/lib/image_builder.c tests/lib/slots_rig.c"

compile() { # FILE OBJECT
    gcc -std=c11 -O2 -w -D_GNU_SOURCE -I"$TAP_ROOT" -I"$TAP_ROOT/device/include" -I"$TAP_ROOT/device/src" \
        -I"$TAP_ROOT/device/port" -I"$TAP_ROOT/tests/lib" -I"$TAP_ROOT/tests/powercut" -c "$1" -o "$2"
}

object_of() { echo "$TAP_TMP/${1//\//_}.o"; }

# without FILE EXPRESSION CHAPTER: changes the file as sed says, and runs the chapter.
# Fails if nothing was changed, or the chapter is survived or does not end.
without() {
    local file=$1 expression=$2 chapter=$3 objects=() source
    sed "$expression" "$TAP_ROOT/$file" >mutant.c
    ! cmp -s mutant.c "$TAP_ROOT/$file" || { echo "$file has nothing like that any more"; return 1; }
    compile mutant.c mutant.o
    for source in $SOURCES; do [ "$source" = "$file" ] || objects+=("$(object_of "$source")"); done
    gcc "${objects[@]}" mutant.o -o mutant -lz -lcrypto -lbearssl
    falls 120 ./mutant "$chapter"
}

# The same, where a unit test is what must fail.
otadata_without() { # EXPRESSION
    sed "$1" "$TAP_ROOT/device/src/otadata.c" >mutant.c
    ! cmp -s mutant.c "$TAP_ROOT/device/src/otadata.c" || { echo "otadata.c has nothing like that any more"; return 1; }
    compile mutant.c mutant.o
    gcc -std=c11 -O2 -w -D_GNU_SOURCE -DTEST_VECTORS="\"$TAP_ROOT/tests/vectors\"" -I"$TAP_ROOT" -I"$TAP_ROOT/device/include" \
        -I"$TAP_ROOT/tests/lib" "$TAP_ROOT"/tests/device/test_otadata.c "$TAP_ROOT"/tests/lib/ram_flash.c \
        "$TAP_ROOT"/device/src/{crc32,flash}.c "$TAP_ROOT"/sim/{cells,cut,nor,nor_file}.c mutant.o -o mutant -lcmocka
    falls 120 ./mutant
}

for source in $SOURCES; do
    compile "$source" "$(object_of "$source")" || { echo "Bail out! $source does not compile"; exit 1; }
done

notes() { without device/src/otadata.c '/^static int leave_note/,/^}/s/return ud_flash_program(.*;/return UD_OK;/' reject; }
ending_an_entry_before_erasing_it() { otadata_without '/^static int rewrite/,/^}/s/error = program_word(flash, sector + AT_CRC, 0);/error = UD_OK;/'; }
the_state_before_the_crc() { without device/src/otadata.c '/^static int write_entry/,/^}/{s/sector + AT_STATE, (uint32_t)state/sector + AT_CRC, ud_otadata_crc(seq)/;s/: program_word(flash, sector + AT_CRC, ud_otadata_crc(seq))/: program_word(flash, sector + AT_STATE, (uint32_t)state)/}' reject; }
putting_back_what_only_a_note_knows() { otadata_without '/^static int make_ready/,/^}/s/if (error != UD_OK || .*/return error; if (0)/'; }
the_trial_before_the_start() { without boot/slots_run.c '/^static int try/,/^}/s/is_whole ? UD_OTA_PENDING/is_whole ? UD_OTA_NEW/' rollback; }
ending_a_trial() { without boot/slots_decide.c '/SLOTS_END_TRIAL}/d' rollback; }
confirming_what_runs() { without device/src/slots_boot.c '/^static int settle/,/^}/s/if (!ud_slots_is_about(.*/if (false) {/' fallback-confirms; }
releasing_a_slot() { without device/src/slots_target.c 's/return ud_slots_release(slots, &slot) == UD_OK ? UD_OK : UD_ERR_COMMIT;/return UD_OK;/' update-refused; }
verifying_before_the_start() { without boot/slots_run.c 's/ud_slot_verify(.*) == UD_OK;/true;/' broken; }
the_order_of_erasing_both() { without device/src/otadata.c '/^int ud_otadata_erase/,/^}/s/== 1 ? 1 : 0/== 1 ? 0 : 1/' switch-to-factory; }

check notes
check ending_an_entry_before_erasing_it
check the_state_before_the_crc
check putting_back_what_only_a_note_knows
check the_trial_before_the_start
check ending_a_trial
check confirming_what_runs
check releasing_a_slot
check verifying_before_the_start
check the_order_of_erasing_both
tap_end
