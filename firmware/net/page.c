#include "firmware/net/page.h"

#include "bearssl/digest.h"
#include "firmware/net/chance.h"
#include "updraft/form_page.h"

bool page_open(struct page *page, struct ud_updater *updater, const struct ud_form_about *about,
               uint16_t port)
{
    const struct ud_form_config config = {
        .updater = updater,
        .page = ud_form_page,
        .page_length = ud_form_page_length,
        .sha256 = &ud_sha256,
        .about = *about,
    };
    uint8_t random[UD_FORM_RANDOM];

    chance_bytes(random, sizeof random);
    return ud_form_init(&page->form, &config, random) == UD_OK &&
           ud_lwip_form_open(&page->driver, &page->form, port);
}

bool page_service(struct page *page, uint32_t now_ms)
{
    return ud_lwip_form_service(&page->driver, now_ms);
}
