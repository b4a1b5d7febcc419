/* GET /devices: one after the other, as the other end takes them. A million devices are 800 MB. */
#include "server/operator_api/handlers.h"
#include "server/operator_api/views.h"

#include "server/log/log.h"

#include <stdlib.h>
#include <string.h>

/* So many are looked at in one go at most: who asks for few of many keeps nobody waiting. */
#define AT_A_TIME 128

struct listing {
    struct fleet *fleet;
    struct fleet_walk *walk;             /* null: not begun */
    const char *product, *state, *group; /* the request's, which is there as long; null = any */
    struct filter filter;
    uint64_t from;  /* MAC */
    uint64_t limit; /* devices in the list */
    uint64_t count; /* of those in it so far */
    bool has_begun, is_over;
    bool is_broken; /* memory was out */
    char *piece;    /* what is to be sent next; null: nothing */
    size_t sent;    /* of it */
};

static void free_listing(void *ctx)
{
    struct listing *listing = ctx;

    if (listing->walk != NULL)
        fleet_walk_end(listing->walk);
    free(listing->piece);
    free(listing);
}

/* A device as filters see it. */
static struct filter_subject subject_of(const struct device_view *device)
{
    return (struct filter_subject){
        .mac = device->mac,
        .facts = device->last_seen_ms != 0 ? &device->facts : NULL,
        .product = device->product,
        .group = device->assignment.group,
        .channel = device->channel,
        .version = device->version,
        .alias = device->assignment.alias,
        .tags = device->assignment.tags,
    };
}

static bool is_or_any(const char *wanted, const char *value)
{
    return wanted == NULL || (value != NULL && strcmp(wanted, value) == 0);
}

static bool is_wanted(const struct listing *listing, const struct device_view *device)
{
    const struct filter_subject subject = subject_of(device);

    return is_or_any(listing->product, device->product) &&
           is_or_any(listing->state, policy_state_name(device->decision.state)) &&
           is_or_any(listing->group, device->assignment.group) &&
           filter_matches(&listing->filter, &subject);
}

static char *device_text(const json_t *device, bool is_first)
{
    char *json = json_dumps(device, JSON_COMPACT | JSON_PRESERVE_ORDER);
    char *text = NULL;

    if (json != NULL && asprintf(&text, "%s%s", is_first ? "\n" : ",\n", json) < 0)
        text = NULL;
    free(json);
    return text;
}

static void set_piece(struct listing *listing, char *text)
{
    listing->piece = text;
    listing->is_broken = text == NULL;
}

static void add(struct listing *listing, const struct device_view *device)
{
    json_t *value = view_device(device);
    char mac[MAC_TEXT_SIZE];

    if (value != NULL)
        set_piece(listing, device_text(value, listing->count++ == 0));
    else
        log_line("%s is left out of a list: one of its texts is no UTF-8, or memory is out",
                 mac_format(device->mac, mac));
    json_decref(value);
}

/* Looks at the next device; none comes of it that is not wanted. */
static void go_on(struct listing *listing)
{
    struct device_view view;

    if (!listing->has_begun) {
        listing->has_begun = true;
        set_piece(listing, strdup("{\"devices\": ["));
    } else if (listing->count == listing->limit || !fleet_walk_next(listing->walk, &view)) {
        listing->is_over = true;
        set_piece(listing, strdup("\n]}\n"));
    } else if (is_wanted(listing, &view)) {
        add(listing, &view);
    }
}

/* Moves as much of the piece as there is room for. */
static size_t move_piece(struct listing *listing, char *buffer, size_t room)
{
    const size_t left = strlen(listing->piece + listing->sent);
    const size_t length = left < room ? left : room;

    memcpy(buffer, listing->piece + listing->sent, length);
    listing->sent += length;
    if (length == left) {
        free(listing->piece);
        listing->piece = NULL;
        listing->sent = 0;
    }
    return length;
}

static ssize_t read_listing(void *ctx, char *buffer, size_t size)
{
    struct listing *listing = ctx;
    size_t length = 0;

    for (unsigned i = 0; i < AT_A_TIME && length < size; i++) {
        if (listing->piece == NULL && !listing->is_over)
            go_on(listing);
        if (listing->is_broken)
            return HTTP_STREAM_BROKEN;
        if (listing->piece != NULL)
            length += move_piece(listing, buffer + length, size - length);
    }
    if (length == 0 && listing->is_over)
        return HTTP_STREAM_END;
    if (length == 0)
        buffer[length++] = '\n'; /* JSON does not mind, and the other end sees that it goes on */
    return (ssize_t)length;
}

static bool is_state(const char *name)
{
    for (int i = 0; i < STATE_COUNT; i++)
        if (strcmp(policy_state_name((enum device_state)i), name) == 0)
            return true;
    return false;
}

/* Which of those that there are. False, and answered, where that makes no sense. */
static bool parse_choice(struct http_request *request, struct listing *listing)
{
    const char *filter = http_query(request, "filter");
    char error[FILTER_ERROR_SIZE];

    listing->product = http_query(request, "product");
    listing->group = http_query(request, "group");
    listing->state = http_query(request, "state");
    if (listing->state != NULL && !is_state(listing->state)) {
        answer_error(request, 400, "there is no state called %s", listing->state);
        return false;
    }
    if (filter != NULL && !filter_parse(filter, &listing->filter, error)) {
        answer_error(request, 400, "%s", error);
        return false;
    }
    return true;
}

/* Which part of the list. False, and answered, where that makes no sense. */
static bool parse_page(struct http_request *request, struct listing *listing)
{
    const char *after = http_query(request, "after");
    mac_address last;

    listing->limit = UINT64_MAX;
    if (!query_number(request, "limit", &listing->limit))
        return false;
    if (after == NULL)
        return true;
    if (!mac_parse(after, &last)) {
        answer_error(request, 400, "after must be a MAC address, like 5C:CF:7F:00:00:01, not %s",
                     after);
        return false;
    }
    listing->from = last + 1;
    return true;
}

/* To be sent on the connection's own thread. */
static void begin(void *ctx, struct http_request *request)
{
    static const struct http_stream_class class = {read_listing, free_listing};
    struct listing *listing = ctx;

    http_set_context(request, NULL, NULL); /* it is the stream's now */
    if (listing->walk == NULL) {
        free_listing(listing);
        answer_json(request, 500, NULL);
        return;
    }
    http_set_header(request, "Cache-Control", "no-store");
    http_set_header(request, "X-Content-Type-Options", "nosniff");
    http_answer_stream(request, "application/json", &class, listing);
}

static void gather(void *ctx)
{
    struct listing *listing = ctx;

    listing->walk = fleet_walk_begin(listing->fleet, listing->from);
}

void handle_list_devices(const struct operator_api *api, struct http_request *request,
                         const char *name)
{
    struct listing *listing = calloc(1, sizeof *listing);

    (void)name;
    if (listing == NULL) {
        answer_json(request, 500, NULL);
        return;
    }
    listing->fleet = api->fleet;
    http_set_context(request, listing, free_listing);
    if (!parse_choice(request, listing) || !parse_page(request, listing))
        return;
    look_at_all(api, request, gather, begin, listing);
}
