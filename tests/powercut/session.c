#include "session.h"

#include "bearssl/digest.h"
#include "updraft/hex.h"
#include "updraft/staging.h"
#include "updraft/updater.h"

#define SEGMENT 1460u /* bytes of a TCP segment: they end where no sector does */

static void md5_text(const struct session *session, char text[UD_UPDATER_MD5_TEXT])
{
    struct ud_digest digest;
    uint8_t md5[UD_MD5_SIZE];

    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, session->data, session->length);
    ud_digest_end(&digest, md5);
    ud_hex_encode(md5, sizeof md5, text);
}

static int send(struct ud_updater *updater, const struct session *session)
{
    int error = UD_OK;

    for (uint32_t at = 0; at < session->length && error == UD_OK; at += SEGMENT) {
        const uint32_t left = session->length - at;
        error = ud_updater_write(updater, session->data + at, left < SEGMENT ? left : SEGMENT);
    }
    return error;
}

static int update(struct ud_updater *updater, const struct session *session)
{
    char md5[UD_UPDATER_MD5_TEXT];
    const enum ud_command command =
        session->has_files ? UD_COMMAND_FILESYSTEM : UD_COMMAND_FIRMWARE;
    int error = ud_updater_begin(updater, command, session->length);

    md5_text(session, md5);
    if (error == UD_OK)
        error = ud_updater_expect_md5(updater, md5);
    if (error == UD_OK)
        error = send(updater, session);
    return error != UD_OK ? error : ud_updater_end(updater);
}

int session_run(const struct session *session)
{
    const struct ud_staging_config staging_config = {
        .flash = session->flash,
        .rtc = session->rtc,
        .layout = *session->layout,
        .orders = session->has_journal ? &ud_staging_journal : NULL,
    };
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
    struct ud_staging staging;
    struct ud_updater updater;
    int error = ud_staging_init(&staging, &staging_config);

    if (error != UD_OK)
        return error;
    const struct ud_updater_config config = {
        .flash = session->flash,
        .target = ud_staging_target(&staging),
        .md5 = &ud_md5,
        .buffer = buffer,
        .buffer_size = sizeof buffer,
    };
    error = ud_updater_init(&updater, &config);
    return error != UD_OK ? error : update(&updater, session);
}
