#include "tools/flash_view.h"

#include <string.h>

static int view_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    const struct flash_view *view = ctx;

    memcpy(data, view->bytes + address, length);
    return 0;
}

static int refuse_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    (void)ctx;
    (void)address;
    (void)data;
    (void)length;
    return -1;
}

static int refuse_erase(void *ctx, uint32_t address, uint32_t length)
{
    (void)ctx;
    (void)address;
    (void)length;
    return -1;
}

bool flash_view_init(struct flash_view *view, const uint8_t *bytes, size_t length)
{
    if (length == 0 || length % UD_FLASH_SECTOR || length > UINT32_MAX)
        return false;
    view->bytes = bytes;
    view->port = (struct ud_flash){
        .ctx = view,
        .size = (uint32_t)length,
        .read = view_read,
        .program = refuse_program,
        .erase = refuse_erase,
    };
    return true;
}
