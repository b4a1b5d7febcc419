#include "server/model/ring_update.h"

#include <openssl/evp.h>
#include <string.h>

static bool note_digests(struct ring_update *update)
{
    return EVP_Digest(update->bytes, update->length, update->sha256, NULL, EVP_sha256(), NULL) ==
               1 &&
           EVP_Digest(update->bytes, update->length, update->md5, NULL, EVP_md5(), NULL) == 1;
}

const char *ring_update_read(const void *bytes, size_t length, struct ring_update *update)
{
    struct key_update_facts facts;

    if (length == 0 || length > sizeof update->bytes)
        return "it is no key update";
    memcpy(update->bytes, bytes, length);
    update->length = (uint32_t)length;
    if (!key_update_read(&(struct file_bytes){update->bytes, length}, &facts) || facts.number == 0)
        return "it is no key update: make one with updraft key add or revoke";
    if (facts.signature_length == 0)
        return "it is not signed: make it with updraft key, which signs it";
    if (facts.product[0] != '\0' && !name_is_valid(facts.product))
        return "the product it is for has no name that the server can have";
    update->number = facts.number;
    update->action = facts.action;
    memcpy(update->product, facts.product, sizeof update->product);
    memcpy(update->key, facts.id, sizeof update->key);
    return note_digests(update) ? NULL : "its digests cannot be computed";
}
