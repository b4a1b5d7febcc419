#include "server/policy/fit.h"

#include "server/model/abilities.h"

#include <string.h>

#define FLASH_SECTOR 4096u

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

enum policy_rule policy_judge_fit(const struct device_facts *facts, const struct release *release,
                                  const struct release_file **file)
{
    const struct release_image *image = &release->image;

    if (image->chip != facts->chip ||
        (facts->abilities.has_chip && strcmp(image->chip_name, device_chip_name(facts)) != 0))
        return RULE_OTHER_CHIP;
    if (image->flash_size > facts->chip_size)
        return RULE_FLASH_TOO_SMALL;
    return choose_file(facts, image, file);
}

bool policy_would_fit(const struct device_facts *facts, const struct release *release)
{
    const struct release_file *file;
    const enum policy_rule rule = policy_judge_fit(facts, release, &file);

    return rule == RULE_DUE || rule == RULE_FILE_MISSING;
}

/* Stock devices do not tell whose signatures they want: they get the first. How large
 * the file system may be, none of them tells. */
enum policy_rule policy_judge_files(const struct device_facts *facts, const struct release *release,
                                    const struct release_file **file)
{
    const struct release_image *image = &release->image;
    enum policy_rule rule = RULE_NO_FORM;

    *file = &image->fs[0];
    for (uint8_t i = 0; i < image->fs_count; i++) {
        if (facts->abilities.is_told ? !is_trusted(&facts->abilities, &image->fs[i]) : i > 0)
            continue;
        *file = &image->fs[i];
        rule = image->fs[i].is_missing                ? RULE_FILE_MISSING
               : image->fs[i].size > facts->chip_size ? RULE_FLASH_TOO_SMALL
                                                      : RULE_DUE;
        if (rule == RULE_DUE)
            return rule;
    }
    return rule;
}
