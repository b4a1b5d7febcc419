#include "espota_rig.h"

#include "updraft/hex.h"

#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- events ---- */

static void failed(void *ctx, enum ud_espota_failure failure)
{
    struct espota_rig *rig = ctx;

    rig->failure = (int)failure;
    rig->failures++;
}

static void ended(void *ctx)
{
    ((struct espota_rig *)ctx)->ends++;
}

static int erase_settings(void *ctx)
{
    struct espota_rig *rig = ctx;

    rig->erases++;
    return rig->erase_error;
}

/* ---- life ---- */

static void init_rest(struct espota_rig *rig)
{
    rig->failure = RIG_NOT_FAILED;
    rig->stretch_rounds = UINT32_MAX;
    rig->config = (struct ud_espota_config){
        .updater = &rig->device.updater,
        .erase_ctx = rig,
        .events = {rig, failed, ended},
    };
    memset(&rig->espota, 0xa5, sizeof rig->espota); /* as memory is before init */
}

void espota_rig_init(struct espota_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rig_init(&rig->device, &(struct rig_setup){0});
    init_rest(rig);
}

void espota_rig_renew(struct espota_rig *rig)
{
    *rig = (struct espota_rig){.device = rig->device};
    rig_renew(&rig->device, &(struct rig_setup){0});
    init_rest(rig);
}

void espota_rig_free(struct espota_rig *rig)
{
    rig_free(&rig->device);
}

void espota_rig_start(struct espota_rig *rig)
{
    if (rig->erase_error != UD_OK)
        rig->config.erase_settings = erase_settings;
    assert_int_equal(ud_espota_init(&rig->espota, &rig->config), UD_OK);
    assert_int_equal(ud_espota_want(&rig->espota), 0);
}

/* ---- driving ---- */

struct ud_espota_peer espota_rig_peer(uint8_t host, uint16_t port)
{
    return (struct ud_espota_peer){.address = {host}, .port = port};
}

static void say(struct espota_rig *rig, const char *mark, const char *text, uint32_t length)
{
    const size_t said = strlen(rig->said);

    assert_true(length > 0);
    assert_true(said + length + 4 < sizeof rig->said);
    sprintf(rig->said + said, "%s %.*s\n", mark, (int)length, text);
}

void espota_rig_serve(struct espota_rig *rig)
{
    unsigned want;

    while ((want = ud_espota_want(&rig->espota) &
                   (UD_ESPOTA_REPLY | UD_ESPOTA_SEND | UD_ESPOTA_STRETCH)) != 0) {
        uint32_t length;
        const char *text = ud_espota_send_buffer(&rig->espota, &length);

        assert_int_equal(want & (want - 1), 0); /* one of them at a time */
        if (want == UD_ESPOTA_STRETCH) {
            ud_espota_stretch(&rig->espota, &rig->key, rig->stretch_rounds, rig->now_ms);
            continue;
        }
        say(rig, want == UD_ESPOTA_REPLY ? ">" : "<", text, length);
        if (want == UD_ESPOTA_REPLY)
            rig->replied_to = *ud_espota_peer(&rig->espota);
        ud_espota_sent(&rig->espota, length, rig->now_ms);
    }
}

void espota_rig_hear(struct espota_rig *rig, uint8_t host, const char *text)
{
    const struct ud_espota_peer from = espota_rig_peer(host, RIG_INVITER_PORT);

    ud_espota_datagram(&rig->espota, &from, text, (uint32_t)strlen(text), rig->random, rig->now_ms);
    espota_rig_serve(rig);
}

void espota_rig_receive(struct espota_rig *rig, const void *data, uint32_t length, uint32_t step)
{
    const uint8_t *next = data;

    if (step == 0)
        step = length;
    while (length > 0) {
        const uint32_t part = length < step ? length : step;
        ud_espota_received(&rig->espota, next, part, rig->now_ms);
        /* Counts of single bytes would fill pages; they add up meanwhile. */
        if (step > 100 || length <= part)
            espota_rig_serve(rig);
        next += part;
        length -= part;
    }
}

bool espota_rig_wait(struct espota_rig *rig)
{
    uint32_t deadline_ms;

    if (!ud_espota_deadline(&rig->espota, &deadline_ms))
        return false;
    rig->now_ms = deadline_ms;
    ud_espota_tick(&rig->espota, rig->now_ms);
    espota_rig_serve(rig);
    return true;
}

/* ---- looking ---- */

void espota_rig_forget(struct espota_rig *rig)
{
    rig->said[0] = '\0';
}

uint32_t espota_rig_counted(const struct espota_rig *rig)
{
    uint32_t sum = 0;

    for (const char *line = rig->said; (line = strstr(line, "< ")) != NULL; line += 2)
        sum += (uint32_t)strtoul(line + 2, NULL, 10);
    return sum;
}

void espota_rig_invitation(char *text, enum ud_command command, const void *data, uint32_t length)
{
    uint8_t md5[UD_MD5_SIZE];
    char digits[UD_UPDATER_MD5_TEXT];

    assert_int_equal(EVP_Digest(data, length, md5, NULL, EVP_md5(), NULL), 1);
    ud_hex_encode(md5, sizeof md5, digits);
    sprintf(text, "%d 48266 %u %s\n", (int)command, length, digits);
}
