#include "server/operator_api/rollout_plan.h"

#include "server/model/clock.h"

#include <stdio.h>
#include <string.h>

#define ATTEMPTS_DEFAULT  2
#define SILENCE_DEFAULT_S 86400
#define SUCCESS_DEFAULT   90
#define FAILURE_DEFAULT   10
#define YEAR_S            31536000

/* One name of an object and what it holds. */
struct field {
    const char *name;
    json_int_t least, most; /* of a number */
    json_int_t *number;     /* one of these three */
    const char **text;
    json_t **other;
};

static bool take_value(const struct field *field, json_t *value, char error[PLAN_ERROR_SIZE])
{
    if (field->other != NULL)
        *field->other = value;
    else if (json_is_null(value))
        return true;
    else if (field->text != NULL && json_is_string(value))
        *field->text = json_string_value(value);
    else if (field->number != NULL && json_is_integer(value) &&
             json_integer_value(value) >= field->least && json_integer_value(value) <= field->most)
        *field->number = json_integer_value(value);
    else if (field->text != NULL) {
        snprintf(error, PLAN_ERROR_SIZE, "%s must be text", field->name);
        return false;
    } else {
        snprintf(error, PLAN_ERROR_SIZE, "%s must be a number from %lld to %lld", field->name,
                 (long long)field->least, (long long)field->most);
        return false;
    }
    return true;
}

/* The fields end with one without a name. */
static bool read_object(json_t *object, const char *what, const struct field *fields,
                        char error[PLAN_ERROR_SIZE])
{
    if (!json_is_object(object)) {
        snprintf(error, PLAN_ERROR_SIZE, "%s must be an object", what);
        return false;
    }
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const struct field *field = fields;
        while (field->name != NULL && strcmp(field->name, json_object_iter_key(at)) != 0)
            field++;
        if (field->name == NULL) {
            snprintf(error, PLAN_ERROR_SIZE, "%s has no %.40s", what, json_object_iter_key(at));
            return false;
        }
        if (!take_value(field, json_object_iter_value(at), error))
            return false;
    }
    return true;
}

