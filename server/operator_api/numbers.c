/* Numbers in what operators ask for. */
#include "server/operator_api/handlers.h"

#include "host/number.h"

#include <string.h>

bool path_id(const char *name, uint32_t *id)
{
    return name[0] != '0' && number_read_text(name, id);
}

bool query_number(struct http_request *request, const char *name, uint64_t *number)
{
    const char *text = http_query(request, name);

    if (text == NULL || number_read(text, strlen(text), INT64_MAX, number))
        return true;
    answer_error(request, 400, "%s must be a number, not %s", name, text);
    return false;
}
