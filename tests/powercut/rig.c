#include "rig.h"

#include "session.h"
#include "updraft/endian.h"
#include "updraft/journal.h"
#include "updraft/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BOOTS   12u
#define MAX_ACTIONS 12u /* of the bootloader in one boot */
#define ERASED      0xff

/* ---- What lies in flash ---- */

static uint8_t size_code(uint32_t flash_size)
{
    static const uint8_t codes[] = {0, 2, 3, 4, 8, 9};
    uint8_t i = 0;

    while (512u * 1024 << i < flash_size)
        i++;
    return codes[i];
}

/* The two differ in sector 0 as well, in the flash mode, and neither may change it. */
static struct image_bytes build(const struct rig *rig, const char *version, uint32_t size,
                                uint8_t mode)
{
    const struct image_firmware firmware = {
        .version = version,
        .project = "demo",
        .size = size,
        .seed = (uint32_t)version[0],
        .flash_mode = mode,
        .flash_size_code = size_code(rig->layout.flash_size),
        .wants_trial = rig->scenario->is_trial,
    };

    return image_build_firmware(&firmware);
}

static struct image_bytes copy_of(const struct image_bytes *image)
{
    struct image_bytes copy = {malloc(image->length), image->length};

    if (copy.data == NULL)
        abort();
    memcpy(copy.data, image->data, image->length);
    return copy;
}

/* A program or a file system, as the scenario has it. */
static struct image_bytes make_update(const struct rig *rig, const char *version)
{
    const struct scenario *scenario = rig->scenario;
    struct image_bytes image = {NULL, scenario->new_size};

    if (scenario->kind != UPDATE_FILES)
        return build(rig, version, scenario->new_size, UD_MODE_QIO);
    image.data = malloc(image.length);
    if (image.data == NULL)
        abort();
    image_fill(image.data, image.length, (uint32_t)version[0]);
    return image;
}

static struct image_bytes as_sent(const struct rig *rig, const struct image_bytes *image)
{
    return rig->scenario->kind == UPDATE_GZIP ? image_compress(image->data, image->length)
                                              : copy_of(image);
}

static void make_images(struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;

    rig->old_image = build(rig, "1.0.0", scenario->old_size, UD_MODE_DIO);
    rig->new_image = scenario->is_same ? copy_of(&rig->old_image) : make_update(rig, "2.0.0");
    rig->staged = as_sent(rig, &rig->new_image);
    if (scenario->supersedes)
        rig->waiting = make_update(rig, "3.0.0");
    if (scenario->is_damaged)
        rig->staged.data[rig->staged.length / 2] ^= 0x04;
}

static uint32_t destination(const struct rig *rig)
{
    return rig->scenario->kind == UPDATE_FILES ? rig->layout.fs_start : 0;
}

static uint32_t place_of(const struct rig *rig, const struct image_bytes *sent)
{
    return rig->layout.fs_start - ud_flash_round_up(sent->length);
}

/* What the program does at the end of an update. */
static void order(struct rig *rig, const struct image_bytes *sent)
{
    const struct ud_journal_order order = {place_of(rig, sent), destination(rig), sent->length};
    const struct ud_eboot_command command = {
        .action = UD_EBOOT_COPY_RAW,
        .source = order.source,
        .destination = order.destination,
        .size = order.size,
    };
    const int error = rig->scenario->has_journal ? ud_journal_order(nor_flash(rig->nor), &order)
                                                 : ud_eboot_store(&rig->rtc.port, &command);

    if (error != UD_OK)
        abort();
}

static void stage(struct rig *rig, const struct image_bytes *sent)
{
    memcpy(nor_bytes(rig->nor) + place_of(rig, sent), sent->data, sent->length);
}

/* An update that was downloaded and ordered before the run begins. */
static void leave_waiting(struct rig *rig)
{
    struct image_bytes sent = as_sent(rig, &rig->waiting);

    stage(rig, &sent);
    order(rig, &sent);
    image_free(&sent);
}

/* Old files and settings, to be found as they were; everywhere else remains of
 * whatever was there before. The journal's sector has calibration data. */
static void make_initial(struct rig *rig)
{
    const uint32_t size = rig->layout.flash_size;
    uint8_t *flash = nor_bytes(rig->nor);

    image_fill(flash, size, 9);
    ud_put_u32(flash + size - UD_JOURNAL_OFFSET, 0x12345678);
    memcpy(flash, rig->old_image.data, rig->old_image.length);
    power_on(&rig->power, NULL, NULL);
    rtc_init(&rig->rtc, 1);
    if (rig->scenario->supersedes)
        leave_waiting(rig);
    if (!rig->scenario->downloads)
        stage(rig, &rig->staged);
    memcpy(rig->initial, flash, size);
    memcpy(rig->initial_rtc, rig->rtc.words, sizeof rig->initial_rtc);
}