static bool copy_name(const char *what, const char *text, bool (*is_valid)(const char *), char *out,
                      size_t size, char error[PLAN_ERROR_SIZE])
{
    if (text == NULL)
        return true;
    if (strlen(text) >= size || (is_valid != NULL && !is_valid(text))) {
        snprintf(error, PLAN_ERROR_SIZE, "%.60s cannot be a %s", text, what);
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_filter(const char *text, struct filter *filter, char error[PLAN_ERROR_SIZE])
{
    char reason[FILTER_ERROR_SIZE];

    if (filter_parse(text, filter, reason))
        return true;
    snprintf(error, PLAN_ERROR_SIZE, "%s", reason);
    return false;
}

static bool read_target(json_t *value, struct rollout_target *target, char error[PLAN_ERROR_SIZE])
{
    const char *group = NULL, *channel = NULL, *from = NULL, *sdk = NULL, *filter = "";
    const struct field fields[] = {
        {.name = "group", .text = &group},   {.name = "channel", .text = &channel},
        {.name = "from", .text = &from},     {.name = "sdk", .text = &sdk},
        {.name = "filter", .text = &filter}, {.name = NULL}};

    if (value == NULL || json_is_null(value))
        return true;
    return read_object(value, "target", fields, error) &&
           copy_name("group", group, name_is_valid, target->group, sizeof target->group, error) &&
           copy_name("channel", channel, name_is_valid, target->channel, sizeof target->channel,
                     error) &&
           copy_name("version", from, version_is_valid, target->from, sizeof target->from, error) &&
           copy_name("SDK version", sdk, NULL, target->sdk, sizeof target->sdk, error) &&
           read_filter(filter, &target->filter, error);
}

static bool read_minutes(const char *what, const char *text, uint16_t *minutes,
                         char error[PLAN_ERROR_SIZE])
{
    unsigned hour, minute;
    int length = 0;

    if (text != NULL && sscanf(text, "%2u:%2u%n", &hour, &minute, &length) == 2 &&
        text[length] == '\0' && hour < 24 && minute < 60) {
        *minutes = (uint16_t)(hour * 60 + minute);
        return true;
    }
    snprintf(error, PLAN_ERROR_SIZE, "a window's %s is a time of day, like 22:00", what);
    return false;
}

static bool read_window(json_t *value, struct rollout_window *window, char error[PLAN_ERROR_SIZE])
{
    const char *from = NULL, *to = NULL;
    json_int_t offset = 0;
    const struct field fields[] = {{.name = "from", .text = &from},
                                   {.name = "to", .text = &to},
                                   {"utc_offset_minutes", -840, 840, &offset, NULL, NULL},
                                   {.name = NULL}};

    if (value == NULL || json_is_null(value))
        return true;
    if (!read_object(value, "window", fields, error) ||
        !read_minutes("from", from, &window->from_min, error) ||
        !read_minutes("to", to, &window->to_min, error))
        return false;
    window->offset_min = (int16_t)offset;
    return true;
}

static bool read_stage(json_t *value, struct rollout_stage *stage, char error[PLAN_ERROR_SIZE])
{
    json_int_t devices = 0, percent = 0, success = SUCCESS_DEFAULT, failure = FAILURE_DEFAULT,
               limit = 0;
    json_t *approval = NULL;
    const struct field fields[] = {{"devices", 1, UINT32_MAX, &devices, NULL, NULL},
                                   {"percent", 1, 100, &percent, NULL, NULL},
                                   {"success", 1, 100, &success, NULL, NULL},
                                   {"failure", 0, 100, &failure, NULL, NULL},
                                   {"time_limit", 0, YEAR_S, &limit, NULL, NULL},
                                   {.name = "approval", .other = &approval},
                                   {.name = NULL}};

    if (!read_object(value, "a stage", fields, error))
        return false;
    if ((devices == 0) == (percent == 0)) {
        snprintf(error, PLAN_ERROR_SIZE, "a stage has either devices or percent");
        return false;
    }
    if (approval != NULL && !json_is_boolean(approval)) {
        snprintf(error, PLAN_ERROR_SIZE, "a stage's approval is true or false");
        return false;
    }
    *stage = (struct rollout_stage){.devices = (uint32_t)devices,
                                    .percent = (uint8_t)percent,
                                    .success = (uint8_t)success,
                                    .failure = (uint8_t)failure,
                                    .needs_approval = json_is_true(approval),
                                    .time_limit_s = (uint32_t)limit};
    return true;
}

static bool read_stages(json_t *value, struct rollout *rollout, char error[PLAN_ERROR_SIZE])
{
    const size_t count = json_array_size(value);

    if (count == 0 || count > ROLLOUT_STAGES) {
        snprintf(error, PLAN_ERROR_SIZE, "stages is an array of 1 to %u stages", ROLLOUT_STAGES);
        return false;
    }
    rollout->stage_count = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        if (!read_stage(json_array_get(value, i), &rollout->stages[i], error))
            return false;
        if (i > 0 && rollout->stages[i].devices == 0 && rollout->stages[i - 1].devices == 0 &&
            rollout->stages[i].percent <= rollout->stages[i - 1].percent) {
            snprintf(error, PLAN_ERROR_SIZE,
                     "stages add up: each reaches more devices than the one before");
            return false;
        }
    }
    return true;
}

bool rollout_plan_read(json_t *plan, struct rollout *rollout, const char **product,
                       const char **version, char error[PLAN_ERROR_SIZE])
{
    json_int_t attempts = ATTEMPTS_DEFAULT, silence = SILENCE_DEFAULT_S;
    const char *promote = NULL, *start = NULL;
    json_t *target = NULL, *window = NULL, *stages = NULL, *downgrade = NULL;
    const struct field fields[] = {{.name = "product", .text = product},
                                   {.name = "version", .text = version},
                                   {.name = "target", .other = &target},
                                   {.name = "stages", .other = &stages},
                                   {.name = "window", .other = &window},
                                   {.name = "promote", .text = &promote},
                                   {.name = "downgrade", .other = &downgrade},
                                   {.name = "start", .text = &start},
                                   {"attempts", 1, ROLLOUT_ATTEMPTS_MAX, &attempts, NULL, NULL},
                                   {"silence", 0, YEAR_S, &silence, NULL, NULL},
                                   {.name = NULL}};

    *product = *version = NULL;
    *rollout = (struct rollout){.id = 0};
    if (!read_object(plan, "a rollout", fields, error) ||
        !read_target(target, &rollout->target, error) ||
        !read_window(window, &rollout->window, error) || !read_stages(stages, rollout, error) ||
        !copy_name("channel", promote, name_is_valid, rollout->channel, sizeof rollout->channel,
                   error))
        return false;
    if (downgrade != NULL && !json_is_boolean(downgrade)) {
        snprintf(error, PLAN_ERROR_SIZE, "downgrade must be true or false");
        return false;
    }
    rollout->downgrade = json_is_true(downgrade);
    rollout->attempts = (uint8_t)attempts;
    rollout->silence_s = (uint32_t)silence;
    if (start != NULL && !clock_parse(start, &rollout->start_ms)) {
        snprintf(error, PLAN_ERROR_SIZE, "start is a time in UTC, like 2026-11-21T22:00:00Z");
        return false;
    }
    if (*product != NULL && *version != NULL)
        return true;
    snprintf(error, PLAN_ERROR_SIZE, "a rollout needs a product and a version");
    return false;
}

/* --- showing --- */

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *time_or_null(int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];

    return ms != 0 ? json_string(clock_format(ms, text)) : json_null();
}

