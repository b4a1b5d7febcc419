#include "tools/devices_pages.h"

#include "host/mac.h"
#include "host/report.h"

#include <stdlib.h>
#include <string.h>

/* Devices. What a server does for a page is more with more devices, wherever the page begins. */
#define PAGE 5000

/* EXIT_OK or, reported, an exit status. */
static int ask(struct api_client *client, const struct devices_choice *choice, const char *after,
               json_t **answer)
{
    char limit[16];
    snprintf(limit, sizeof limit, "%d", PAGE);
    const struct api_parameter parameters[] = {{"product", choice->product},
                                               {"group", choice->group},
                                               {"state", choice->state},
                                               {"filter", choice->filter},
                                               {"limit", limit},
                                               {"after", after},
                                               {NULL, NULL}};
    char *path = api_path("/devices", parameters);
    const int status = path != NULL ? api_call(client, "GET", path, NULL, answer, NULL)
                                    : report_failure("out of memory");

    free(path);
    return status;
}

static const char *mac_of(const json_t *devices, size_t index)
{
    const char *mac = json_string_value(json_object_get(json_array_get(devices, index), "mac"));

    return mac != NULL && strlen(mac) < MAC_TEXT_SIZE ? mac : "";
}

/* Moves on to the last of a full page. False: it was none, and so the last. */
static bool move_on(const json_t *devices, char last[MAC_TEXT_SIZE])
{
    if (json_array_size(devices) != PAGE)
        return false;
    strcpy(last, mac_of(devices, PAGE - 1));
    return true;
}

int devices_each_page(struct api_client *client, const struct devices_choice *choice,
                      devices_take *take, void *ctx)
{
    char last[MAC_TEXT_SIZE] = "";
    bool has_more = true;
    int status = EXIT_OK;

    while (status == EXIT_OK && has_more) {
        json_t *answer = NULL;
        status = ask(client, choice, last[0] != '\0' ? last : NULL, &answer);
        const json_t *devices = json_object_get(answer, "devices");
        /* A server that knows no pages has sent all there are before, and sends them again. */
        has_more = last[0] == '\0' || strcmp(mac_of(devices, 0), last) > 0;
        if (status == EXIT_OK && has_more && !take(ctx, devices))
            status = report_failure("out of memory");
        has_more = has_more && move_on(devices, last);
        json_decref(answer);
    }
    return status;
}

struct writing {
    FILE *out;
    size_t flags;
    devices_shape *shape;
    bool has_begun, has_some;
};

static bool write_page(void *ctx, const json_t *devices)
{
    struct writing *writing = ctx;
    json_t *device;
    size_t i;

    if (!writing->has_begun)
        fputs("{\"devices\": [", writing->out);
    writing->has_begun = true;
    json_array_foreach(devices, i, device)
    {
        json_t *shaped = writing->shape(device);
        char *text = shaped != NULL ? json_dumps(shaped, writing->flags) : NULL;
        json_decref(shaped);
        if (text == NULL)
            return false;
        fprintf(writing->out, "%s%s", writing->has_some ? ",\n" : "\n", text);
        writing->has_some = true;
        free(text);
    }
    return true;
}

int devices_write_json(struct api_client *client, const struct devices_choice *choice, FILE *out,
                       size_t flags, devices_shape *shape)
{
    struct writing writing = {.out = out, .flags = flags, .shape = shape};
    const int status = devices_each_page(client, choice, write_page, &writing);

    if (status == EXIT_OK)
        fputs("\n]}\n", out);
    return status;
}
