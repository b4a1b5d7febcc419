#include "server/operator_api/handlers.h"
#include "server/operator_api/rollout_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void handle_list_rollouts(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    json_t *array = json_array();
    size_t count;
    struct rollout_view *views = fleet_copy_rollouts(api->fleet, &count);

    (void)name;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, view_rollout(&views[i]));
    free(views);
    answer_json(request, 200, json_pack("{so}", "rollouts", array));
}

bool find_rollout(const struct operator_api *api, struct http_request *request, const char *name,
                  struct rollout_view *view)
{
    uint32_t id;

    if (path_id(name, &id) && fleet_view_rollout(api->fleet, id, view))
        return true;
    answer_error(request, 404, "there is no rollout %s", name);
    return false;
}

void handle_show_rollout(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct rollout_view view;

    if (find_rollout(api, request, name, &view))
        answer_json(request, 200, view_rollout(&view));
}

/* --- making one --- */

static bool is_withdrawn(const struct operator_api *api, const char *product, const char *version)
{
    struct release release;

    return fleet_copy_release(api->fleet, product, version, &release) &&
           release.state == RELEASE_WITHDRAWN;
}

/* The plan in the body, with its release. False when the request is answered. */
static bool read_plan(const struct operator_api *api, struct http_request *request,
                      struct rollout *rollout)
{
    size_t length;
    const char *body = http_body(request, &length), *product, *version;
    json_t *plan = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
    char error[PLAN_ERROR_SIZE];
    const bool is_sound = rollout_plan_read(plan, rollout, &product, &version, error);

    if (!is_sound)
        answer_error(request, 400, "%s", error);
    else if ((rollout->release = fleet_release(api->fleet, product, version)) == NULL)
        answer_error(request, 409,
                     "%s has no release %s: publish it first, to a channel no "
                     "device follows",
                     product, version);
    else if (is_withdrawn(api, product, version))
        answer_error(request, 409, "%s %s was withdrawn: it is not given out again", product,
                     version);
    else
        rollout->release_id = rollout->release->id;
    json_decref(plan);
    return rollout->release_id != 0;
}

static void answer_rollout(struct operation *operation)
{
    struct rollout_view view;

    if (operation->result == CHANGE_CONFLICT)
        answer_error(operation->request, 409,
                     "the rollout was changed at the same moment: look at it, then try again");
    else if (find_rollout(operation->api, operation->request, operation->name, &view))
        answer_json(operation->request, operation->is_new ? 201 : 200, view_rollout(&view));
}

void handle_add_rollout(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    struct rollout plan;

    (void)name;
    if (!read_plan(api, request, &plan))
        return;
    struct operation *operation = new_operation(api, request, answer_rollout);
    if (operation == NULL)
        return;
    struct change *change = change_new(CHANGE_ROLLOUT, 0);
    struct rollout *rollout = malloc(sizeof *rollout);
    if (change == NULL || rollout == NULL) {
        free(change);
        free(rollout);
        answer_cannot_write(request);
        return;
    }
    plan.id = fleet_next_rollout(api->fleet);
    *rollout = plan;
    change->as.rollout = rollout;
    operation->is_new = operation->counts = true;
    perform(operation, change);
}

static json_t *view_cannot(const struct policy_survey *survey)
{
    json_t *array = json_array();

    for (int i = 0; i < RULE_COUNT; i++)
        if (survey->cannot[i] > 0)
            json_array_append_new(
                array, json_pack("{ss ss sI}", "why", policy_obstacle_name((enum policy_rule)i),
                                 "words", policy_obstacle_words((enum policy_rule)i), "devices",
                                 (json_int_t)survey->cannot[i]));
    return array;
}

