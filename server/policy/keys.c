#include "server/policy/keys.h"

#include "server/policy/fit.h"

#include <string.h>

/* The product's live update of this number; null when there is none. */
static const struct ring_update *find_update(const struct policy_catalogue *catalogue,
                                             const char *product, uint32_t number)
{
    for (size_t i = 0; i < catalogue->ring_update_count; i++) {
        const struct ring_update *update = catalogue->ring_updates[i];
        if (!update->is_withdrawn && update->number == number &&
            strcmp(update->product, product) == 0)
            return update;
    }
    return NULL;
}

/* The place of a key among those the device tells; their count when it is none of them. */
static uint8_t place_of(const struct device_abilities *abilities, const uint8_t id[UD_KEY_ID_SIZE])
{
    uint8_t place = 0;

    while (place < abilities->key_count && memcmp(abilities->keys[place], id, UD_KEY_ID_SIZE) != 0)
        place++;
    return place;
}

/* It would be refused: the device trusts the key to be added, or not the one to be revoked. */
static bool is_moot(const struct device_abilities *abilities, const struct ring_update *update)
{
    const bool is_trusted = place_of(abilities, update->key) < abilities->key_count;

    return abilities->key_count > 0 && is_trusted == (update->action == KEY_UPDATE_ADD);
}

static const struct ring_update *next_update(const struct device_abilities *abilities,
                                             const char *product,
                                             const struct policy_catalogue *catalogue)
{
    if (!abilities->has_ring || abilities->ring == UINT32_MAX)
        return NULL;
    const struct ring_update *update = find_update(catalogue, product, abilities->ring + 1);
    return update != NULL && !is_moot(abilities, update) ? update : NULL;
}

struct policy_keys policy_judge_keys(const struct policy_device *device,
                                     const struct policy_catalogue *catalogue)
{
    const char *product = policy_product(device);
    struct policy_keys keys = {.rule = RULE_NO_RELEASE};

    if (product == NULL || device->facts == NULL || device->assignment.is_decommissioned)
        return keys;
    keys.update = next_update(&device->facts->abilities, product, catalogue);
    if (keys.update == NULL)
        return keys;
    if (device->ring.offered == keys.update->id)
        keys.offers = device->ring.offers;
    keys.rule = keys.offers < POLICY_OFFERS_MAX ? RULE_DUE : RULE_KEYS_HELD;
    return keys;
}

/* What the device will tell when it has carried the update out. */
static void carry_out(struct device_abilities *abilities, const struct ring_update *update)
{
    const uint8_t place = place_of(abilities, update->key);

    abilities->ring = update->number;
    if (abilities->key_count == 0)
        return;
    if (update->action == KEY_UPDATE_REVOKE) {
        abilities->key_count--;
        memcpy(abilities->keys[place], abilities->keys[abilities->key_count], UD_KEY_ID_SIZE);
    } else if (abilities->key_count < DEVICE_KEYS_MAX) {
        memcpy(abilities->keys[abilities->key_count++], update->key, UD_KEY_ID_SIZE);
    } else {
        abilities->key_count = 0; /* more than are told: any signature may do */
    }
}

static bool fits_after_updates(const struct policy_device *device, const struct release *release,
                               const struct policy_catalogue *catalogue)
{
    struct device_facts facts = *device->facts;
    const struct ring_update *update;

    while ((update = next_update(&facts.abilities, release->product, catalogue)) != NULL) {
        carry_out(&facts.abilities, update);
        if (policy_would_fit(&facts, release))
            return true;
    }
    return false;
}

enum policy_rule policy_judge_fit_with_keys(const struct policy_device *device,
                                            const struct release *release,
                                            const struct policy_catalogue *catalogue,
                                            const struct release_file **file)
{
    const enum policy_rule rule = policy_judge_fit(device->facts, release, file);

    if (rule != RULE_NO_FORM)
        return rule;
    const struct policy_keys keys = policy_judge_keys(device, catalogue);
    if (keys.update == NULL || !fits_after_updates(device, release, catalogue))
        return rule;
    return keys.rule == RULE_DUE ? RULE_KEYS_FIRST : RULE_KEYS_HELD;
}

bool policy_fits_with_keys(const struct policy_device *device, const struct release *release,
                           const struct policy_catalogue *catalogue)
{
    const struct release_file *file;
    const enum policy_rule rule = policy_judge_fit_with_keys(device, release, catalogue, &file);

    return rule == RULE_DUE || rule == RULE_KEYS_FIRST;
}