void rig_open(struct rig *rig, const struct scenario *scenario)
{
    memset(rig, 0, sizeof *rig);
    rig->scenario = scenario;
    if (ud_layout_parse(scenario->layout, &rig->layout) != UD_OK)
        abort();
    make_images(rig);
    const struct nor_config config = {
        .size = rig->layout.flash_size,
        .has_block_erase = true,
        .rules = NOR_STRICT,
        .power = &rig->power,
    };
    rig->machine = malloc(sizeof *rig->machine);
    rig->initial = malloc(config.size);
    if (rig->machine == NULL || rig->initial == NULL || nor_open(&rig->nor, &config) != 0)
        abort();
    make_initial(rig);
}

void rig_close(struct rig *rig)
{
    nor_close(rig->nor);
    free(rig->machine);
    free(rig->initial);
    image_free(&rig->waiting);
    image_free(&rig->staged);
    image_free(&rig->new_image);
    image_free(&rig->old_image);
}

/* ---- Judging ---- */

static bool blame(struct rig *rig, const char *what)
{
    snprintf(rig->verdict, sizeof rig->verdict, "%s after %u boots", what, rig->boots);
    return false;
}

/* Sector 0 stays the old image's. */
static bool holds_program(const struct rig *rig, const struct image_bytes *image)
{
    const uint8_t *flash = nor_bytes(rig->nor);
    const uint32_t from = UD_FLASH_SECTOR;

    return memcmp(flash, rig->old_image.data, from) == 0 &&
           memcmp(flash + from, image->data + from, image->length - from) == 0;
}

static bool has_old_files(const struct rig *rig)
{
    const uint32_t start = rig->layout.fs_start;

    return memcmp(nor_bytes(rig->nor) + start, rig->initial + start, rig->layout.fs_end - start) ==
           0;
}

static bool has_files(const struct rig *rig, const struct image_bytes *files)
{
    return memcmp(nor_bytes(rig->nor) + rig->layout.fs_start, files->data, files->length) == 0;
}

static bool are_settings_untouched(const struct rig *rig)
{
    const uint32_t journal = rig->layout.flash_size - UD_JOURNAL_OFFSET;
    const uint32_t after = journal + UD_FLASH_SECTOR;
    const uint8_t *flash = nor_bytes(rig->nor);

    return memcmp(flash + journal - UD_FLASH_SECTOR, rig->initial + journal - UD_FLASH_SECTOR,
                  UD_FLASH_SECTOR) == 0 &&
           memcmp(flash + after, rig->initial + after, rig->layout.flash_size - after) == 0;
}

/* As the SDK wants it: blank, or its own data; or what is left of them when power
 * went in the first erase of all and the command was lost with it. */
static bool is_journal_clean(const struct rig *rig)
{
    const uint32_t journal = rig->layout.flash_size - UD_JOURNAL_OFFSET;
    const uint8_t *found = nor_bytes(rig->nor) + journal;
    const uint8_t *own = rig->initial + journal;
    bool is_blank = true;
    bool is_own = ud_get_u32(own) != UD_JOURNAL_MAGIC;

    for (uint32_t i = 0; i < UD_FLASH_SECTOR; i++) {
        is_blank &= found[i] == ERASED;
        is_own &= (found[i] & own[i]) == own[i];
    }
    return is_blank || (is_own && holds_program(rig, &rig->old_image));
}

/* Not the files, which have a scenario of their own kind, nor what is damaged. */
static bool is_update_whole(const struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;

    if (scenario->kind == UPDATE_FILES || scenario->is_damaged)
        return false;
    return holds_program(rig, &rig->new_image) ||
           (scenario->supersedes && holds_program(rig, &rig->waiting));
}

/* Whatever is started is one of those there are, whole. */
static bool judge_start(struct rig *rig, const struct boot_result *result)
{
    if (result->base != 0)
        return blame(rig, "something else is started");
    if (!holds_program(rig, &rig->old_image) && !is_update_whole(rig))
        return blame(rig, "half an image is started");
    return true;
}

static bool are_files_whole(const struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;

    if (has_old_files(rig))
        return true;
    return scenario->kind == UPDATE_FILES &&
           (has_files(rig, &rig->new_image) ||
            (scenario->supersedes && has_files(rig, &rig->waiting)));
}

