#include "tools/operate.h"

#include "host/report.h"
#include "host/table.h"

#include <stdlib.h>
#include <string.h>

int operate_exit_status(enum options_result result)
{
    return result == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
}

int operate_print_json(const json_t *answer)
{
    char *text = json_dumps(answer, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    if (text == NULL)
        return report_failure("out of memory");
    printf("%s\n", text);
    free(text);
    return EXIT_OK;
}

const char *operate_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "-";
}

char *operate_join(const json_t *array)
{
    size_t size = 1, i;
    const json_t *item;

    json_array_foreach(array, i, item)
    {
        size += json_string_length(item) + 1;
    }
    char *text = calloc(1, size);
    json_array_foreach(array, i, item)
    {
        if (text == NULL || !json_is_string(item))
            continue;
        if (text[0] != '\0')
            strcat(text, ",");
        strcat(text, json_string_value(item));
    }
    return text;
}

int operate_print_table(struct table *table)
{
    const int result = table != NULL ? table_print(table, stdout, 0) : -1;

    if (table != NULL)
        table_free(table);
    return result == 0 ? EXIT_OK : report_failure("out of memory");
}

const char *operate_server(const struct operate_options *options)
{
    const char *server =
        options->access.server != NULL ? options->access.server : getenv("UPDRAFT_SERVER");

    return server != NULL && server[0] != '\0' ? server : API_SERVER_DEFAULT;
}

bool operate_path(char *path, size_t size, const char *kind, const char *name, const char *rest)
{
    const size_t length = strlen(name);

    if (length == 0 || length > 64 || name[0] == '.' ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != length)
        return false;
    snprintf(path, size, "/%s/%s%s", kind, name, rest);
    return true;
}

int operate_print_nothing(const struct operate_options *options, const json_t *answer)
{
    (void)options;
    (void)answer;
    return EXIT_OK;
}

int operate_ask(const struct operate_options *options, const char *method, const char *path,
                const json_t *body, operate_print *print)
{
    struct api_client *client;
    json_t *answer = NULL;
    int status = api_open(&options->access, &client);

    if (status != EXIT_OK)
        return status;
    status = api_call(client, method, path, body, &answer, NULL);
    if (status == EXIT_OK)
        status =
            options->json && answer != NULL ? operate_print_json(answer) : print(options, answer);
    json_decref(answer);
    api_close(client);
    return status;
}
