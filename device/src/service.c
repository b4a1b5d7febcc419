#include "updraft/service.h"

#include "text.h"

#include "updraft/hex.h"

#include <stddef.h>

void ud_service_name(enum ud_chip chip, const uint8_t mac[6], char name[UD_SERVICE_NAME_MAX])
{
    const uint32_t skipped = chip == UD_CHIP_ESP32 ? 0 : 3; /* an ESP8266's chip id is its end */
    char digits[2 * 6 + 1];
    struct ud_text text;

    ud_hex_encode(mac + skipped, 6 - skipped, digits);
    ud_text_begin(&text, name, UD_SERVICE_NAME_MAX);
    ud_text_add(&text, chip == UD_CHIP_ESP32 ? "esp32-" : "esp8266-");
    ud_text_add(&text, digits);
}

void ud_service_text(enum ud_chip chip, const char *board, bool needs_password, uint32_t index,
                     char out[UD_SERVICE_TEXT_MAX])
{
    enum { BOARD, TCP_CHECK, SSH_UPLOAD, AUTH_UPLOAD };
    static const uint8_t esp8266_order[UD_SERVICE_TEXTS] = {TCP_CHECK, SSH_UPLOAD, BOARD,
                                                            AUTH_UPLOAD};
    const uint32_t which = chip == UD_CHIP_ESP32 ? index : esp8266_order[index % UD_SERVICE_TEXTS];
    struct ud_text text;

    ud_text_begin(&text, out, UD_SERVICE_TEXT_MAX);
    if (which == TCP_CHECK)
        ud_text_add(&text, "tcp_check=no");
    else if (which == SSH_UPLOAD)
        ud_text_add(&text, "ssh_upload=no");
    else if (which == AUTH_UPLOAD)
        ud_text_add(&text, needs_password ? "auth_upload=yes" : "auth_upload=no");
    if (which != BOARD)
        return;
    ud_text_add(&text, "board=");
    if (board != NULL)
        ud_text_add(&text, board);
    else
        ud_text_add(&text, chip == UD_CHIP_ESP32 ? "esp32" : "generic");
}
