#include "boot/decide.h"
#include "boot/machine.h"
#include "boot/plan.h"
#include "updraft/crc32.h"
#include "updraft/image.h"

#define GZIP_MAGIC (UD_IMAGE_GZIP_MAGIC1 << 8 | UD_IMAGE_GZIP_MAGIC0)

/* Words of eboot's command. */
enum {
    COMMAND_MAGIC,
    COMMAND_ACTION,
    COMMAND_ORDER, /* source, destination, size; or where to start */
    COMMAND_CRC = UD_EBOOT_BLOCK_WORDS - 1,
};

/* ---- The facts ---- */

static unsigned command_facts(struct boot *boot)
{
    const uint32_t *words = boot_command(boot);

    if ((words[COMMAND_MAGIC] & UD_EBOOT_MAGIC_MASK) != UD_EBOOT_MAGIC ||
        !boot_is_sealed(words, COMMAND_CRC))
        return 0;
    return words[COMMAND_ACTION] == UD_EBOOT_COPY_RAW ? BOOT_COPY : BOOT_LOAD;
}

static unsigned trial_facts(struct boot *boot)
{
    boot->program_size = boot_image(boot, BOOT_PROGRAM, false);
    if (boot->program_size == 0)
        return 0;
    boot->trial_address = boot_sectors(boot->program_size) * UD_FLASH_SECTOR - UD_TRIAL_SIZE;
    boot_read(boot, boot->trial_address, boot->trial, sizeof boot->trial);
    if (boot->trial[UD_JOURNAL_WORD_MAGIC] != UD_TRIAL_MAGIC ||
        !boot_is_sealed(boot->trial, UD_JOURNAL_ORDER_CRC))
        return 0;
    return boot->trial[UD_TRIAL_WORD_BOOTS] & UD_TRIAL_BOOTS_MASK ? BOOT_TRIAL : BOOT_SPENT;
}

/* ---- An update ---- */

/* The journal has the order: left in RTC memory, it would be met again. */
static void begin(struct boot *boot)
{
    uint32_t *words = boot->journal;
    const uint32_t source = words[UD_JOURNAL_SOURCE];
    uint32_t *const output_size = &words[UD_JOURNAL_OUTPUT_SIZE];

    boot_clear_command(boot);
    boot_read(boot, source, output_size, UD_FLASH_WORD);
    if ((*output_size & 0xffff) == GZIP_MAGIC)
        boot_read(boot, source + words[UD_JOURNAL_SIZE] - 4, output_size, UD_FLASH_WORD);
    else
        *output_size = words[UD_JOURNAL_SIZE];
    const enum boot_error error = boot_plan(words, boot->program_size, boot->flash_size);
    if (error != BOOT_OK)
        boot_fail(boot, error);
    boot_check(boot);
    if (!boot->wants_trial)
        words[UD_JOURNAL_KEEP_SIZE] = 0;
    boot_journal_plan(boot);
}

static void resume(struct boot *boot)
{
    boot_copy(boot);
    boot_journal_clear(boot);
    boot_tell_error(boot, BOOT_OK);
}

/* ---- Trials ---- */

/* Programming what is programmed already changes nothing. */
static void write_trial(struct boot *boot)
{
    boot_program(boot, boot->trial_address, boot->trial, sizeof boot->trial);
}

static void count_boot(struct boot *boot)
{
    boot->trial[UD_TRIAL_WORD_BOOTS] <<= UD_TRIAL_BOOT_BITS;
    write_trial(boot);
}

/* The order is given before the trial ends, and once: a program that replaced itself
 * does not go round in circles. */
static void roll_back(struct boot *boot)
{
    boot_journal_order(boot, boot->trial + UD_JOURNAL_SOURCE);
    boot->trial[UD_JOURNAL_WORD_MAGIC] = 0;
    write_trial(boot);
}

/* ---- The boot ---- */

/* Constants, and all of the state, lie where an application may be loaded: once that
 * begins nothing can fail any more, as everything was read before. */
static void start(struct boot *boot, uint32_t base) __attribute__((noreturn));
static void start(struct boot *boot, uint32_t base)
{
    boot->facts = BOOT_VERIFIED;
    const bool is_sound = boot_image(boot, base, false) != 0;
    boot_tell_start(boot, base, is_sound);
    if (is_sound)
        boot_image(boot, base, true);
    boot_fail(boot, BOOT_BAD_IMAGE);
}

void boot_fail(struct boot *boot, enum boot_error error)
{
    const uint32_t facts = boot->facts;

    boot_tell_error(boot, error);
    boot->facts = BOOT_VERIFIED;
    if (facts & BOOT_VERIFIED)
        boot_restart(boot);
    boot_clear_command(boot);
    if (facts & BOOT_ORDERED)
        boot_journal_clear(boot);
    start(boot, BOOT_PROGRAM);
}

static void act(struct boot *boot, enum boot_action action)
{
    uint32_t base = BOOT_PROGRAM;

    switch (action) {
    case BOOT_RESUME:
        resume(boot);
        return;
    case BOOT_BEGIN:
        begin(boot);
        return;
    case BOOT_ADOPT:
        boot_journal_order(boot, boot_command(boot) + COMMAND_ORDER);
        return;
    case BOOT_ROLL_BACK:
        roll_back(boot);
        return;
    case BOOT_START_AT:
        base = boot_command(boot)[COMMAND_ORDER];
        boot_clear_command(boot);
        break;
    case BOOT_TRY:
        count_boot(boot);
        break;
    case BOOT_START:
        break;
    }
    start(boot, base);
}

static uint32_t flash_size(struct boot *boot)
{
    uint32_t header;

    boot_read(boot, 0, &header, sizeof header);
    return ud_image_flash_size(UD_CHIP_ESP8266, (uint8_t)(header >> 28));
}

/* A half-written program is not looked at. */
static void look(struct boot *boot)
{
    boot->facts = BOOT_VERIFIED;
    boot->facts = boot_journal_load(boot);
    if (boot->facts & BOOT_VERIFIED)
        return;
    boot->facts |= command_facts(boot);
    boot->facts |= trial_facts(boot);
}

void boot_run(struct boot *boot)
{
    boot->facts = BOOT_VERIFIED;
    boot->flash_size = flash_size(boot);
    if (boot->flash_size == 0) /* then nobody knows where the journal would be */
        start(boot, BOOT_PROGRAM);
    boot_set_flash_size(boot);
    for (;;) {
        look(boot);
        const enum boot_action action = boot_decide(boot->facts);
        boot_tell_action(boot, action);
        act(boot, action);
    }
}
