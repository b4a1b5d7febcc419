#include "sim/rtc.h"

#include "sim/prng.h"

#include <stdbool.h>
#include <string.h>

static bool is_sound(uint32_t offset, const void *data, uint32_t length)
{
    return offset % sizeof(uint32_t) == 0 && length % sizeof(uint32_t) == 0 &&
           (uintptr_t)data % sizeof(uint32_t) == 0 && offset <= UD_EBOOT_BLOCK_SIZE &&
           length <= UD_EBOOT_BLOCK_SIZE - offset;
}

static int rtc_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    const struct rtc *rtc = ctx;

    if (!is_sound(offset, data, length))
        return -1;
    memcpy(data, (const uint8_t *)rtc->words + offset, length);
    return 0;
}

static int rtc_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    struct rtc *rtc = ctx;

    if (!is_sound(offset, data, length))
        return -1;
    memcpy((uint8_t *)rtc->words + offset, data, length);
    return 0;
}

void rtc_init(struct rtc *rtc, uint32_t seed)
{
    rtc->port = (struct ud_rtc){.ctx = rtc, .read = rtc_read, .write = rtc_write};
    rtc_power_loss(rtc, seed);
}

void rtc_power_loss(struct rtc *rtc, uint32_t seed)
{
    struct prng prng = {seed};

    for (uint32_t i = 0; i < UD_EBOOT_BLOCK_WORDS; i++)
        rtc->words[i] = (uint32_t)prng_next(&prng);
}
