/* What the task of ways.c has; for the component's own files. */
#ifndef UPDRAFT_ESP_IDF_WAYS_H
#define UPDRAFT_ESP_IDF_WAYS_H

#include "posix/espota.h"
#include "posix/form.h"
#include "posix/pull.h"
#include "updraft/slots.h"
#include "updraft/updater.h"
#include "updraft_esp.h"

#define WAYS_MAC_TEXT  18u /* "34:85:18:00:00:01" with its NUL */
#define WAYS_ABILITIES (sizeof "chip=65535 retry" + UD_KEYS_TEXT_MAX)

/* What the program says of itself to a server. */
struct ways_identity {
    struct ud_pull_identity headers; /* points into the rest */
    struct ud_image_description description;
    char sta_mac[WAYS_MAC_TEXT];
    char ap_mac[WAYS_MAC_TEXT];
    char md5[2 * UD_MD5_SIZE + 1];
    char sha256[2 * UD_SHA256_SIZE + 1];
    char abilities[WAYS_ABILITIES];
};

struct ways {
    struct updraft_config config;
    struct ud_slots *slots;
    struct ways_identity identity;
    bool is_asking;
    uint32_t poll_ms; /* when the next check-in is due */
    struct ud_updater updater;
    struct ud_pull pull;
    struct ud_posix_pull pull_driver;
    struct ud_espota espota;
    struct ud_posix_espota uploads;
    struct ud_form form;
    struct ud_posix_form pages;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
};

/* ---- ways_identity.c ---- */

/* With the slots entered. UD_OK, or what reading the running program gave. buffer: of
 * UD_FLASH_SECTOR bytes, free to use. */
int ways_identify(struct ud_slots *slots, void *buffer, struct ways_identity *identity);

/* Puts together what servers are told of what the program takes; keys may be null. */
void ways_tell_abilities(const struct ud_slots *slots, const struct ud_keys *keys,
                         struct ways_identity *identity);

#endif
