#include "boot/slots_decide.h"

#include <stddef.h>

/* The first row all of whose facts are there decides; the last one needs none. */
static const struct {
    uint8_t facts;
    uint8_t action;
} rows[] = {
    {SLOTS_RESET_HELD, SLOTS_RESET},  {SLOTS_TEST_HELD, SLOTS_START_TEST},
    {SLOTS_ENDED, SLOTS_END_TRIAL},   {SLOTS_ORDERED, SLOTS_TRY},
    {SLOTS_NAMED, SLOTS_START_NAMED}, {SLOTS_FACTORY, SLOTS_START_FACTORY},
    {SLOTS_BLANK, SLOTS_ADOPT},       {0, SLOTS_START_ANY},
};

enum slots_action slots_decide(unsigned facts)
{
    uint32_t row = 0;

    while ((rows[row].facts & ~facts) != 0)
        row++;
    return (enum slots_action)rows[row].action;
}

static bool is_state(const struct slots_view *view, int index, enum ud_ota_state state)
{
    return index >= 0 && view->otadata.entries[index].is_sound &&
           view->otadata.entries[index].state == state;
}

static bool is_blank(const struct ud_otadata *otadata)
{
    return !otadata->entries[0].is_sound && !otadata->entries[1].is_sound;
}

unsigned slots_facts(const struct slots_view *view)
{
    const int active = view->count > 0 ? ud_otadata_active(&view->otadata) : -1;
    const bool is_ended = is_state(view, 0, UD_OTA_PENDING) || is_state(view, 1, UD_OTA_PENDING);
    unsigned facts = 0;

    facts |= view->is_reset_held ? SLOTS_RESET_HELD : 0;
    facts |= view->is_test_held && view->has_test ? SLOTS_TEST_HELD : 0;
    facts |= view->has_trials && is_ended ? SLOTS_ENDED : 0;
    facts |= view->has_trials && is_state(view, active, UD_OTA_NEW) ? SLOTS_ORDERED : 0;
    facts |= active >= 0 ? SLOTS_NAMED : 0;
    facts |= view->has_factory ? SLOTS_FACTORY : 0;
    facts |= is_blank(&view->otadata) ? SLOTS_BLANK : 0;
    return facts;
}

/* ---- The order ---- */

static bool is_called_bad(const struct slots_view *view, int candidate)
{
    for (int i = 0; i < 2; i++) {
        const struct ud_otadata_entry *entry = &view->otadata.entries[i];
        if (candidate >= 0 && entry->is_sound && !ud_otadata_can_start(entry) &&
            ud_otadata_slot(entry->seq, view->count) == (uint32_t)candidate)
            return true;
    }
    return false;
}

/* Adds it if it belongs into this round. */
static uint32_t offer(const struct slots_view *view, int candidate, bool is_bad_round,
                      int8_t *candidates, uint32_t count)
{
    if (is_called_bad(view, candidate) == is_bad_round)
        candidates[count++] = (int8_t)candidate;
    return count;
}

uint32_t slots_order(const struct slots_view *view, int first,
                     int8_t candidates[SLOTS_MAX_CANDIDATES])
{
    const int slots = (int)view->count;
    uint32_t count = 0;

    for (int round = 0; round < 2; round++) {
        const bool is_bad_round = round == 1;
        for (int i = first; i >= 0; i--)
            count = offer(view, i, is_bad_round, candidates, count);
        if (view->has_factory)
            count = offer(view, SLOTS_IS_FACTORY, is_bad_round, candidates, count);
        for (int i = first < 0 ? 0 : first + 1; i < slots; i++)
            count = offer(view, i, is_bad_round, candidates, count);
        if (view->has_test)
            count = offer(view, SLOTS_IS_TEST, is_bad_round, candidates, count);
    }
    return count;
}