/* What the plan would do: all of its devices looked at as if all stages were open. */
void handle_try_rollout(const struct operator_api *api, struct http_request *request,
                        const char *name)
{
    struct rollout plan;
    struct rollout_counts counts;
    struct policy_survey survey;
    json_t *stages = json_array();

    (void)name;
    if (!read_plan(api, request, &plan)) {
        json_decref(stages);
        return;
    }
    struct rollout all = plan;
    all.stage = all.stage_count = 1;
    all.stages[0].end = ROLLOUT_PLACES;
    fleet_count_rollout(api->fleet, &all, &counts, &survey);
    for (uint8_t i = 0; i < plan.stage_count && counts.all.targeted > 0; i++)
        json_array_append_new(
            stages, json_integer(rollout_stage_size(&plan.stages[i], counts.all.targeted)));
    answer_json(
        request, 200,
        json_pack("{sI sI sI sI so sI so so}", "targeted", (json_int_t)counts.all.targeted, "fit",
                  (json_int_t)counts.all.open, "unfit", (json_int_t)counts.all.unfit, "arrived",
                  (json_int_t)counts.all.arrived, "stages", stages, "by_steps",
                  (json_int_t)survey.by_steps, "cannot", view_cannot(&survey), "not_for",
                  json_pack("{sI sI sI sI}", "pinned", (json_int_t)survey.pinned, "decommissioned",
                            (json_int_t)survey.decommissioned, "never_seen",
                            (json_int_t)survey.never_seen, "others", (json_int_t)survey.others)));
}

/* --- what operators decide --- */

struct decision {
    const struct operator_api *api;
    struct http_request *request;
    char name[NAME_SIZE];
    enum rollout_event event;
    const char *verb;
    struct change *change; /* that comes of it; null: none yet */
};

static void free_decision(void *context)
{
    struct decision *decision = context;

    change_free(decision->change);
    free(decision);
}

/* What comes of it, which depends on how many have failed, or on where devices stand; or answers
 * why nothing does. */
static void consider(void *ctx)
{
    struct decision *decision = ctx;
    const struct operator_api *api = decision->api;
    struct http_request *request = decision->request;
    struct rollout_view view;

    if (!find_rollout(api, request, decision->name, &view))
        return;
    if (rollout_next_state(view.rollout.state, decision->event) == ROLLOUT_STATE_COUNT) {
        answer_error(request, 409, "rollout %s is %s: it cannot be %s", decision->name,
                     rollout_state_name(view.rollout.state), decision->verb);
        return;
    }
    const struct release *release = view.rollout.release;
    if (decision->event == ROLLOUT_RESUME &&
        is_withdrawn(api, release->product, release->version)) {
        answer_error(request, 409, "%s was withdrawn: rollout %s cannot be resumed",
                     release->version, decision->name);
        return;
    }
    decision->change = fleet_rollout_event(api->fleet, &view, decision->event, NULL);
    if (decision->change == NULL)
        answer_error(request, 409, "rollout %s is for no device at the moment", decision->name);
}

static void carry_out(void *ctx, struct http_request *request)
{
    struct decision *decision = ctx;

    if (decision->change == NULL) {
        answer_json(request, 500, NULL);
        return;
    }
    /* The operation's change is the decision's, and its place as the context, too. */
    struct change *change = decision->change;
    struct operation *operation = new_operation(decision->api, request, answer_rollout);
    if (operation == NULL)
        return;
    operation->counts = true;
    strcpy(operation->name, decision->name);
    free(decision);
    perform(operation, change);
}

static void handle_event(const struct operator_api *api, struct http_request *request,
                         const char *name, enum rollout_event event, const char *verb)
{
    struct decision *decision = calloc(1, sizeof *decision);

    if (decision == NULL) {
        answer_json(request, 500, NULL);
        return;
    }
    *decision = (struct decision){.api = api, .request = request, .event = event, .verb = verb};
    strcpy(decision->name, name);
    http_set_context(request, decision, free_decision);
    look_at_all(api, request, consider, carry_out, decision);
}

void handle_approve_rollout(const struct operator_api *api, struct http_request *request,
                            const char *name)
{
    handle_event(api, request, name, ROLLOUT_APPROVE, "approved");
}

void handle_pause_rollout(const struct operator_api *api, struct http_request *request,
                          const char *name)
{
    handle_event(api, request, name, ROLLOUT_PAUSE, "paused");
}

void handle_resume_rollout(const struct operator_api *api, struct http_request *request,
                           const char *name)
{
    handle_event(api, request, name, ROLLOUT_RESUME, "resumed");
}

void handle_cancel_rollout(const struct operator_api *api, struct http_request *request,
                           const char *name)
{
    handle_event(api, request, name, ROLLOUT_CANCEL, "cancelled");
}

void handle_roll_back_rollout(const struct operator_api *api, struct http_request *request,
                              const char *name)
{
    handle_event(api, request, name, ROLLOUT_ROLL_BACK, "rolled back");
}
