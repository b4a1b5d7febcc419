#include "firmware/settings.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"

#include <string.h>

#define AT_CRC     4u
#define AT_VERSION 8u /* what the CRC is over begins here */
#define AT_LENGTH  10u
#define AT_POLL    12u
#define AT_TRIAL   16u
#define AT_PAGE    20u
#define AT_URL     24u
#define AT_PIN     280u

_Static_assert(AT_URL + SETTINGS_URL_MAX == AT_PIN, "the pin comes after the URL");
_Static_assert(AT_PIN + UD_SHA256_SIZE == SETTINGS_SIZE, "and last");
_Static_assert(SETTINGS_SIZE % UD_FLASH_WORD == 0, "flash takes words");

static uint32_t crc_of(const uint8_t bytes[SETTINGS_SIZE])
{
    return ud_crc32_reflected(0, bytes + AT_VERSION, SETTINGS_SIZE - AT_VERSION);
}

int settings_encode(const struct settings *settings, uint8_t bytes[SETTINGS_SIZE])
{
    const char *end = memchr(settings->url, '\0', sizeof settings->url);

    if (end == NULL || settings->poll_s == 0)
        return UD_ERR_ARGUMENT;
    memset(bytes, 0, SETTINGS_SIZE);
    memcpy(bytes + AT_URL, settings->url, (size_t)(end - settings->url));
    ud_put_u32(bytes, SETTINGS_MAGIC);
    ud_put_u16(bytes + AT_VERSION, SETTINGS_VERSION);
    ud_put_u16(bytes + AT_LENGTH, (uint16_t)(end - settings->url));
    ud_put_u32(bytes + AT_POLL, settings->poll_s);
    ud_put_u32(bytes + AT_TRIAL, settings->trial_s);
    ud_put_u32(bytes + AT_PAGE, settings->page_port);
    memcpy(bytes + AT_PIN, settings->pin, sizeof settings->pin);
    ud_put_u32(bytes + AT_CRC, crc_of(bytes));
    return UD_OK;
}

int settings_decode(const uint8_t bytes[SETTINGS_SIZE], struct settings *settings)
{
    const uint32_t length = ud_get_u16(bytes + AT_LENGTH);

    if (ud_get_u32(bytes) != SETTINGS_MAGIC || ud_get_u32(bytes + AT_CRC) != crc_of(bytes) ||
        ud_get_u16(bytes + AT_VERSION) != SETTINGS_VERSION || length >= SETTINGS_URL_MAX ||
        memchr(bytes + AT_URL, '\0', length) != NULL || ud_get_u32(bytes + AT_POLL) == 0 ||
        ud_get_u32(bytes + AT_PAGE) > UINT16_MAX)
        return UD_ERR_ARGUMENT;
    memset(settings->url, 0, sizeof settings->url);
    memcpy(settings->url, bytes + AT_URL, length);
    memcpy(settings->pin, bytes + AT_PIN, sizeof settings->pin);
    settings->poll_s = ud_get_u32(bytes + AT_POLL);
    settings->trial_s = ud_get_u32(bytes + AT_TRIAL);
    settings->page_port = ud_get_u16(bytes + AT_PAGE);
    return UD_OK;
}

int settings_load(const struct ud_flash *flash, uint32_t address, struct settings *settings)
{
    uint32_t words[SETTINGS_SIZE / sizeof(uint32_t)];
    const int error = ud_flash_read(flash, address, words, sizeof words);

    return error != UD_OK ? error : settings_decode((const uint8_t *)words, settings);
}
