#include "server/operator_api/views.h"

#include "server/model/abilities.h"
#include "server/model/address.h"
#include "server/model/clock.h"
#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>

json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

json_t *time_or_null(int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];

    return ms != 0 ? json_string(clock_format(ms, text)) : json_null();
}

static json_t *digest(bool is_known, const uint8_t *bytes, uint32_t length)
{
    char text[2 * UD_DIGEST_MAX_SIZE + 1];

    if (!is_known)
        return json_null();
    ud_hex_encode(bytes, length, text);
    return json_string(text);
}

static json_t *mac(mac_address address)
{
    char text[MAC_TEXT_SIZE];

    return json_string(mac_format(address, text));
}

static json_t *chip_id(const struct device_facts *facts)
{
    char text[12];

    if (!facts->has_chip_id)
        return json_null();
    snprintf(text, sizeof text, "%u", facts->chip_id);
    return json_string(text);
}

static json_t *address(const uint8_t bytes[16])
{
    char text[ADDRESS_TEXT_SIZE];

    return json_string(address_format(bytes, text));
}

static const char *mode_name(enum device_mode mode)
{
    static const char *const names[] = {[DEVICE_MODE_NONE] = NULL,
                                        [DEVICE_MODE_SKETCH] = "sketch",
                                        [DEVICE_MODE_SPIFFS] = "spiffs",
                                        [DEVICE_MODE_VERSION] = "version"};

    return (unsigned)mode < sizeof names / sizeof names[0] ? names[mode] : NULL;
}

static json_t *number_if(bool is_known, json_int_t value)
{
    return is_known ? json_integer(value) : json_null();
}

static json_t *view_abilities(const struct device_abilities *abilities)
{
    json_t *keys = abilities->verifies ? json_array() : json_null();

    if (!abilities->is_told) {
        json_decref(keys);
        return json_null();
    }
    for (uint8_t i = 0; i < abilities->key_count; i++)
        json_array_append_new(keys, digest(true, abilities->keys[i], UD_KEY_ID_SIZE));
    return json_pack("{sb so so}", "gzip", abilities->takes_gzip, "keys", keys, "ring",
                     number_if(abilities->has_ring, abilities->ring));
}

/* The key update that is next for a device. */
static json_t *view_keys(const struct policy_keys *keys)
{
    if (keys->update == NULL)
        return json_null();
    return json_pack("{sI ss si}", "number", (json_int_t)keys->update->number, "state",
                     keys->rule == RULE_DUE ? "due" : "failing", "attempts", (int)keys->offers);
}

static json_t *view_facts(const struct device_view *device)
{
    const struct device_facts *facts = &device->facts;
    const bool is_known = device->last_seen_ms != 0;

    return json_pack("{so so so so so so so so so so}",                                    //
                     "chip_id", chip_id(facts),                                            //
                     "ap_mac", is_known ? mac(facts->ap_mac) : json_null(),                //
                     "free_space", number_if(is_known, facts->free_space),                 //
                     "sketch_size", number_if(is_known, facts->sketch_size),               //
                     "sketch_md5", digest(facts->has_md5, facts->sketch_md5, UD_MD5_SIZE), //
                     "sketch_sha256",
                     digest(facts->has_sha256, facts->sketch_sha256, UD_SHA256_SIZE), //
                     "chip_size", number_if(is_known, facts->chip_size),              //
                     "sdk_version", text_or_null(facts->sdk_version),                 //
                     "mode", text_or_null(mode_name(facts->mode)),                    //
                     "abilities", view_abilities(&facts->abilities));
}

static json_t *view_transfer(const struct device_view *device)
{
    if (device->transfer_size == 0)
        return json_null();
    return json_pack("{sI sI}", "sent", (json_int_t)device->transfer_sent, "size",
                     (json_int_t)device->transfer_size);
}

static json_t *view_tags(const char *tags)
{
    json_t *array = json_array();

    while (tags != NULL && *tags != '\0') {
        const size_t length = strcspn(tags, " ");
        json_array_append_new(array, json_stringn(tags, length));
        tags += length;
        tags += strspn(tags, " ");
    }
    return array;
}

static json_t *view_offset(struct utc_offset offset)
{
    return number_if(offset.is_set, offset.minutes);
}

json_t *view_device(const struct device_view *device)
{
    const struct policy_decision *decision = &device->decision;
    const struct release *target = decision->target, *next = decision->next;

    return json_pack(
        "{so ss ss so so so so so sb so so so sb so so so so so si so so so so so so}", //
        "mac", mac(device->mac),                                                        //
        "state", policy_state_name(decision->state),                                    //
        "reason", device->reason,                                                       //
        "chip", text_or_null(device_chip_name(&device->facts)),                         //
        "product", text_or_null(device->product),                                       //
        "group", text_or_null(device->assignment.group),                                //
        "channel", text_or_null(device->assignment.channel),                            //
        "pin", text_or_null(device->assignment.pin),                                    //
        "downgrade", device->assignment.downgrade,                                      //
        "tags", view_tags(device->assignment.tags), "alias", text_or_null(device->assignment.alias),
        "notes", text_or_null(device->assignment.comment), "decommissioned",
        device->assignment.is_decommissioned, "utc_offset_minutes",
        view_offset(device->assignment.offset), "version", text_or_null(device->version), //
        "target", text_or_null(target != NULL ? target->version : NULL),                  //
        "next", text_or_null(next != target ? next->version : NULL),                      //
        "rollout", number_if(device->rollout != 0, device->rollout),                      //
        "attempts", (int)decision->offers, "key_update", view_keys(&decision->keys),      //
        "download", view_transfer(device),                                                //
        "first_seen", time_or_null(device->first_seen_ms),                                //
        "last_seen", time_or_null(device->last_seen_ms),                                  //
        "address",                                                                        //
        device->last_seen_ms != 0 ? address(device->facts.address) : json_null(),         //
        "facts", view_facts(device));
}

