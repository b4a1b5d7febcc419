#include "mdns_internal.h"

#include "text.h"

#include "updraft/service.h"

#include <stddef.h>

#define DIGITS_MAX 6u /* of "-65535" */

struct node {
    uint8_t parent;
    char label[10]; /* empty: the device's own name */
};

static const struct node nodes[MDNS_NAMES] = {
    [MDNS_LOCAL] = {MDNS_ROOT, "local"},       [MDNS_TCP] = {MDNS_LOCAL, "_tcp"},
    [MDNS_UDP] = {MDNS_LOCAL, "_udp"},         [MDNS_DNS_SD] = {MDNS_UDP, "_dns-sd"},
    [MDNS_TYPES] = {MDNS_DNS_SD, "_services"}, [MDNS_UPLOADS] = {MDNS_TCP, "_arduino"},
    [MDNS_PAGES] = {MDNS_TCP, "_http"},        [MDNS_HOST] = {MDNS_LOCAL, ""},
    [MDNS_UPLOAD] = {MDNS_UPLOADS, ""},        [MDNS_PAGE] = {MDNS_PAGES, ""},
};

enum mdns_name ud_mdns_parent(enum mdns_name name)
{
    return (enum mdns_name)nodes[name].parent;
}

/* The end of a long name makes room for its number. */
void ud_mdns_name(const struct ud_mdns *mdns, char name[UD_MDNS_NAME_MAX])
{
    struct ud_text text;

    ud_text_begin(&text, name,
                  mdns->number == 0 ? UD_MDNS_NAME_MAX : UD_MDNS_NAME_MAX - DIGITS_MAX);
    ud_text_add(&text, mdns->config.name);
    if (mdns->number == 0)
        return;
    text.size = UD_MDNS_NAME_MAX;
    ud_text_add(&text, "-");
    ud_text_add_decimal(&text, mdns->number);
}

void ud_mdns_label(const struct ud_mdns *mdns, enum mdns_name name, char label[UD_MDNS_NAME_MAX])
{
    struct ud_text text;

    if (nodes[name].label[0] == '\0') {
        ud_mdns_name(mdns, label);
        return;
    }
    ud_text_begin(&text, label, UD_MDNS_NAME_MAX);
    ud_text_add(&text, nodes[name].label);
}
