#include "firmware/net/page.h"

#include "bearssl/digest.h"
#include "esp8266-rom/rom.h"
#include "firmware/net/chance.h"
#include "updraft/form_page.h"

static bool open(struct page *page, struct updates *updates, const struct settings *settings)
{
    struct ud_form_config config = {
        .updater = &updates->updater,
        .page = ud_form_page,
        .page_length = ud_form_page_length,
        .user = settings->user,
        .password = settings->password,
        .sha256 = &ud_sha256,
        .digest_login = &ud_form_digest_login,
    };
    uint8_t random[UD_FORM_RANDOM];

    chance_bytes(random, sizeof random);
    return updates_about(updates, &config.about) == UD_OK &&
           ud_form_init(&page->form, &config, random) == UD_OK &&
           ud_lwip_form_open(&page->driver, &page->form, (uint16_t)settings->page_port);
}

void page_start(struct page *page, struct updates *updates, const struct settings *settings)
{
    if (settings->page_port == 0)
        return;
    if (open(page, updates, settings))
        ets_printf("page on port %u%s\n", (unsigned)settings->page_port,
                   settings->password[0] != '\0' ? ", with a password" : "");
    else
        ets_printf("no page: its port cannot be opened\n");
}

bool page_service(struct page *page, uint32_t now_ms)
{
    return ud_lwip_form_service(&page->driver, now_ms);
}
