/* A rollout's plan as operators write it: docs/operator-api.md. */
#ifndef SERVER_OPERATOR_API_ROLLOUT_PLAN_H
#define SERVER_OPERATOR_API_ROLLOUT_PLAN_H

#include "server/fleet/fleet.h"

#include <jansson.h>

#define PLAN_ERROR_SIZE 160

/* Fills in all but ids, state and progress. False, with a line in error, when the
 * plan is malformed. product and version point into the plan. */
bool rollout_plan_read(json_t *plan, struct rollout *rollout, const char **product,
                       const char **version, char error[PLAN_ERROR_SIZE]);

/* New; null when memory is out. */
json_t *view_rollout(const struct rollout_view *view);

#endif
