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

/* Of both digests the longer one counts, whichever comes first. */
static bool expect_digest(struct ud_form_client *client, const struct ud_digest_class *methods,
                          const struct ud_http_value *value)
{
    uint8_t digest[UD_DIGEST_MAX_SIZE];

    if (client->has_file || value->length != 2 * methods->size ||
        ud_hex_decode(value->text, digest, methods->size) != UD_OK)
        return false;
    if (client->expects == NULL || client->expects->size <= methods->size) {
        client->expects = methods;
        memcpy(client->digest, digest, methods->size);
    }
    return true;
}

bool ud_form_expect_md5(struct ud_form_client *client, struct ud_http_value *value)
{
    return expect_digest(client, client->form->config.updater->config.md5, value);
}

bool ud_form_expect_sha256(struct ud_form_client *client, struct ud_http_value *value)
{
    const struct ud_digest_class *sha256 = client->form->config.sha256;

    return sha256 != NULL && expect_digest(client, sha256, value);
}

/* ---- the file ---- */

static int begin(struct ud_form_client *client, enum ud_command command, uint32_t size)
{
    struct ud_updater *updater = client->form->config.updater;
    const int error = ud_updater_begin(updater, command, client->has_size ? client->size : size);

    if (error != UD_OK)
        return error;
    client->owns_session = true;
    return client->expects != NULL ? ud_updater_expect(updater, client->expects, client->digest)
                                   : UD_OK;
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
    if (!client->owns_session)
        return;
    const int error = ud_updater_write(client->form->config.updater, bytes, length);
    if (error != UD_OK)
        ud_form_answer_error(client, error);
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
    const int error = end(client);
    client->owns_session = false;
    if (error != UD_OK)
        ud_form_answer_error(client, error);
    else
        ud_form_answer_success(client);
}

void ud_form_file_drop(struct ud_form_client *client, int error)
{
    if (client->owns_session)
        ud_updater_abort(client->form->config.updater, error);
    client->owns_session = false;
}
