#include "rig.h"

#include "updraft/journal.h"
#include "updraft/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BOOTS  12u
#define FILES_SEED 5u
#define ERASED     0xff

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

static void put_word(uint8_t *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(word >> 8 * i);
}

static struct image_bytes copy_of(const struct image_bytes *image)
{
    struct image_bytes copy = {malloc(image->length), image->length};

    if (copy.data == NULL)
        abort();
    memcpy(copy.data, image->data, image->length);
    return copy;
}

static struct image_bytes make_new(const struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;
    struct image_bytes image = {NULL, scenario->new_size};

    if (scenario->is_same)
        return copy_of(&rig->old_image);
    if (scenario->kind != UPDATE_FILES)
        return build(rig, "2.0.0", scenario->new_size, UD_MODE_QIO);
    image.data = malloc(image.length);
    if (image.data == NULL)
        abort();
    image_fill(image.data, image.length, FILES_SEED);
    return image;
}

static void make_images(struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;

    rig->old_image = build(rig, "1.0.0", scenario->old_size, UD_MODE_DIO);
    rig->new_image = make_new(rig);
    rig->staged = scenario->kind == UPDATE_GZIP
                      ? image_compress(rig->new_image.data, rig->new_image.length)
                      : copy_of(&rig->new_image);
    if (scenario->is_damaged)
        rig->staged.data[rig->staged.length / 2] ^= 0x04;
}

static uint32_t destination(const struct rig *rig)
{
    return rig->scenario->kind == UPDATE_FILES ? rig->layout.fs_start : 0;
}

static uint32_t staged_at(const struct rig *rig)
{
    return rig->layout.fs_start - ud_flash_round_up(rig->staged.length);
}

/* Old files and settings, to be found as they were; everywhere else remains of
 * whatever was there before. The journal's sector has calibration data. */
static void make_initial(struct rig *rig)
{
    const uint32_t size = rig->layout.flash_size;

    rig->initial = malloc(size);
    if (rig->initial == NULL)
        abort();
    image_fill(rig->initial, size, 9);
    put_word(rig->initial + size - UD_JOURNAL_OFFSET, 0x12345678);
    memcpy(rig->initial, rig->old_image.data, rig->old_image.length);
    memcpy(rig->initial + staged_at(rig), rig->staged.data, rig->staged.length);
}

void rig_open(struct rig *rig, const struct scenario *scenario)
{
    memset(rig, 0, sizeof *rig);
    rig->scenario = scenario;
    if (ud_layout_parse(scenario->layout, &rig->layout) != UD_OK)
        abort();
    make_images(rig);
    make_initial(rig);
    const struct nor_config config = {
        .size = rig->layout.flash_size,
        .has_block_erase = true,
        .rules = NOR_STRICT,
        .power = &rig->power,
    };
    rig->work = malloc(sizeof *rig->work);
    if (rig->work == NULL || nor_open(&rig->nor, &config) != 0)
        abort();
}

