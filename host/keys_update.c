#include "host/keys_update.h"

#include "host/sign.h"
#include "updraft/endian.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC   0x756b4455u /* "UDku" */
#define VERSION 1u

/* Offsets of the header's fields. */
#define AT_VERSION 4u
#define AT_ACTION  5u
#define AT_LENGTH  6u
#define AT_NUMBER  8u
#define AT_PRODUCT 16u
#define HEADER     80u

static void put_header(const struct key_update *update, size_t body_length, uint8_t header[HEADER])
{
    memset(header, 0, HEADER);
    ud_put_u32(header, MAGIC);
    header[AT_VERSION] = VERSION;
    header[AT_ACTION] = (uint8_t)update->action;
    ud_put_u16(header + AT_LENGTH, (uint16_t)body_length);
    ud_put_u32(header + AT_NUMBER, update->number);
    memcpy(header + AT_PRODUCT, update->product, strlen(update->product));
}

static int assemble(const struct key_update *update, const struct file_bytes *body,
                    struct file_bytes *content, char error[KEY_ERROR_SIZE])
{
    uint8_t *data = malloc(HEADER + body->length);
    if (!data) {
        snprintf(error, KEY_ERROR_SIZE, "out of memory");
        return -1;
    }
    put_header(update, body->length, data);
    memcpy(data + HEADER, body->data, body->length);
    *content = (struct file_bytes){data, HEADER + body->length};
    return 0;
}

int key_update_make(const struct key_update *update, struct file_bytes *content,
                    char error[KEY_ERROR_SIZE])
{
    uint8_t id[KEY_ID_SIZE];
    struct file_bytes body = {id, sizeof id};
    if (strlen(update->product) > KEY_UPDATE_PRODUCT_MAX) {
        snprintf(error, KEY_ERROR_SIZE, "a product's name has at most %u bytes",
                 KEY_UPDATE_PRODUCT_MAX);
        return -1;
    }
    if (update->action == KEY_UPDATE_REVOKE)
        return key_id(update->subject, id, error) == 0 ? assemble(update, &body, content, error)
                                                       : -1;
    if (key_der(update->subject, &body, error) != 0)
        return -1;
    const int result = assemble(update, &body, content, error);
    free(body.data);
    return result;
}

/* --- reading --- */

/* The file ends with the body, or with a signature trailer after it. */
static bool find_signature(const struct file_bytes *file, size_t body_length,
                           struct key_update_facts *facts)
{
    const size_t after = file->length - HEADER - body_length;
    facts->signature_length = 0;
    if (after == 0)
        return true;
    facts->signature_length = sign_announced_length(file);
    return facts->signature_length > 0 && after == facts->signature_length + SIGN_LENGTH_WORD;
}

static bool read_body(const uint8_t *body, size_t length, struct key_update_facts *facts)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (facts->action == KEY_UPDATE_REVOKE && length == KEY_ID_SIZE) {
        memcpy(facts->id, body, KEY_ID_SIZE);
        return true;
    }
    if (facts->action != KEY_UPDATE_ADD ||
        EVP_Digest(body, length, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    memcpy(facts->id, digest, KEY_ID_SIZE);
    return true;
}

bool key_update_read(const struct file_bytes *file, struct key_update_facts *facts)
{
    const uint8_t *header = file->data;
    if (file->length < HEADER || ud_get_u32(header) != MAGIC || header[AT_VERSION] != VERSION)
        return false;
    const size_t body_length = ud_get_u16(header + AT_LENGTH);
    if (body_length > file->length - HEADER)
        return false;
    facts->action = (enum key_update_action)header[AT_ACTION];
    facts->number = ud_get_u32(header + AT_NUMBER);
    memcpy(facts->product, header + AT_PRODUCT, KEY_UPDATE_PRODUCT_MAX);
    facts->product[KEY_UPDATE_PRODUCT_MAX] = '\0';
    return find_signature(file, body_length, facts) &&
           read_body(header + HEADER, body_length, facts);
}
