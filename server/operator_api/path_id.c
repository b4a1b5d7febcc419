#include "server/operator_api/handlers.h"

#include "host/number.h"

bool path_id(const char *name, uint32_t *id)
{
    return name[0] != '0' && number_read_text(name, id);
}
