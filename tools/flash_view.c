#include "tools/flash_view.h"

#include <string.h>

static int view_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    const struct flash_view *view = ctx;

    memcpy(data, view->bytes + address, length);
    return 0;
}

static int view_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    const struct flash_view *view = ctx;
    const uint8_t *bytes = data;

    if (view->writable == NULL)
        return -1;
    for (uint32_t i = 0; i < length; i++)
        view->writable[address + i] &= bytes[i];
    return 0;
}

static int view_erase(void *ctx, uint32_t address, uint32_t length)
{
    const struct flash_view *view = ctx;

    if (view->writable == NULL)
        return -1;
    memset(view->writable + address, 0xff, length);
    return 0;
}

bool flash_view_init(struct flash_view *view, const uint8_t *bytes, size_t length)
{
    if (length == 0 || length % UD_FLASH_SECTOR || length > UINT32_MAX)
        return false;
    view->bytes = bytes;
    view->writable = NULL;
    view->port = (struct ud_flash){
        .ctx = view,
        .size = (uint32_t)length,
        .read = view_read,
        .program = view_program,
        .erase = view_erase,
    };
    return true;
}

bool flash_view_init_writable(struct flash_view *view, uint8_t *bytes, size_t length)
{
    const bool is_whole = flash_view_init(view, bytes, length);

    view->writable = bytes;
    return is_whole;
}
