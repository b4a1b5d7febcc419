/* Which events a webhook is told of, and what follows of attempts to tell it. */
#include "server/model/webhook.h"
#include "server/webhooks/courier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1000000

static void patterns_match_what_they_say(void **state)
{
    const struct webhook webhook = {.events = "rollout.* release.published"};
    const struct webhook all = {.events = "*"};

    (void)state;
    assert_true(webhook_wants(&webhook, "rollout.halted"));
    assert_true(webhook_wants(&webhook, "release.published"));
    assert_false(webhook_wants(&webhook, "release.changed"));
    assert_false(webhook_wants(&webhook, "rollout"));
    assert_false(webhook_wants(&webhook, "release.publishe"));
    assert_true(webhook_wants(&all, "device.registered"));
}

static void lists_of_patterns_are_checked(void **state)
{
    (void)state;
    assert_true(webhook_events_are_valid("*"));
    assert_true(webhook_events_are_valid("rollout.rolled-back device.*"));
    assert_false(webhook_events_are_valid(""));
    assert_false(webhook_events_are_valid("a  b"));
    assert_false(webhook_events_are_valid("rollout.*.x"));
    assert_false(webhook_events_are_valid("Rollout"));
    assert_false(webhook_events_are_valid("a-name-that-is-longer-than-any-event-is"));
}

static void attempts_come_later_and_later(void **state)
{
    const int64_t delays_ms[] = {1000, 4000, 16000, 64000, 256000, 1024000, 3600000, 3600000};
    struct webhook webhook = {.id = 1};
    struct delivery delivery = {.id = 1};

    (void)state;
    for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++) {
        webhook_note_attempt(&webhook, &delivery, 500, "answered 500", NOW);
        assert_int_equal(delivery.next_ms - NOW, delays_ms[i]);
        assert_int_equal(delivery.done_ms, 0);
    }
    assert_int_equal(webhook.failing_ms, NOW);
    webhook_note_attempt(&webhook, &delivery, 204, "", NOW + 5);
    assert_int_equal(delivery.done_ms, NOW + 5);
    assert_int_equal(webhook.failing_ms, 0);
    assert_string_equal(delivery.error, "");
}

static void a_delivery_is_given_up_in_the_end(void **state)
{
    struct webhook webhook = {.id = 1};
    struct delivery delivery = {.id = 1};

    (void)state;
    for (unsigned i = 0; i < WEBHOOK_ATTEMPTS_MAX; i++) {
        assert_int_equal(delivery.done_ms, 0);
        webhook_note_attempt(&webhook, &delivery, 0, "no answer", NOW);
    }
    assert_int_equal(delivery.done_ms, NOW);
    assert_false(webhook.is_disabled);
}

static void a_day_of_failures_disables_it(void **state)
{
    struct webhook webhook = {.id = 1};
    struct delivery first = {.id = 1}, second = {.id = 2};

    (void)state;
    webhook_note_attempt(&webhook, &first, 404, "answered 404", NOW);
    webhook_note_attempt(&webhook, &second, 404, "answered 404", NOW + WEBHOOK_PATIENCE_MS - 1);
    assert_false(webhook.is_disabled);
    webhook_note_attempt(&webhook, &second, 404, "answered 404", NOW + WEBHOOK_PATIENCE_MS);
    assert_true(webhook.is_disabled);
    assert_string_equal(webhook.reason, "nothing got through for a day: answered 404");
}

/* The HMAC is what openssl dgst makes of "1700000000.{}". */
static void signatures_are_those_of_openssl(void **state)
{
    char text[SIGNATURE_SIZE];

    (void)state;
    assert_string_equal(
        courier_sign("a-secret-for-signatures", 1700000000, "{}", text),
        "t=1700000000,v1=0ad0471e018074234b68918ba1d49dbe466434fca6d9ede066b8cfb1f3bcdb5b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_what_they_say),
        cmocka_unit_test(lists_of_patterns_are_checked),
        cmocka_unit_test(attempts_come_later_and_later),
        cmocka_unit_test(a_delivery_is_given_up_in_the_end),
        cmocka_unit_test(a_day_of_failures_disables_it),
        cmocka_unit_test(signatures_are_those_of_openssl),
    };

    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
