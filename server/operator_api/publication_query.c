/* What a request to publish asks for. */
#include "server/operator_api/handlers.h"
#include "server/operator_api/publication.h"

#include "updraft/hex.h"

#include <string.h>

/* A name for downloads: nothing that a header or a file system takes amiss. */
static bool is_file_name(const char *name)
{
    const size_t length = strlen(name);

    if (length == 0 || length >= RELEASE_FILE_NAME_SIZE || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] < ' ' || name[i] > '~' || strchr("\"\\/;", name[i]) != NULL)
            return false;
    return true;
}

/* The public key in the query: its DER form in hexadecimal. False, and answered,
 * when it is malformed. */
static bool read_key(struct publication *publication)
{
    const char *text = http_query(publication->request, "key");
    uint8_t der[UD_KEY_DER_MAX];
    char error[KEY_ERROR_SIZE] = "key must be a public key's DER form in hexadecimal";

    if (text == NULL)
        return true;
    const size_t length = strlen(text) / 2;
    const struct file_bytes bytes = {der, length};
    if (length <= sizeof der && strlen(text) % 2 == 0 &&
        ud_hex_decode(text, der, (uint32_t)length) == UD_OK)
        publication->has_key = key_parse_public(&bytes, "key", &publication->key, error) == 0;
    if (!publication->has_key)
        answer_error(publication->request, 400, "%s", error);
    return publication->has_key;
}

/* A query may hold any bytes. */
static bool are_notes(const char *notes)
{
    json_t *text = json_string(notes);
    const bool is_utf8 = text != NULL;

    json_decref(text);
    return is_utf8 && notes_are_valid(notes);
}

bool publication_read_query(struct publication *publication)
{
    struct http_request *request = publication->request;
    const char *part = http_query(request, "part");

    publication->product = http_query(request, "product");
    publication->version = http_query(request, "version");
    publication->name = http_query(request, "name");
    publication->channel = http_query(request, "channel");
    publication->requires = http_query(request, "requires");
    publication->notes = http_query(request, "notes");
    publication->is_draft = http_query(request, "draft") != NULL;
    publication->goes_first = http_query(request, "first") != NULL;
    publication->is_filesystem = part != NULL;
    if (publication->channel == NULL)
        publication->channel = CHANNEL_DEFAULT;
    if (part != NULL && (strcmp(part, "filesystem") != 0 || publication->product == NULL ||
                         publication->version == NULL))
        answer_error(request, 400, "part is filesystem, with the product and version it is for");
    else if (publication->product != NULL && !name_is_valid(publication->product))
        answer_error(request, 400, "product must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!name_is_valid(publication->channel))
        answer_error(request, 400, "channel must be 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (publication->version != NULL && !version_is_valid(publication->version))
        answer_error(request, 400, "version must be 1 to 32 printable characters without spaces");
    else if (publication->requires != NULL && !version_is_valid(publication->requires))
        answer_error(request, 400, "requires must be a version");
    else if (publication->notes != NULL && !are_notes(publication->notes))
        answer_error(request, 400, "notes must be at most %d bytes of UTF-8 text",
                     RELEASE_NOTES_SIZE - 1);
    else if (publication->name != NULL && !is_file_name(publication->name))
        answer_error(request, 400, "name must be a file name of 1 to 128 printable characters");
    else
        return read_key(publication);
    return false;
}
