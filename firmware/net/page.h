/* The page for browsers, at UD_FORM_PATH: who knows the password may update the device, or
 * who reaches it, if there is none.
 */
#ifndef FIRMWARE_NET_PAGE_H
#define FIRMWARE_NET_PAGE_H

#include "firmware/net/updates.h"
#include "firmware/settings.h"
#include "lwip/form.h"

#include <stdbool.h>
#include <stdint.h>

struct page {
    struct ud_form form;
    struct ud_lwip_form driver;
};

/* Opens the port of the settings, if they have one, for ever. updates and settings must
 * outlive the page. */
void page_start(struct page *page, struct updates *updates, const struct settings *settings);

/* Does what can be done without waiting. True when an image was taken: the device must be
 * restarted. One that is not open, all zero, is fine. */
bool page_service(struct page *page, uint32_t now_ms);

#endif
