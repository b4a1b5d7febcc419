#include "server/policy/target.h"

#include <string.h>

#define FLASH_SECTOR 4096u

/* A state for each rule, and whether the release is sent. */
static const struct {
    enum device_state state;
    bool offer;
} outcomes[RULE_COUNT] = {
    [RULE_NEVER_SEEN] = {STATE_NEVER_SEEN, false},
    [RULE_NO_PRODUCT] = {STATE_UNASSIGNED, false},
    [RULE_NO_SUCH_PIN] = {STATE_NO_RELEASE, false},
    [RULE_NO_RELEASE] = {STATE_NO_RELEASE, false},
    [RULE_SAME_VERSION] = {STATE_CURRENT, false},
    [RULE_SAME_DIGEST] = {STATE_CURRENT, false},
    [RULE_FILE_MISSING] = {STATE_UNFIT, false},
    [RULE_OTHER_CHIP] = {STATE_UNFIT, false},
    [RULE_FLASH_TOO_SMALL] = {STATE_UNFIT, false},
    [RULE_NO_SPACE] = {STATE_UNFIT, false},
    [RULE_NO_ROOM_TO_INFLATE] = {STATE_UNFIT, false},
    [RULE_NO_FORM] = {STATE_UNFIT, false},
    [RULE_HELD_BACK] = {STATE_FAILING, false},
    [RULE_NOT_IN_ROLLOUT] = {STATE_WAITING, false},
    [RULE_STAGE_TO_COME] = {STATE_WAITING, false},
    [RULE_ROLLOUT_STOPPED] = {STATE_WAITING, false},
    [RULE_OUTSIDE_WINDOW] = {STATE_WAITING, false},
    [RULE_BUSY] = {STATE_WAITING, false},
    [RULE_ON_ITS_WAY] = {STATE_UPDATING, true},
    [RULE_DUE] = {STATE_DUE, true},
};

static const char *const state_names[STATE_COUNT] = {
    [STATE_UNASSIGNED] = "unassigned",
    [STATE_NEVER_SEEN] = "never-seen",
    [STATE_NO_RELEASE] = "no-release",
    [STATE_CURRENT] = "current",
    [STATE_DUE] = "due",
    [STATE_WAITING] = "waiting",
    [STATE_UPDATING] = "updating",
    [STATE_FAILING] = "failing",
    [STATE_UNFIT] = "unfit",
};

const char *policy_state_name(enum device_state state)
{
    return (unsigned)state < STATE_COUNT ? state_names[state] : NULL;
}

const char *policy_product(const struct policy_device *device)
{
    if (device->assignment.product != NULL)
        return device->assignment.product;
    return device->group != NULL ? device->group->product : NULL;
}

bool policy_runs_image(const struct device_facts *facts, const struct release_digests *digests)
{
    for (unsigned i = 0; facts->has_md5 && i < digests->md5_count; i++)
        if (memcmp(facts->sketch_md5, digests->md5[i], UD_MD5_SIZE) == 0)
            return true;
    for (unsigned i = 0; facts->has_sha256 && i < digests->sha256_count; i++)
        if (memcmp(facts->sketch_sha256, digests->sha256[i], UD_SHA256_SIZE) == 0)
            return true;
    return false;
}

static uint64_t round_up(uint64_t size)
{
    return (size + FLASH_SECTOR - 1) / FLASH_SECTOR * FLASH_SECTOR;
}

/* An ESP8266 stages the file, in whole sectors, at the end of its free space;
 * an ESP32 writes it to a slot of that size. */
static bool is_there_space(const struct device_facts *facts, const struct release_file *file)
{
    const uint64_t size = facts->chip == UD_CHIP_ESP8266 ? round_up(file->size) : file->size;

    return size <= facts->free_space;
}

/* The bootloader inflates over the running sketch towards the staged file and
 * must not reach what it has not read. */
static bool is_there_room_to_inflate(const struct device_facts *facts,
                                     const struct release_file *file)
{
    const uint64_t staging_end = round_up(facts->sketch_size) + facts->free_space;

    return !file->compressed || file->inflate_lead <= staging_end - round_up(file->size);
}

static bool is_trusted(const struct device_abilities *abilities, const struct release_file *file)
{
    if (!abilities->verifies)
        return true;
    if (!file->is_signed || !file->has_signer)
        return file->is_signed;
    for (uint8_t i = 0; i < abilities->key_count; i++)
        if (memcmp(abilities->keys[i], file->signer, UD_KEY_ID_SIZE) == 0)
            return true;
    return abilities->key_count == 0;
}

/* Does this form suit the device? Stock devices do not tell. Of the further forms
 * they are offered those that at worst are refused: not a signature behind gzip,
 * whose length the stock bootloader takes for the image's. */
static bool is_suitable(const struct device_facts *facts, const struct release_image *image,
                        const struct release_file *file)
{
    const struct device_abilities *abilities = &facts->abilities;

    if (!abilities->is_told)
        return file == &image->files[0] || !(file->compressed && file->is_signed);
    return (abilities->takes_gzip || !file->compressed) && is_trusted(abilities, file);
}

