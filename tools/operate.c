#include "tools/operate.h"

#include "host/report.h"

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