static bool judge_end(struct rig *rig)
{
    if (nor_fault(rig->nor) != NOR_NO_FAULT)
        return blame(rig, "flash was used wrongly");
    if (!is_journal_clean(rig))
        return blame(rig, "the journal is not clean");
    if (!are_settings_untouched(rig))
        return blame(rig, "settings were overwritten");
    if (!are_files_whole(rig))
        return blame(rig, "files are neither old nor new");
    return true;
}

bool rig_has_arrived(struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;

    if (scenario->kind == UPDATE_FILES)
        return has_files(rig, &rig->new_image) || blame(rig, "the files did not arrive");
    if (scenario->is_damaged || (scenario->is_trial && !scenario->confirms))
        return holds_program(rig, &rig->old_image) || blame(rig, "the old image is not there");
    return holds_program(rig, &rig->new_image) || blame(rig, "the new image did not arrive");
}

/* ---- Running ---- */

static void begin(struct rig *rig, const struct cut_plan *plan)
{
    memcpy(nor_bytes(rig->nor), rig->initial, rig->layout.flash_size);
    memcpy(rig->rtc.words, rig->initial_rtc, sizeof rig->initial_rtc);
    power_on(&rig->power, plan, &rig->dead);
    rig->boots = 0;
    rig->verdict[0] = '\0';
    rig->is_sound = true;
    rig->is_ordered = false;
}

static bool download(struct rig *rig)
{
    const struct session session = {
        .flash = nor_flash(rig->nor),
        .rtc = &rig->rtc.port,
        .layout = &rig->layout,
        .has_journal = rig->scenario->has_journal,
        .has_files = rig->scenario->kind == UPDATE_FILES,
        .data = rig->staged.data,
        .length = rig->staged.length,
    };

    return session_run(&session) == UD_OK || blame(rig, "the download failed");
}

/* The program's part. Where the update is there already and power goes while it is
 * ordered, the program does not try again. */
static void update(struct rig *rig)
{
    rig->is_ordered = true;
    if (rig->scenario->downloads)
        rig->is_sound = download(rig);
    else
        order(rig, &rig->staged);
}

/* Power comes back, RTC memory with or without its content. */
static void come_back(struct rig *rig, const struct cut_plan *next)
{
    if (!rig->power.plan.keeps_rtc)
        rtc_power_loss(&rig->rtc, rig->power.plan.seed + rig->boots);
    power_on(&rig->power, next, &rig->dead);
}

/* A bootloader that goes round and round would not come back by itself. */
static void note_action(void *ctx, enum boot_action action)
{
    struct rig *rig = ctx;

    (void)action;
    if (++rig->actions <= MAX_ACTIONS)
        return;
    rig->is_sound = blame(rig, "the bootloader does not come to an end");
    longjmp(rig->dead, 1);
}

/* One boot, and what the program then does with it. Does not come back when
 * power goes. */
static void boot_once(struct rig *rig, struct boot_result *result)
{
    const struct boot_machine_config config = {
        .flash = nor_flash(rig->nor),
        .rtc = &rig->rtc.port,
        .ctx = rig,
        .acts = note_action,
    };

    /* Memory holds anything, as after power-on. */
    memset(rig->machine, 0x5a, sizeof *rig->machine);
    rig->boots++;
    rig->actions = 0;
    boot_machine_run(rig->machine, &config, result);
    if (result->end != BOOT_STARTED)
        return;
    rig->is_sound = rig->is_sound && judge_start(rig, result);
    if (result->action == BOOT_TRY && rig->scenario->confirms)
        (void)!ud_trial_confirm(nor_flash(rig->nor));
}

static bool is_at_rest(const struct rig *rig, const struct boot_result *result)
{
    return rig->is_sound && result->end == BOOT_STARTED && result->action == BOOT_START;
}

bool rig_run(struct rig *rig, const struct cut_plan *first, const struct cut_plan *second)
{
    struct boot_result result;

    begin(rig, first);
    rig->next = second;
    /* Back here whenever power goes, or the bootloader does not come to an end. */
    if (setjmp(rig->dead) != 0) {
        come_back(rig, rig->next);
        rig->next = NULL;
    }
    if (!rig->is_ordered)
        update(rig);
    while (rig->is_sound && rig->boots < MAX_BOOTS) {
        boot_once(rig, &result);
        if (!is_at_rest(rig, &result))
            continue;
        if (!judge_end(rig))
            return false;
        if (!rig->scenario->downloads || rig_has_arrived(rig))
            return true;
        update(rig);
    }
    return rig->is_sound ? blame(rig, "it does not settle") : false;
}

uint64_t rig_operations(const struct rig *rig)
{
    return rig->power.operations;
}
