#include "firmware/net/uploads.h"

#include "bearssl/digest.h"
#include "esp8266-rom/rom.h"
#include "firmware/net/chance.h"
#include "updraft/messages.h"

#include <stddef.h>

/* What went wrong, and the updater's own words where it knows more. */
static void failed(void *ctx, enum ud_espota_failure failure)
{
    static const char *const phases[] = {
        [UD_ESPOTA_AUTH_FAILED] = "did not prove the password",
        [UD_ESPOTA_BEGIN_FAILED] = "was not begun",
        [UD_ESPOTA_CONNECT_FAILED] = "came from where nobody listens",
        [UD_ESPOTA_RECEIVE_FAILED] = "was cut off",
        [UD_ESPOTA_END_FAILED] = "was not taken",
        [UD_ESPOTA_ERASE_FAILED] = "left settings as they are",
    };
    const struct uploads *uploads = ctx;
    char reason[UD_MESSAGE_MAX] = "";

    if (failure == UD_ESPOTA_BEGIN_FAILED || failure == UD_ESPOTA_END_FAILED)
        ud_updater_error_text(&uploads->updates->updater, reason, sizeof reason);
    ets_printf("an upload %s%s%s\n", phases[failure], reason[0] != '\0' ? ": " : "", reason);
}

static bool open(struct uploads *uploads, const struct settings *settings)
{
    const struct ud_espota_config config = {
        .updater = &uploads->updates->updater,
        .digest = settings->uses_sha256 ? &ud_sha256 : &ud_md5,
        .password = settings->password,
        .events = {.ctx = uploads, .error = failed},
    };

    return ud_espota_init(&uploads->espota, &config) == UD_OK &&
           ud_lwip_espota_open(&uploads->driver, &uploads->espota, (uint16_t)settings->upload_port,
                               chance_bytes);
}

void uploads_start(struct uploads *uploads, struct updates *updates,
                   const struct settings *settings)
{
    uploads->updates = updates;
    if (settings->upload_port == 0)
        return;
    if (open(uploads, settings))
        ets_printf("uploads on port %u%s\n", (unsigned)settings->upload_port,
                   settings->password[0] != '\0' ? ", with a password" : "");
    else
        ets_printf("no uploads: their port cannot be opened\n");
}

bool uploads_service(struct uploads *uploads, uint32_t now_ms)
{
    return ud_lwip_espota_service(&uploads->driver, now_ms);
}

bool uploads_are_busy(const struct uploads *uploads)
{
    return ud_lwip_espota_is_busy(&uploads->driver);
}
