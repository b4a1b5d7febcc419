/* The page for browsers, at UD_FORM_PATH: who reaches the device may update it, as there is
 * no password.
 */
#ifndef FIRMWARE_NET_PAGE_H
#define FIRMWARE_NET_PAGE_H

#include "lwip/form.h"

#include <stdbool.h>
#include <stdint.h>

struct page {
    struct ud_form form;
    struct ud_lwip_form driver;
};

/* Opens the port, for ever. about's texts and the updater must outlive the page. False
 * when it cannot be had. */
bool page_open(struct page *page, struct ud_updater *updater, const struct ud_form_about *about,
               uint16_t port);

/* Does what can be done without waiting. True when an image was taken: the device must be
 * restarted. One that is not open, all zero, is fine. */
bool page_service(struct page *page, uint32_t now_ms);

#endif
