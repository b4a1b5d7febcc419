/* Which program starts: the decision for every set of facts, and the order in which
 * programs are tried. */
#include "boot/slots_decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE(rows) (sizeof(rows) / sizeof(rows)[0])
#define ALL_FACTS  (2u * SLOTS_BLANK)

/* Written out once more, the way one would say it. */
static enum slots_action expected(unsigned facts)
{
    if (facts & SLOTS_RESET_HELD)
        return SLOTS_RESET;
    if (facts & SLOTS_TEST_HELD)
        return SLOTS_START_TEST;
    if (facts & SLOTS_ENDED)
        return SLOTS_END_TRIAL;
    if (facts & SLOTS_ORDERED)
        return SLOTS_TRY;
    if (facts & SLOTS_NAMED)
        return SLOTS_START_NAMED;
    if (facts & SLOTS_FACTORY)
        return SLOTS_START_FACTORY;
    return facts & SLOTS_BLANK ? SLOTS_ADOPT : SLOTS_START_ANY;
}

static void every_set_of_facts(void **state)
{
    (void)state;
    for (unsigned facts = 0; facts < ALL_FACTS; facts++)
        assert_int_equal(slots_decide(facts), expected(facts));
}

/* ESP-IDF's table of what boots, by what the entries are. */
static struct ud_otadata_entry entry(uint32_t seq, int state)
{
    return (struct ud_otadata_entry){seq, (enum ud_ota_state)state, seq != 0, false};
}

static void what_starts_by_entries(void **state)
{
    const struct {
        struct ud_otadata_entry one, other;
        bool has_trials;
        enum slots_action with_factory, without;
    } cases[] = {
        {entry(0, 0), entry(0, 0), true, SLOTS_START_FACTORY, SLOTS_ADOPT},
        {entry(1, -1), entry(0, 0), true, SLOTS_START_NAMED, SLOTS_START_NAMED},
        {entry(0, 0), entry(2, 2), true, SLOTS_START_NAMED, SLOTS_START_NAMED},
        {entry(1, 3), entry(2, 4), true, SLOTS_START_FACTORY, SLOTS_START_ANY},
        {entry(1, 2), entry(2, 0), true, SLOTS_TRY, SLOTS_TRY},
        {entry(1, 2), entry(2, 1), true, SLOTS_END_TRIAL, SLOTS_END_TRIAL},
        {entry(1, 2), entry(2, 4), true, SLOTS_START_NAMED, SLOTS_START_NAMED},
        {entry(3, 0), entry(2, 1), true, SLOTS_END_TRIAL, SLOTS_END_TRIAL},
        {entry(1, 2), entry(2, 0), false, SLOTS_START_NAMED, SLOTS_START_NAMED},
        {entry(1, 2), entry(2, 1), false, SLOTS_START_NAMED, SLOTS_START_NAMED},
    };

    (void)state;
    for (size_t i = 0; i < SIZE(cases); i++) {
        struct slots_view view = {
            .otadata = {{cases[i].one, cases[i].other}},
            .count = 2,
            .has_trials = cases[i].has_trials,
        };
        print_message("case %zu\n", i);
        assert_int_equal(slots_decide(slots_facts(&view)), cases[i].without);
        view.has_factory = true;
        assert_int_equal(slots_decide(slots_facts(&view)), cases[i].with_factory);
        view.is_test_held = true; /* there is none: the pin means nothing */
        assert_int_equal(slots_decide(slots_facts(&view)), cases[i].with_factory);
        view.has_test = true;
        assert_int_equal(slots_decide(slots_facts(&view)), SLOTS_START_TEST);
        view.is_reset_held = true;
        assert_int_equal(slots_decide(slots_facts(&view)), SLOTS_RESET);
    }
}

static void a_table_without_slots_starts_factory(void **state)
{
    const struct slots_view view = {.otadata = {{entry(1, -1), entry(0, 0)}}, .has_factory = true};

    (void)state;
    assert_int_equal(slots_decide(slots_facts(&view)), SLOTS_START_FACTORY);
}

/* '0'…: slots, F factory, T test. */
static void assert_order(const struct slots_view *view, int first, const char *order)
{
    int8_t candidates[SLOTS_MAX_CANDIDATES];
    char found[SLOTS_MAX_CANDIDATES + 1];
    const uint32_t count = slots_order(view, first, candidates);

    for (uint32_t i = 0; i < count; i++)
        found[i] = (char)(candidates[i] == SLOTS_IS_FACTORY ? 'F'
                          : candidates[i] == SLOTS_IS_TEST  ? 'T'
                                                            : '0' + candidates[i]);
    found[count] = '\0';
    assert_string_equal(found, order);
}

static void programs_are_tried_in_order(void **state)
{
    struct slots_view view = {.count = 4, .has_factory = true, .has_test = true};

    (void)state;
    assert_order(&view, SLOTS_IS_FACTORY, "F0123T");
    assert_order(&view, 0, "0F123T");
    assert_order(&view, 2, "210F3T");
    assert_order(&view, 3, "3210FT");
    view.otadata.entries[0] = entry(2, UD_OTA_INVALID); /* slot 1 */
    assert_order(&view, 2, "20F3T1");
    assert_order(&view, SLOTS_IS_FACTORY, "F023T1");
    view.otadata.entries[1] = entry(5, UD_OTA_ABORTED); /* slot 0 */
    assert_order(&view, 2, "2F3T10");
    view.has_factory = view.has_test = false;
    view.count = 2;
    assert_order(&view, 0, "01");
}

static void sixteen_slots_have_room(void **state)
{
    const struct slots_view view = {.count = UD_MAX_SLOTS, .has_factory = true, .has_test = true};
    int8_t candidates[SLOTS_MAX_CANDIDATES];

    (void)state;
    for (int first = SLOTS_IS_FACTORY; first < (int)UD_MAX_SLOTS; first++)
        assert_int_equal(slots_order(&view, first, candidates), SLOTS_MAX_CANDIDATES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_of_facts),
        cmocka_unit_test(what_starts_by_entries),
        cmocka_unit_test(a_table_without_slots_starts_factory),
        cmocka_unit_test(programs_are_tried_in_order),
        cmocka_unit_test(sixteen_slots_have_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