static const char *flash_mode_name(uint8_t mode)
{
    static const char *const names[] = {"qio", "qout", "dio", "dout"};

    return mode < sizeof names / sizeof names[0] ? names[mode] : NULL;
}

static json_t *view_description(const struct release_image *image)
{
    if (!image->has_description)
        return json_null();
    return json_pack("{so so so so}",                         //
                     "project", text_or_null(image->project), //
                     "version", text_or_null(image->version), //
                     "sdk", text_or_null(image->sdk),         //
                     "built", text_or_null(image->built));
}

static json_t *view_signer(const struct release_file *file)
{
    return digest(file->has_signer, file->signer, UD_KEY_ID_SIZE);
}

json_t *view_release_file(const struct release_file *file)
{
    return json_pack("{sI sb sb so so so}",                       //
                     "size", (json_int_t)file->size,              //
                     "compressed", file->compressed,              //
                     "signed", file->is_signed,                   //
                     "signed_by", view_signer(file),              //
                     "md5", digest(true, file->md5, UD_MD5_SIZE), //
                     "sha256", digest(true, file->sha256, UD_SHA256_SIZE));
}

static json_t *view_files(const struct release_image *image)
{
    json_t *files = json_array();

    for (uint8_t i = 0; i < image->file_count; i++)
        json_array_append_new(files, view_release_file(&image->files[i]));
    return files;
}

static json_t *view_filesystem(const struct release_image *image)
{
    json_t *files = json_array();

    for (uint8_t i = 0; i < image->fs_count; i++)
        json_array_append_new(files, view_release_file(&image->fs[i]));
    if (image->fs_count > 0)
        return json_pack("{sb so}", "first", image->fs_first, "files", files);
    json_decref(files);
    return json_null();
}

json_t *view_release(const struct release *release, size_t devices)
{
    const struct release_image *image = &release->image;
    const struct release_file *file = &image->files[0];

    return json_pack("{sI ss ss ss ss so so so ss so ss so so sI sI sb sb so so so so so so sI}", //
                     "id", (json_int_t)release->id,                                               //
                     "product", release->product,                                                 //
                     "version", release->version,                                                 //
                     "channel", release->channel,                                                 //
                     "state", release_state_name(release->state),                                 //
                     "reason", text_or_null(release->reason),                                     //
                     "requires", text_or_null(release->requires),                                 //
                     "notes", text_or_null(release->notes),                                       //
                     "name", release->name,                                                       //
                     "published", time_or_null(release->published_ms),                            //
                     "chip", image->chip_name,                                                    //
                     "flash_mode", text_or_null(flash_mode_name(image->flash_mode)),              //
                     "flash_size", number_if(image->flash_size != 0, image->flash_size),          //
                     "size", (json_int_t)file->size,                                              //
                     "image_size", (json_int_t)image->image_size,                                 //
                     "compressed", file->compressed,                                              //
                     "signed", file->is_signed,                                                   //
                     "signed_by", view_signer(file),                                              //
                     "md5", digest(true, file->md5, UD_MD5_SIZE),                                 //
                     "sha256", digest(true, file->sha256, UD_SHA256_SIZE),                        //
                     "files", view_files(image),                                                  //
                     "filesystem", view_filesystem(image), "description",
                     view_description(image), //
                     "devices", (json_int_t)devices);
}

json_t *view_key_update(const struct ring_update *update, size_t devices)
{
    return json_pack("{sI ss sI ss so ss so sI so sI}",                             //
                     "id", (json_int_t)update->id,                                  //
                     "product", update->product,                                    //
                     "number", (json_int_t)update->number,                          //
                     "action", update->action == KEY_UPDATE_ADD ? "add" : "revoke", //
                     "key", digest(true, update->key, UD_KEY_ID_SIZE),              //
                     "state", update->is_withdrawn ? "withdrawn" : "live",          //
                     "published", time_or_null(update->published_ms),               //
                     "size", (json_int_t)update->length,                            //
                     "sha256", digest(true, update->sha256, UD_SHA256_SIZE),        //
                     "devices", (json_int_t)devices);
}

json_t *view_group(const struct group *group, size_t devices)
{
    return json_pack("{ss so so so sb so so sI}",             //
                     "name", group->name,                     //
                     "product", text_or_null(group->product), //
                     "channel", text_or_null(group->channel), //
                     "pin", text_or_null(group->pin),         //
                     "downgrade", group->downgrade,           //
                     "utc_offset_minutes", view_offset(group->offset), "accept",
                     text_or_null(group->accept), "devices", (json_int_t)devices);
}

struct target_count {
    uint32_t release;
    size_t devices;
};

static void count_target(void *ctx, const struct device_view *device)
{
    struct target_count *count = ctx;

    if (device->decision.target != NULL && device->decision.target->id == count->release)
        count->devices++;
}

size_t count_targets(struct fleet *fleet, uint32_t release)
{
    struct target_count count = {release, 0};

    fleet_count_devices(fleet, count_target, &count);
    return count.devices;
}
