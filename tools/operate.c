#include "tools/operate.h"

#include "host/report.h"

#include <stdlib.h>

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
