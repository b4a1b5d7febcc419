#include "server/operator_api/fields.h"

#include "server/operator_api/handlers.h"

#include <string.h>

static const struct field *find(const struct field *fields, const char *name)
{
    for (; fields->name != NULL; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static bool take_text(const struct field *field, const json_t *value)
{
    const char *text = json_is_null(value) ? "" : json_string_value(value);

    if (text == NULL || strlen(text) >= field->size ||
        (!json_is_null(value) && strlen(text) != json_string_length(value)))
        return false;
    strcpy(field->out, text);
    return true;
}

static bool take(const struct field *field, const json_t *value)
{
    if (field->kind == FIELD_KIND_TEXT)
        return take_text(field, value);
    if (!json_is_boolean(value))
        return false;
    *(bool *)field->out = json_is_true(value);
    return true;
}

/* Null: all is well; else what is wrong with the field of that name. */
static const char *take_all(const struct field *fields, json_t *object, const char **name)
{
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        *name = json_object_iter_key(at);
        const struct field *field = find(fields, *name);
        if (field == NULL)
            return "is no field here";
        if (!take(field, json_object_iter_value(at)))
            return field->kind == FIELD_KIND_FLAG ? "must be true or false"
                                                  : "must be a text, and not that long";
    }
    for (const struct field *field = fields; field->name != NULL; field++) {
        *name = field->name;
        if (field->is_needed && json_object_get(object, field->name) == NULL)
            return "is missing";
    }
    return NULL;
}

bool fields_read(struct http_request *request, const struct field *fields)
{
    size_t length;
    const char *body = http_body(request, &length), *name = "", *problem;
    json_t *object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(object)) {
        problem = take_all(fields, object, &name);
        if (problem != NULL)
            answer_error(request, 400, "%s %s", name, problem);
    } else {
        problem = "is none";
        answer_error(request, 400, "the body is not a JSON object");
    }
    json_decref(object);
    return problem == NULL;
}
