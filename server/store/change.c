#include "server/store/change.h"

#include <stdlib.h>

struct change *change_new(enum change_kind kind, mac_address device)
{
    struct change *change = calloc(1, sizeof *change);

    if (change == NULL)
        return NULL;
    change->kind = kind;
    change->device = device;
    return change;
}

struct change *change_new_account(enum account_change_kind kind)
{
    struct change *change = change_new(CHANGE_ACCOUNT, 0);
    struct account_change *account = calloc(1, sizeof *account);

    if (change == NULL || account == NULL) {
        free(change);
        free(account);
        return NULL;
    }
    account->kind = kind;
    change->as.account = account;
    return change;
}

struct change *change_new_webhook(enum webhook_change_kind kind)
{
    struct change *change = change_new(CHANGE_WEBHOOK, 0);
    struct webhook_change *webhook = calloc(1, sizeof *webhook);

    if (change == NULL || webhook == NULL) {
        free(change);
        free(webhook);
        return NULL;
    }
    webhook->kind = kind;
    change->as.webhook = webhook;
    return change;
}

void change_free(struct change *change)
{
    if (change == NULL)
        return;
    if (change_has_release(change))
        free(change->as.release);
    if (change_has_rollout(change))
        free(change->as.rollout);
    if (change_has_ring_update(change))
        free(change->as.ring_update);
    if (change->kind == CHANGE_ACCOUNT)
        free(change->as.account);
    if (change->kind == CHANGE_HEARD)
        free(change->as.heard);
    free(change->event);
    if (change->kind == CHANGE_WEBHOOK)
        free(change->as.webhook);
    delivery_free_list(change->deliveries);
    free(change->audit);
    free(change);
}

bool change_has_release(const struct change *change)
{
    return change->kind == CHANGE_RELEASE || change->kind == CHANGE_NEWEST ||
           change->kind == CHANGE_FILE || change->kind == CHANGE_FS_FILE ||
           change->kind == CHANGE_EDIT;
}

bool change_has_rollout(const struct change *change)
{
    return change->kind == CHANGE_ROLLOUT || change->kind == CHANGE_PROGRESS;
}

bool change_has_ring_update(const struct change *change)
{
    return change->kind == CHANGE_RING_UPDATE || change->kind == CHANGE_RING_WITHDRAWN;
}

static uint32_t *account_number(struct account_change *account)
{
    if (account->kind == ACCOUNT_TOKEN)
        return &account->as.token.id;
    return account->kind == ACCOUNT_SECRET ? &account->as.secret.id : NULL;
}

uint32_t *change_number(const struct change *change)
{
    if (change->kind == CHANGE_ROLLOUT)
        return &change->as.rollout->id;
    if (change->kind == CHANGE_RING_UPDATE)
        return &change->as.ring_update->id;
    if (change->kind == CHANGE_ACCOUNT)
        return account_number(change->as.account);
    if (change->kind == CHANGE_WEBHOOK && change->as.webhook->kind == WEBHOOK_ADD)
        return &change->as.webhook->webhook.id;
    return NULL;
}
