#include "ways.h"

#include "digest.h"
#include "esp_idf_version.h"
#include "esp_mac.h"
#include "updraft/hex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void print_mac(char text[WAYS_MAC_TEXT], esp_mac_type_t type)
{
    uint8_t mac[6] = {0};

    (void)esp_read_mac(mac, type);
    snprintf(text, WAYS_MAC_TEXT, "%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1], mac[2], mac[3],
             mac[4], mac[5]);
}

/* Servers know a program without a version by it. */
static int digest_program(const struct ud_slots *slots, uint32_t length, void *buffer,
                          char text[2 * UD_MD5_SIZE + 1])
{
    const uint32_t start = ud_slots_running(slots)->offset;
    uint8_t digest[UD_MD5_SIZE];
    struct ud_digest md5;

    ud_digest_begin(&md5, &updraft_md5);
    for (uint32_t at = 0; at < length; at += UD_FLASH_SECTOR) {
        const uint32_t left = length - at;
        const uint32_t part = left < UD_FLASH_SECTOR ? left : UD_FLASH_SECTOR;
        const int error = ud_flash_read(slots->config.flash, start + at, buffer, part);
        if (error != UD_OK)
            return error;
        ud_digest_add(&md5, buffer, part);
    }
    ud_digest_end(&md5, digest);
    ud_hex_encode(digest, sizeof digest, text);
    return UD_OK;
}

static void name_hash(const uint8_t hash[UD_SHA256_SIZE], char text[2 * UD_SHA256_SIZE + 1])
{
    ud_hex_encode(hash, UD_SHA256_SIZE, text);
    for (char *c = text; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

void ways_tell_abilities(const struct ud_slots *slots, const struct ud_keys *keys,
                         struct ways_identity *identity)
{
    char ring[UD_KEYS_TEXT_MAX] = "";

    if (keys != NULL)
        ud_keys_abilities(keys, ring);
    snprintf(identity->abilities, sizeof identity->abilities, "chip=%u retry%s",
             (unsigned)slots->config.chip_id, ring);
}

int ways_identify(struct ud_slots *slots, void *buffer, struct ways_identity *identity)
{
    uint8_t hash[UD_SHA256_SIZE];
    struct ud_partition next;
    int error = ud_slots_digest(slots, ud_slots_running(slots), hash);

    if (error != UD_OK)
        return error;
    const struct ud_image_report *report = &slots->image.parser.report;
    identity->description = slots->image.watch.description;
    error = digest_program(slots, report->length, buffer, identity->md5);
    if (error != UD_OK)
        return error;
    name_hash(hash, identity->sha256);
    print_mac(identity->sta_mac, ESP_MAC_WIFI_STA);
    print_mac(identity->ap_mac, ESP_MAC_WIFI_SOFTAP);
    identity->headers = (struct ud_pull_identity){
        .sta_mac = identity->sta_mac,
        .ap_mac = identity->ap_mac,
        .free_space = ud_slots_next(slots, NULL, &next) == UD_OK ? next.size : 0,
        .sketch_size = report->length,
        .sketch_md5 = identity->md5,
        .sketch_sha256 = identity->sha256,
        .chip_size = slots->config.flash->size,
        .sdk_version = esp_get_idf_version(),
        .abilities = identity->abilities,
    };
    return UD_OK;
}
