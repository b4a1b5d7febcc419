/* What people and programs see of virtual devices. */
#include "host/progress.h"
#include "tools/device.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct device_show {
    struct progress *progress; /* null: JSON */
    unsigned *quarters;        /* JSON, by device: of the transfer, as last printed */
};

struct device_show *device_show_start(size_t count, bool json)
{
    struct device_show *show = calloc(1, sizeof *show);

    if (show == NULL)
        return NULL;
    show->quarters = calloc(count, sizeof *show->quarters);
    if (!json)
        show->progress = progress_start(stdout, count);
    if (show->quarters != NULL && (json || show->progress != NULL))
        return show;
    device_show_end(show);
    return NULL;
}

void device_show_end(struct device_show *show)
{
    if (show == NULL)
        return;
    progress_end(show->progress);
    free(show->quarters);
    free(show);
}

void device_show_name(struct device_show *show, size_t index, const char *mac)
{
    if (show->progress != NULL)
        progress_name(show->progress, index, mac);
}

/* ---- For people ---- */

/* "runs demo 1.0.0", and what there is to add. */
static void note_program(struct progress *progress, size_t index, const struct sim_device *device,
                         const char *more)
{
    const struct sim_device_program *program = sim_device_program(device);

    progress_set(progress, index, 0, 0);
    if (program->has_description)
        progress_note(progress, index, "runs %s %s%s", program->description.project,
                      program->description.version, more);
    else
        progress_note(progress, index, "runs a program without a description%s", more);
}

static void note_failure(struct progress *progress, size_t index, const struct sim_device *device,
                         const struct sim_device_event *event)
{
    char more[256];

    if (event->number < 0)
        snprintf(more, sizeof more, "; failed (%d): %s", event->number, event->text);
    else
        snprintf(more, sizeof more, "; %s", event->text);
    note_program(progress, index, device, more);
}

static void show_bar(struct progress *progress, size_t index, const struct sim_device_event *event,
                     const char *note)
{
    progress_note(progress, index, "%s", note);
    progress_set(progress, index, event->done, event->total);
}

static void show_to_people(struct progress *progress, size_t index, const struct sim_device *device,
                           const struct sim_device_event *event)
{
    switch (event->kind) {
    case SIM_DEVICE_FETCHING:
        show_bar(progress, index, event, "fetches an update");
        break;
    case SIM_DEVICE_ONE_WAY:
        progress_line(progress,
                      "%s: no room to keep the running program: this update stays, "
                      "whether it works or not",
                      sim_device_mac(device));
        break;
    case SIM_DEVICE_COPYING:
        show_bar(progress, index, event, "copies it over the old program");
        break;
    case SIM_DEVICE_UPDATED:
        progress_set(progress, index, 0, 0);
        progress_note(progress, index, "restarts");
        break;
    case SIM_DEVICE_STARTED:
        note_program(progress, index, device, "");
        break;
    case SIM_DEVICE_HANGING:
        note_program(progress, index, device, ", and hangs");
        break;
    case SIM_DEVICE_CURRENT:
        note_program(progress, index, device, ", nothing newer");
        break;
    case SIM_DEVICE_KEYS:
        progress_line(progress, "%s: its key ring took a key update", sim_device_mac(device));
        break;
    case SIM_DEVICE_LATER:
        progress_note(progress, index, "the server is busy: asks again in %u s", event->done);
        break;
    case SIM_DEVICE_FAILED:
        note_failure(progress, index, device, event);
        break;
    case SIM_DEVICE_REFUSED:
        progress_line(progress, "%s: the bootloader refused the update (%d): %s",
                      sim_device_mac(device), event->number, event->text);
        break;
    case SIM_DEVICE_UPLOAD_FAILED:
        progress_line(progress, "%s: %s", sim_device_mac(device), event->text);
        note_program(progress, index, device, "");
        break;
    case SIM_DEVICE_RETURNED:
        progress_line(progress, "%s: the new program did not confirm itself, the old one is back",
                      sim_device_mac(device));
        break;
    case SIM_DEVICE_DEAD:
        progress_set(progress, index, 0, 0);
        progress_note(progress, index, "does not start: %s", event->text);
        break;
    case SIM_DEVICE_ASKING:
    default:
        break;
    }
}

/* ---- For programs ---- */

static const char *event_name(enum sim_device_event_kind kind)
{
    static const char *const names[] = {
        [SIM_DEVICE_COPYING] = "copying",   [SIM_DEVICE_REFUSED] = "refused",
        [SIM_DEVICE_RETURNED] = "returned", [SIM_DEVICE_STARTED] = "started",
        [SIM_DEVICE_DEAD] = "dead",         [SIM_DEVICE_ASKING] = "asking",
        [SIM_DEVICE_ONE_WAY] = "one way",   [SIM_DEVICE_FETCHING] = "fetching",
        [SIM_DEVICE_CURRENT] = "current",   [SIM_DEVICE_FAILED] = "failed",
        [SIM_DEVICE_UPDATED] = "updated",   [SIM_DEVICE_UPLOAD_FAILED] = "upload failed",
        [SIM_DEVICE_HANGING] = "hanging",   [SIM_DEVICE_KEYS] = "keys",
        [SIM_DEVICE_LATER] = "later",
    };

    return names[kind];
}

/* Of a transfer the beginning, every quarter and the end. */
static bool is_worth_a_line(struct device_show *show, size_t index,
                            const struct sim_device_event *event)
{
    if (event->total == 0)
        return true;
    const unsigned quarter = (unsigned)((uint64_t)event->done * 4 / event->total);
    const bool is_new = event->done == 0 || quarter != show->quarters[index];
    show->quarters[index] = quarter;
    return is_new;
}

static void add_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

static json_t *describe(const struct sim_device *device, const struct sim_device_event *event)
{
    json_t *object = json_object();

    add_text(object, "mac", sim_device_mac(device));
    add_text(object, "event", event_name(event->kind));
    if (sim_device_is_running(device))
        add_text(object, "version", sim_device_version(device));
    if (event->total != 0) {
        json_object_set_new(object, "done", json_integer(event->done));
        json_object_set_new(object, "total", json_integer(event->total));
    }
    if (event->error != UD_OK)
        json_object_set_new(object, "number", json_integer(event->number));
    add_text(object, "text", event->text);
    return object;
}

static void show_to_programs(struct device_show *show, size_t index,
                             const struct sim_device *device, const struct sim_device_event *event)
{
    if (!is_worth_a_line(show, index, event))
        return;
    json_t *object = describe(device, event);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    fflush(stdout);
    json_decref(object);
}

void device_show_event(struct device_show *show, size_t index, const struct sim_device *device,
                       const struct sim_device_event *event)
{
    if (show->progress != NULL)
        show_to_people(show->progress, index, device, event);
    else
        show_to_programs(show, index, device, event);
}
