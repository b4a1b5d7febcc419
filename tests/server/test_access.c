/* Basic credentials, as devices send them. */
#include "server/device_api/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Python: base64.b64encode(pair). */
static const struct {
    const char *header, *password;
} pairs[] = {
    {"Basic ZGV2aWNlOnNlY3JldA==", "secret"}, /* device:secret */
    {"Basic OnNlY3JldDE=", "secret1"},        /* :secret1 */
    {"basic dTpzZWNyZXQxMg==", "secret12"},   /* u:secret12 */
    {"Basic dTphOmI6Yw==", "c"},              /* u:a:b:c */
    {"Basic dTo=", ""},                       /* u: */
    {"Basic 5C:CF:7F:00:00:01", NULL},        /* not encoded */
    {"Basic ZGV2aWNl", NULL},                 /* device */
    {"Basic ZGV2aWNlOnNlY3JldA", NULL},       /* without padding */
    {"Basic ZGV2aWNlOnNlY3JldA=", NULL},      /* with half of it */
    {"Basic ", NULL},                         /* nothing */
    {"Basic", NULL},                          /* nor that */
    {"Bearer ZGV2aWNlOnNlY3JldA==", NULL},    /* something else */
    {"Basic dTphAGI=", NULL},                 /* u:a NUL b */
    {"Basic ====", NULL},                     /* padding alone */
    {"", NULL},
};

static void a_password_is_what_follows_the_last_colon(void **state)
{
    char password[BASIC_PASSWORD_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const bool is_read = device_access_read_basic(pairs[i].header, password);
        if (is_read != (pairs[i].password != NULL))
            fail_msg("%s", pairs[i].header);
        if (is_read)
            assert_string_equal(password, pairs[i].password);
    }
}

static void what_is_too_long_is_refused(void **state)
{
    char header[2000] = "Basic ", password[BASIC_PASSWORD_SIZE];

    (void)state;
    for (size_t length = 4; length < 1900; length += 4) {
        memset(header + 6, 'O', length); /* "8" and "s": no colon within */
        memcpy(header + 6, "dTph", 4);   /* u:a */
        header[6 + length] = '\0';
        const size_t bytes = length / 4 * 3 - 2;
        assert_int_equal(device_access_read_basic(header, password), bytes < BASIC_PASSWORD_SIZE);
    }
}

static void policies_have_names(void **state)
{
    enum device_policy policy;

    (void)state;
    for (int i = DEVICE_POLICY_OPEN; i <= DEVICE_POLICY_OWN; i++) {
        assert_true(device_policy_parse(device_policy_name((enum device_policy)i), &policy));
        assert_int_equal(policy, i);
    }
    assert_false(device_policy_parse("closed", &policy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_is_what_follows_the_last_colon),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(policies_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
