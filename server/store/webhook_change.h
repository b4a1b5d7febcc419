/* Changes to webhooks, and what became of attempts to deliver. */
#ifndef SERVER_STORE_WEBHOOK_CHANGE_H
#define SERVER_STORE_WEBHOOK_CHANGE_H

#include "server/model/webhook.h"

enum webhook_change_kind {
    WEBHOOK_ADD,    /* webhook. Conflict: there is one of that id */
    WEBHOOK_SET,    /* webhook, all of it. Conflict: there is none */
    WEBHOOK_REMOVE, /* webhook's id; its deliveries go, too. Conflict: there is none */
    WEBHOOK_TRIED,  /* webhook's and delivery's state; nothing happens if they are gone */
    WEBHOOK_TEST,   /* nothing but the delivery that comes with the change */
};

struct webhook_change {
    enum webhook_change_kind kind;
    struct webhook webhook;
    struct delivery delivery; /* without its body */
};

#endif