static json_t *number_or_null(json_int_t number)
{
    return number != 0 ? json_integer(number) : json_null();
}

static json_t *view_tally(const struct rollout_tally *tally)
{
    const uint32_t settled = tally->arrived + tally->failed + tally->silent;

    return json_pack("{sI sI sI sI sI sI}", "devices", (json_int_t)tally->open, "arrived",
                     (json_int_t)tally->arrived, "failed", (json_int_t)tally->failed, "silent",
                     (json_int_t)tally->silent, "pending", (json_int_t)(tally->open - settled),
                     "unfit", (json_int_t)tally->unfit);
}

static json_t *view_stage(const struct rollout_view *view, uint8_t place)
{
    const struct rollout_stage *stage = &view->rollout.stages[place];
    const bool is_open = place < view->rollout.stage;

    return json_pack("{so so sI sI sI sb sb so}", "devices", number_or_null(stage->devices),
                     "percent", number_or_null(stage->percent), "success",
                     (json_int_t)stage->success, "failure", (json_int_t)stage->failure,
                     "time_limit", (json_int_t)stage->time_limit_s, "approval",
                     stage->needs_approval, "open", is_open, "counts",
                     is_open ? view_tally(&view->counts.stages[place]) : json_null());
}

static json_t *view_stages(const struct rollout_view *view)
{
    json_t *stages = json_array();

    for (uint8_t i = 0; i < view->rollout.stage_count; i++)
        json_array_append_new(stages, view_stage(view, i));
    return stages;
}

static json_t *view_target(const struct rollout_target *target)
{
    return json_pack("{so so so so so}", "group", text_or_null(target->group), "channel",
                     text_or_null(target->channel), "from", text_or_null(target->from), "sdk",
                     text_or_null(target->sdk), "filter", text_or_null(target->filter.text));
}

static json_t *view_window(const struct rollout_window *window)
{
    char from[8], to[8];

    if (window->from_min == window->to_min)
        return json_null();
    snprintf(from, sizeof from, "%02u:%02u", window->from_min / 60u % 24, window->from_min % 60u);
    snprintf(to, sizeof to, "%02u:%02u", window->to_min / 60u % 24, window->to_min % 60u);
    return json_pack("{ss ss sI}", "from", from, "to", to, "utc_offset_minutes",
                     (json_int_t)window->offset_min);
}

json_t *view_rollout(const struct rollout_view *view)
{
    const struct rollout *rollout = &view->rollout;

    return json_pack("{sI ss ss ss so so so so so sb sI sI sI sI so so so}",               //
                     "id", (json_int_t)rollout->id,                                        //
                     "product", rollout->release != NULL ? rollout->release->product : "", //
                     "version", rollout->release != NULL ? rollout->release->version : "", //
                     "state", rollout_state_name(rollout->state),                          //
                     "reason", text_or_null(rollout->reason),                              //
                     "target", view_target(&rollout->target),                              //
                     "window", view_window(&rollout->window),                              //
                     "promote", text_or_null(rollout->channel),                            //
                     "start", time_or_null(rollout->start_ms),                             //
                     "downgrade", rollout->downgrade,                                      //
                     "attempts", (json_int_t)rollout->attempts,                            //
                     "silence", (json_int_t)rollout->silence_s,                            //
                     "stage", (json_int_t)rollout->stage,                                  //
                     "targeted", (json_int_t)view->counts.all.targeted,                    //
                     "counts", view_tally(&view->counts.all),                              //
                     "stage_opened", time_or_null(rollout->opened_ms),                     //
                     "stages", view_stages(view));
}
