#include "slots_story.h"

#include "device/port/bearssl/digest.h"
#include "updraft/updater.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BOOTS 10u
#define SEGMENT   1460u
#define ERASED    0xff

static bool blame(struct story *story, const char *what)
{
    if (story->verdict[0] == '\0')
        snprintf(story->verdict, sizeof story->verdict, "boot %u: %s", story->boots, what);
    return false;
}

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

/* ---- The beginning ---- */

static void put(struct story *story, uint8_t subtype, const struct image_bytes *image)
{
    const struct ud_partition partition = slots_rig_app(&story->chip, subtype);
    uint8_t *bytes = nor_bytes(story->chip.nor) + partition.offset;

    memset(bytes, ERASED, partition.size);
    memcpy(bytes, image->data, image->length);
}

/* Factory runs where there is one, and nothing was ever said; else slot 0, settled. */
static void put_old(struct story *story)
{
    const struct slots_setup *setup = &story->chapter->setup;

    put(story, setup->has_factory ? UD_APP_FACTORY : UD_APP_OTA_0, &story->old_image);
    must(slots_rig_boot(&story->chip) >= 0);
    must(ud_slots_confirm(&story->chip.slots) == UD_OK);
}

static struct ud_partition put_next(struct story *story, const struct image_bytes *image)
{
    struct ud_partition slot;

    must(ud_slots_next(&story->chip.slots, NULL, &slot) == UD_OK);
    must(slots_rig_update(&story->chip, &slot, image) == UD_OK);
    return slot;
}

static void put_new(struct story *story)
{
    const struct chapter *chapter = story->chapter;

    if (chapter->is_third_there) {
        (void)put_next(story, &story->newer_image);
        must(slots_rig_boot(&story->chip) >= 0);
    }
    const struct ud_partition slot = put_next(story, &story->new_image);
    if (chapter->is_on_trial)
        must(slots_rig_boot(&story->chip) == slot.subtype);
    if (chapter->is_new_broken)
        nor_bytes(story->chip.nor)[slot.offset + 0x200] ^= 1;
}

void story_open(struct story *story, const struct chapter *chapter)
{
    memset(story, 0, sizeof *story);
    story->chapter = chapter;
    slots_rig_open(&story->chip, &chapter->setup);
    story->old_image = slots_rig_build("1", 0);
    story->new_image = slots_rig_build("2", chapter->setup.has_security ? 2 : 0);
    story->newer_image = slots_rig_build("3", chapter->setup.has_security ? 2 : 0);
    put_old(story);
    if (chapter->is_new_there)
        put_new(story);
    story->initial_fuse = story->chip.fuse;
    story->initial = malloc(RIG_FLASH);
    must(story->initial != NULL);
    memcpy(story->initial, nor_bytes(story->chip.nor), RIG_FLASH);
}

void story_close(struct story *story)
{
    free(story->initial);
    image_free(&story->old_image);
    image_free(&story->new_image);
    image_free(&story->newer_image);
    slots_rig_close(&story->chip);
}

/* ---- What runs ---- */

static bool holds(const struct story *story, const struct image_bytes *image)
{
    const uint32_t offset = story->chip.result.partition.offset;

    return memcmp(nor_bytes(story->chip.nor) + offset, image->data, image->length) == 0;
}

/* '1', '2', '3', by every byte of what started; 0: it is none of them. */
static char version(const struct story *story)
{
    if (holds(story, &story->old_image))
        return '1';
    if (holds(story, &story->new_image))
        return '2';
    return holds(story, &story->newer_image) ? '3' : '\0';
}

/* ---- What programs do ---- */

static int install(struct story *story, const struct image_bytes *image, const char *md5)
{
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
    struct ud_updater updater;
    const struct ud_updater_config config = {
        .flash = story->chip.flash,
        .target = ud_slots_target(&story->chip.slots),
        .md5 = &ud_md5,
        .buffer = buffer,
        .buffer_size = sizeof buffer,
    };
    int error = ud_updater_init(&updater, &config);

    if (error == UD_OK)
        error = ud_updater_begin(&updater, UD_COMMAND_FIRMWARE, image->length);
    if (error == UD_OK && md5 != NULL)
        error = ud_updater_expect_md5(&updater, md5);
    for (uint32_t at = 0; at < image->length && error == UD_OK; at += SEGMENT) {
        const uint32_t left = image->length - at;
        error = ud_updater_write(&updater, image->data + at, left < SEGMENT ? left : SEGMENT);
    }
    return error != UD_OK ? error : ud_updater_end(&updater);
}

int story_update(struct story *story)
{
    return install(story, &story->new_image, NULL);
}

int story_refused(struct story *story)
{
    const int error = install(story, &story->new_image, "00000000000000000000000000000000");

    story->is_done = error == UD_ERR_MD5;
    return story->is_done ? UD_OK : error;
}

int story_update_twice(struct story *story)
{
    const int error = install(story, &story->newer_image, NULL);

    return error != UD_OK ? error : install(story, &story->new_image, NULL);
}

int story_confirm(struct story *story)
{
    const char runs = version(story);

    story->is_confirming = runs == '2';
    const int error = ud_slots_confirm(&story->chip.slots);
    story->confirmed = error == UD_OK ? runs : '\0';
    return error;
}

