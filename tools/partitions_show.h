/* A partition table on standard output. */
#ifndef TOOLS_PARTITIONS_SHOW_H
#define TOOLS_PARTITIONS_SHOW_H

#include "host/partitions.h"

/* One line each, in the order of flash, with what is free between them and where in
 * flash they lie. */
void partitions_show_map(const struct partitions *partitions, const struct partitions_rules *rules);

void partitions_show_json(const struct partitions *partitions,
                          const struct partitions_rules *rules);

#endif