void rig_close(struct rig *rig)
{
    nor_close(rig->nor);
    free(rig->work);
    free(rig->initial);
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

static bool has_new_files(const struct rig *rig)
{
    return memcmp(nor_bytes(rig->nor) + rig->layout.fs_start, rig->new_image.data,
                  rig->new_image.length) == 0;
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
    bool is_own = true;

    for (uint32_t i = 0; i < UD_FLASH_SECTOR; i++) {
        is_blank &= found[i] == ERASED;
        is_own &= (found[i] & own[i]) == own[i];
    }
    return is_blank || (is_own && holds_program(rig, &rig->old_image));
}

/* Whatever is started is one of the two, whole. */
static bool judge_start(struct rig *rig, const struct boot_result *result)
{
    const bool has_files = rig->scenario->kind == UPDATE_FILES;

    if (result->base != 0)
        return blame(rig, "something else is started");
    if (!holds_program(rig, &rig->old_image) &&
        (has_files || rig->scenario->is_damaged || !holds_program(rig, &rig->new_image)))
        return blame(rig, "half an image is started");
    return true;
}

static bool judge_end(struct rig *rig)
{
    const bool has_files = rig->scenario->kind == UPDATE_FILES;

    if (nor_fault(rig->nor) != NOR_NO_FAULT)
        return blame(rig, "flash was used wrongly");
    if (!is_journal_clean(rig))
        return blame(rig, "the journal is not clean");
    if (!are_settings_untouched(rig))
        return blame(rig, "settings were overwritten");
    if (!has_old_files(rig) && !(has_files && has_new_files(rig)))
        return blame(rig, "files are neither old nor new");
    return true;
}

bool rig_has_arrived(struct rig *rig)
{
    const struct scenario *scenario = rig->scenario;

    if (scenario->kind == UPDATE_FILES)
        return has_new_files(rig) || blame(rig, "the files did not arrive");
    if (scenario->is_damaged || (scenario->is_trial && !scenario->confirms))
        return holds_program(rig, &rig->old_image) || blame(rig, "the old image is not there");
    return holds_program(rig, &rig->new_image) || blame(rig, "the new image did not arrive");
}

/* ---- Running ---- */

static void on_step(void *ctx, enum boot_step step, const struct boot_result *result)
{
    (void)ctx;
    (void)step;
    (void)result;
}

static void begin(struct rig *rig, const struct cut_plan *plan)
{
    memcpy(nor_bytes(rig->nor), rig->initial, rig->layout.flash_size);
    rtc_init(&rig->rtc, 1);
    power_on(&rig->power, plan, &rig->dead);
    rig->boots = 0;
    rig->verdict[0] = '\0';
    rig->is_sound = true;
    rig->is_ordered = false;
}

/* What the old program does at the end of an update. If power goes meanwhile, it
 * does not try again. */
static void order(struct rig *rig)
{
    const struct ud_journal_order order = {staged_at(rig), destination(rig), rig->staged.length};
    const struct ud_eboot_command command = {
        .action = UD_EBOOT_COPY_RAW,
        .source = order.source,
        .destination = order.destination,
        .size = order.size,
    };

    rig->is_ordered = true;
    const int error = rig->scenario->has_journal ? ud_journal_order(nor_flash(rig->nor), &order)
                                                 : ud_eboot_store(&rig->rtc.port, &command);
    if (error != UD_OK)
        abort();
}

/* Power comes back, RTC memory with or without its content. */
static void come_back(struct rig *rig, const struct cut_plan *next)
{
    if (!rig->power.plan.keeps_rtc)
        rtc_power_loss(&rig->rtc, rig->power.plan.seed + rig->boots);
    power_on(&rig->power, next, &rig->dead);
}

/* One boot, and what the program then does with it. Does not come back when
 * power goes. */
static void boot_once(struct rig *rig, struct boot_result *result)
{
    const struct boot_config config = {
        .flash = nor_flash(rig->nor),
        .rtc = &rig->rtc.port,
        .work = rig->work,
        .step = on_step,
    };

    /* Memory holds anything, as after power-on. */
    memset(rig->work, 0x5a, sizeof *rig->work);
    rig->boots++;
    boot_run(&config, result);
    if (result->outcome != BOOT_STARTS)
        return;
    rig->is_sound = rig->is_sound && judge_start(rig, result);
    if (result->action == BOOT_TRY && rig->scenario->confirms)
        (void)!ud_trial_confirm(nor_flash(rig->nor));
}

bool rig_run(struct rig *rig, const struct cut_plan *first, const struct cut_plan *second)
{
    struct boot_result result;

    begin(rig, first);
    rig->next = second;
    /* Back here whenever power goes. */
    if (setjmp(rig->dead) != 0) {
        come_back(rig, rig->next);
        rig->next = NULL;
    }
    if (!rig->is_ordered)
        order(rig);
    while (rig->is_sound && rig->boots < MAX_BOOTS) {
        boot_once(rig, &result);
        if (rig->is_sound && result.outcome == BOOT_STARTS && result.action == BOOT_START)
            return judge_end(rig);
    }
    return rig->is_sound ? blame(rig, "it does not settle") : false;
}

uint64_t rig_operations(const struct rig *rig)
{
    return rig->power.operations;
}
