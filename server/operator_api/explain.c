/* What a device would get now, and which of the policy's rules decided that. */
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/policy/trace.h"

static json_t *view_rules(enum policy_rule rule)
{
    const unsigned decided = policy_question_of(rule);
    json_t *array = json_array();

    for (unsigned i = 0; i < POLICY_QUESTIONS; i++) {
        const struct policy_question *question = policy_question(i);
        const char *outcome = i < decided ? "passed" : i == decided ? "decided" : "not-reached";
        json_array_append_new(array, json_pack("{ss ss ss}", "rule", question->name, "question",
                                               question->words, "outcome", outcome));
    }
    return array;
}

static json_t *version_or_null(const struct release *release)
{
    return release != NULL ? json_string(release->version) : json_null();
}

/* A group's pin holds for its product only. */
static const char *pin_of_group(const struct group *group, const struct device_view *view)
{
    const bool is_for_it = group->product == NULL || view->product == group->product;

    return is_for_it ? group->pin : NULL;
}

void handle_explain_device(const struct operator_api *api, struct http_request *request,
                           const char *name)
{
    struct device_view view;
    struct group group = {.pin = NULL};
    mac_address mac;

    if (!find_device(api, request, name, &mac, &view))
        return;
    if (view.assignment.group != NULL)
        fleet_group(api->fleet, view.assignment.group, &group);
    const struct policy_decision *decision = &view.decision;
    answer_json(request, 200,
                json_pack("{ss sb ss so so so so so}",                                       //
                          "state", policy_state_name(decision->state),                       //
                          "offer", decision->offer,                                          //
                          "reason", view.reason,                                             //
                          "source",                                                          //
                          text_or_null(policy_source(decision, &view.assignment,             //
                                                     pin_of_group(&group, &view))),          //
                          "target", version_or_null(decision->target),                       //
                          "next", version_or_null(decision->next),                           //
                          "file",                                                            //
                          decision->offer ? view_release_file(decision->file) : json_null(), //
                          "rules", view_rules(decision->rule)));
}