static enum policy_rule judge_file(const struct device_facts *facts,
                                   const struct release_file *file)
{
    if (file->is_missing)
        return RULE_FILE_MISSING;
    if (!is_there_space(facts, file))
        return RULE_NO_SPACE;
    return is_there_room_to_inflate(facts, file) ? RULE_DUE : RULE_NO_ROOM_TO_INFLATE;
}

/* Devices that tell what they take get the smallest file, others the first. */
static bool is_better(const struct device_facts *facts, const struct release_file *file,
                      const struct release_file *than)
{
    return than == NULL || (facts->abilities.is_told && file->size < than->size);
}

/* The form for this device. Where none will do, one to show and what is wrong
 * with it. */
static enum policy_rule choose_file(const struct device_facts *facts,
                                    const struct release_image *image,
                                    const struct release_file **chosen)
{
    const struct release_file *fitting = NULL;
    enum policy_rule rule = RULE_NO_FORM;

    *chosen = &image->files[0];
    for (uint8_t i = 0; i < image->file_count; i++) {
        const struct release_file *file = &image->files[i];
        if (!is_suitable(facts, image, file))
            continue;
        const enum policy_rule fit = judge_file(facts, file);
        if (fit == RULE_DUE && is_better(facts, file, fitting))
            fitting = file;
        if (rule == RULE_NO_FORM) {
            rule = fit;
            *chosen = file;
        }
    }
    if (fitting == NULL)
        return rule;
    *chosen = fitting;
    return RULE_DUE;
}

static enum policy_rule judge_fit(const struct device_facts *facts, const struct release *release,
                                  const struct release_file **file)
{
    const struct release_image *image = &release->image;

    if (image->chip != facts->chip)
        return RULE_OTHER_CHIP;
    if (image->flash_size > facts->chip_size)
        return RULE_FLASH_TOO_SMALL;
    return choose_file(facts, image, file);
}

bool policy_runs(const struct device_facts *facts, const struct release *release)
{
    if (facts->version[0] != '\0')
        return strcmp(facts->version, release->version) == 0;
    return policy_runs_image(facts, &release->image.digests);
}

bool policy_fits(const struct device_facts *facts, const struct release *release)
{
    const struct release_file *file;

    return judge_fit(facts, release, &file) == RULE_DUE;
}

bool policy_has_failed(const struct policy_device *device, const struct release *release,
                       const struct rollout *rollout)
{
    const bool was_offered = device->offers.release == release->id;

    if (!was_offered || device->on_its_way)
        return false;
    if (rollout != NULL && device->part.rollout == rollout->id &&
        device->part.comebacks >= rollout->attempts)
        return true;
    return device->offers.count >= POLICY_OFFERS_MAX;
}

/* The release suits the device, which does not run it. Is now the time? */
static enum policy_rule judge_time(const struct policy_device *device,
                                   const struct policy_target *target)
{
    const bool was_offered = device->offers.release == target->release->id;

    if (target->obstacle != RULE_DUE)
        return target->obstacle;
    if (policy_has_failed(device, target->release, target->rollout))
        return RULE_HELD_BACK;
    if (device->load != LOAD_LIGHT)
        return RULE_BUSY;
    if (was_offered && device->on_its_way)
        return RULE_ON_ITS_WAY;
    if (target->rollout != NULL && !rollout_is_in_window(&target->rollout->window, device->now_ms))
        return RULE_OUTSIDE_WINDOW;
    return RULE_DUE;
}

static enum policy_rule judge(const struct policy_device *device,
                              const struct policy_target *target, const struct release_file **file)
{
    const struct device_facts *facts = device->facts;

    if (policy_runs(facts, target->release))
        return facts->version[0] != '\0' ? RULE_SAME_VERSION : RULE_SAME_DIGEST;
    const enum policy_rule fit = judge_fit(facts, target->release, file);
    return fit == RULE_DUE ? judge_time(device, target) : fit;
}

static enum policy_rule choose_rule(const struct policy_device *device, const char *product,
                                    const struct policy_target *target,
                                    const struct release_file **file)
{
    if (device->facts == NULL)
        return RULE_NEVER_SEEN;
    if (product == NULL)
        return RULE_NO_PRODUCT;
    if (target->release == NULL)
        return target->is_pinned ? RULE_NO_SUCH_PIN : RULE_NO_RELEASE;
    return judge(device, target, file);
}

struct policy_decision policy_decide(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue)
{
    const struct policy_target target = policy_find_target(device, catalogue);
    const struct release *release = target.release;
    const struct release_file *file = release != NULL ? &release->image.files[0] : NULL;
    const enum policy_rule rule = choose_rule(device, policy_product(device), &target, &file);

    return (struct policy_decision){
        .rule = rule,
        .state = outcomes[rule].state,
        .target = release,
        .file = file,
        .rollout = target.rollout,
        .later = target.later,
        .offer = outcomes[rule].offer,
        .offers =
            release != NULL && device->offers.release == release->id ? device->offers.count : 0,
    };
}
