/* Whom a rollout has failed on, grouped by why. */
#include "server/operator_api/handlers.h"

#include <string.h>

/* Of one kind, the first are named. */
#define NAMED_MAX 20u

/* What devices say of themselves is in the reasons; those beyond so many are one kind. */
#define KINDS_MAX    50u
#define OTHER_REASON "other reasons"

static const char *standing_name(enum policy_standing standing)
{
    return standing == STANDING_FAILED   ? "failed"
           : standing == STANDING_SILENT ? "silent"
                                         : "unfit";
}

static json_t *find_kind(json_t *kinds, const char *standing, const char *reason)
{
    size_t index;
    json_t *kind;

    json_array_foreach(kinds, index, kind)
    {
        if (strcmp(json_string_value(json_object_get(kind, "standing")), standing) == 0 &&
            strcmp(json_string_value(json_object_get(kind, "reason")), reason) == 0)
            return kind;
    }
    if (json_array_size(kinds) >= KINDS_MAX && strcmp(reason, OTHER_REASON) != 0)
        return find_kind(kinds, standing, OTHER_REASON);
    kind =
        json_pack("{ss ss si s[]}", "standing", standing, "reason", reason, "devices", 0, "macs");
    return kind != NULL && json_array_append_new(kinds, kind) == 0 ? kind : NULL;
}

static void add_failure(void *ctx, const struct fleet_failure *failure)
{
    json_t *kind = find_kind(ctx, standing_name(failure->standing), failure->reason);
    char text[MAC_TEXT_SIZE];

    if (kind == NULL)
        return;
    json_t *macs = json_object_get(kind, "macs"), *devices = json_object_get(kind, "devices");
    json_integer_set(devices, json_integer_value(devices) + 1);
    if (json_array_size(macs) < NAMED_MAX)
        json_array_append_new(macs, json_string(mac_format(failure->mac, text)));
}

void handle_list_failures(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    struct rollout_view view;

    if (!find_rollout(api, request, name, &view))
        return;
    json_t *kinds = json_array();
    fleet_each_failure(api->fleet, &view.rollout, add_failure, kinds);
    answer_json(request, 200, json_pack("{so}", "failures", kinds));
}
