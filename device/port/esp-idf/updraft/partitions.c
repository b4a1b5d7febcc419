#include "system.h"

#include <string.h>

struct ud_partition updraft_partition_from(const esp_partition_t *partition)
{
    struct ud_partition same = {
        .type = (uint8_t)partition->type,
        .subtype = (uint8_t)partition->subtype,
        .offset = partition->address,
        .size = partition->size,
    };

    memcpy(same.label, partition->label, sizeof same.label);
    return same;
}

const esp_partition_t *updraft_partition_of(const struct ud_partition *partition)
{
    const esp_partition_t *found = NULL;
    esp_partition_iterator_t at = esp_partition_find(
        (esp_partition_type_t)partition->type, (esp_partition_subtype_t)partition->subtype, NULL);

    while (at != NULL && found == NULL) {
        const esp_partition_t *candidate = esp_partition_get(at);
        if (candidate->address == partition->offset)
            found = candidate;
        at = esp_partition_next(at);
    }
    esp_partition_iterator_release(at);
    return found;
}