int story_reject(struct story *story)
{
    const int error = ud_slots_reject(&story->chip.slots);

    story->is_rejected = error == UD_OK;
    return error;
}

int story_switch(struct story *story)
{
    struct ud_partition slot;
    int error = ud_slots_next(&story->chip.slots, NULL, &slot);

    if (error == UD_OK)
        error = ud_slots_set_boot(&story->chip.slots, &slot);
    story->is_done = error == UD_OK;
    return error;
}

int story_factory(struct story *story)
{
    const struct ud_partition factory = slots_rig_app(&story->chip, UD_APP_FACTORY);

    const int error = ud_slots_set_boot(&story->chip.slots, &factory);

    story->is_done = error == UD_OK;
    return error;
}

/* ---- Judging ---- */

static bool is_kept(const struct story *story)
{
    enum ud_ota_state state;

    return ud_slots_state(&story->chip.slots, ud_slots_running(&story->chip.slots), &state) ==
               UD_OK &&
           state != UD_OTA_PENDING;
}

static bool judge_new(struct story *story)
{
    const struct chapter *chapter = story->chapter;

    if (story->is_rejected)
        return blame(story, "the program was rejected, and starts again");
    if (chapter->old == story_refused)
        return blame(story, "a program starts that was never committed");
    if (!chapter->setup.has_rollback)
        return true;
    if (story->new_starts++ > 0 && chapter->new == NULL)
        return blame(story, "a trial began twice");
    if (is_kept(story) && !story->is_confirming)
        return blame(story, "a program is kept that did not confirm itself");
    return true;
}

static bool judge_security(struct story *story, char runs)
{
    if (story->chip.fuse < story->fuse_seen)
        return blame(story, "the security version fell");
    story->fuse_seen = story->chip.fuse;
    if (story->chip.fuse > 0 && runs == '1')
        return blame(story, "a program below the security version starts");
    return true;
}

static bool judge_start(struct story *story, int started)
{
    const char runs = started < 0 ? '\0' : version(story);

    if (started < 0)
        return blame(story, "nothing starts");
    if (runs == '\0')
        return blame(story, "what starts is no whole program");
    if (runs == '3' && story->chapter->old != story_update_twice)
        return blame(story, "a program starts that nobody chose");
    if (story->confirmed != '\0' && runs != story->confirmed)
        return blame(story, "the program was confirmed, and another one starts");
    if (story->confirmed != '\0' && story->chip.result.has_fallen_back)
        return blame(story, "the program was confirmed, and another one was wanted");
    if (runs == '2' && !judge_new(story))
        return false;
    return judge_security(story, runs);
}

/* Nothing is forgotten either: of a trial that failed something is known. */
static bool judge_end(struct story *story)
{
    const struct chapter *chapter = story->chapter;
    const char runs = version(story);
    struct ud_partition slot;

    if (strchr(chapter->ends, runs) == NULL)
        return blame(story, "it ends with the wrong program");
    if (story->new_starts > 0 && runs == '1' && chapter->setup.has_rollback &&
        !chapter->is_new_broken && !chapter->holds_reset &&
        ud_slots_last_invalid(&story->chip.slots, &slot) != UD_OK)
        return blame(story, "nobody knows of the failed trial");
    if (nor_fault(story->chip.nor) != NOR_NO_FAULT)
        return blame(story, "flash was used against its rules");
    return true;
}

/* ---- Living ---- */

static void begin(struct story *story, const struct cut_plan *plan)
{
    memcpy(nor_bytes(story->chip.nor), story->initial, RIG_FLASH);
    story->chip.fuse = story->initial_fuse;
    story->chip.is_reset_held = story->chapter->holds_reset;
    story->boots = 0;
    story->new_starts = 0;
    story->fuse_seen = 0;
    story->confirmed = '\0';
    story->is_confirming = false;
    story->is_rejected = false;
    story->is_done = false;
    story->verdict[0] = '\0';
    power_on(&story->chip.power, plan, &story->dead);
}

/* True when what runs has something to do, and did it. */
static bool act(struct story *story)
{
    const struct chapter *chapter = story->chapter;
    const char runs = version(story);
    story_act *const acts = runs == '1' ? chapter->old : runs == '2' ? chapter->new : NULL;

    if (acts == NULL || story->is_done || story->confirmed != '\0')
        return false;
    const int error = acts(story);
    if (error != UD_OK && error != UD_ERR_STATE)
        (void)blame(story, "the library refused what was asked of it");
    return true;
}

bool story_run(struct story *story, const struct cut_plan *first, const struct cut_plan *second)
{
    const struct cut_plan *volatile next = second;

    begin(story, first);
    if (setjmp(story->dead) != 0) {
        power_on(&story->chip.power, next, &story->dead);
        next = NULL;
    }
    while (story->boots < MAX_BOOTS) {
        const uint64_t operations = story_operations(story);
        story->boots++;
        const int started = slots_rig_boot(&story->chip);
        story->chip.is_reset_held = false;
        if (!judge_start(story, started))
            return false;
        const bool has_acted = act(story);
        if (story->verdict[0] != '\0')
            return false;
        /* At rest is what changes nothing. */
        if (!has_acted && story_operations(story) == operations)
            return judge_end(story);
    }
    return blame(story, "it does not settle");
}

uint64_t story_operations(const struct story *story)
{
    return story->chip.power.operations;
}
