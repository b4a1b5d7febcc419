#include "form_parts.h"

#include "chars.h"

#include "updraft/hex.h"

#include <stddef.h>
#include <string.h>

/* ---- what is expected of the file ---- */

bool ud_form_expect_size(struct ud_form_client *client, struct ud_http_value *value)
{
    client->has_size = true;
    return !client->has_file &&
           ud_decimal(value->text, value->length, &client->size) == UD_DECIMAL_GOOD;
}

bool ud_form_expect_md5(struct ud_form_client *client, struct ud_http_value *value)
{
    uint8_t digest[UD_MD5_SIZE];

    client->has_md5 = true;
    if (client->has_file || value->length != sizeof client->md5 - 1 ||
        ud_hex_decode(value->text, digest, sizeof digest) != UD_OK)
        return false;
    memcpy(client->md5, value->text, value->length);
    client->md5[value->length] = '\0';
    return true;
}

bool ud_form_expect_sha256(struct ud_form_client *client, struct ud_http_value *value)
{
    client->has_sha256 = true;
    return !client->has_file && client->form->config.sha256 != NULL &&
           value->length == 2 * sizeof client->sha256 &&
           ud_hex_decode(value->text, client->sha256, sizeof client->sha256) == UD_OK;
}

/* ---- the file ---- */

static int begin(struct ud_form_client *client, enum ud_command command, uint32_t size)
{
    struct ud_form *form = client->form;
    struct ud_updater *updater = form->config.updater;
    const int error = ud_updater_begin(updater, command, client->has_size ? client->size : size);

    if (error != UD_OK)
        return error;
    client->owns_session = true;
    if (client->has_sha256)
        ud_digest_begin(&form->digest, form->config.sha256);
    return client->has_md5 ? ud_updater_expect_md5(updater, client->md5) : UD_OK;
}

void ud_form_file_begin(struct ud_form_client *client, enum ud_command command, uint32_t size)
{
    if (client->has_file) {
        ud_form_answer_words(client, 400, "One file at a time");
        return;
    }
    client->has_file = true;
    const int error = begin(client, command, size);
    if (error != UD_OK)
        ud_form_answer_error(client, error);
}

/* After an error there is nothing to write to. */
void ud_form_file_write(struct ud_form_client *client, const uint8_t *bytes, uint32_t length)
{
    struct ud_form *form = client->form;

    if (!client->owns_session)
        return;
    const int error = ud_updater_write(form->config.updater, bytes, length);
    if (error != UD_OK)
        ud_form_answer_error(client, error);
    else if (client->has_sha256)
        ud_digest_add(&form->digest, bytes, length);
}

static bool is_sha256_right(struct ud_form_client *client)
{
    uint8_t digest[UD_SHA256_SIZE];

    if (!client->has_sha256)
        return true;
    ud_digest_end(&client->form->digest, digest);
    return memcmp(digest, client->sha256, sizeof digest) == 0;
}

static int end(struct ud_form_client *client)
{
    struct ud_updater *updater = client->form->config.updater;
    const int error = client->has_size ? UD_OK : ud_updater_truncate(updater);

    return error != UD_OK ? error : ud_updater_end(updater);
}

void ud_form_file_end(struct ud_form_client *client)
{
    if (!client->has_file) {
        ud_form_answer_error(client, UD_ERR_NO_DATA);
        return;
    }
    if (!is_sha256_right(client)) {
        ud_form_answer_words(client, 422, "SHA-256 verification failed");
        return;
    }
    const int error = end(client);
    client->owns_session = false;
    if (error != UD_OK)
        ud_form_answer_error(client, error);
    else
        ud_form_answer_success(client);
}
