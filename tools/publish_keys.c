#include "tools/publish_keys.h"

#include "host/file.h"
#include "host/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC       "UDku"
#define MAGIC_BYTES 4u
#define SIZE_LIMIT  65536u /* far above any; the server says what is wrong with it */

bool publish_is_keys(const char *path)
{
    char start[MAGIC_BYTES];
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return false;
    const bool is_read = fread(start, 1, sizeof start, file) == sizeof start;
    fclose(file);
    return is_read && memcmp(start, MAGIC, sizeof start) == 0;
}

static int print_update(const json_t *update, long status)
{
    const bool adds = strcmp(operate_text(update, "action"), "add") == 0;

    printf("key update %lld of %s is published%s: %s %s; %lld device(s) have it\n",
           (long long)json_integer_value(json_object_get(update, "number")),
           operate_text(update, "product"), status == 201 ? "" : " already",
           adds ? "adds" : "revokes", operate_text(update, "key"),
           (long long)json_integer_value(json_object_get(update, "devices")));
    return EXIT_OK;
}

static int upload(struct api_client *client, const struct operate_options *options,
                  const struct file_bytes *bytes, const char *product)
{
    const struct api_parameter parameters[] = {{"product", product}, {NULL, NULL}};
    FILE *file = fmemopen(bytes->data, bytes->length, "rb");
    const struct api_upload body = {file, bytes->length, NULL, NULL};
    char *path = api_path("/key-updates", parameters);
    json_t *answer = NULL;
    long http_status;

    int status = file != NULL && path != NULL
                     ? api_post_file(client, path, &body, &answer, &http_status)
                     : report_failure("out of memory");
    if (status == EXIT_OK)
        status = options->json ? operate_print_json(answer) : print_update(answer, http_status);
    json_decref(answer);
    free(path);
    if (file != NULL)
        fclose(file);
    return status;
}

int publish_keys(const struct operate_options *options, const char *path, const char *product)
{
    struct api_client *client;
    struct file_bytes bytes;
    const int error = file_read(path, SIZE_LIMIT, &bytes);

    if (error != 0)
        return report_failure("%s: %s", path, strerror(-error));
    int status = api_open(&options->access, &client);
    if (status == EXIT_OK) {
        status = upload(client, options, &bytes, product);
        api_close(client);
    }
    free(bytes.data);
    return status;
}
