/* Users, tokens, sessions and secrets: in memory, as the store has them, over time. */
#include "folder.h"
#include "server/accounts/accounts.h"
#include "server/accounts/password.h"
#include "server/accounts/secret.h"
#include "server/accounts/throttle.h"
#include "tested_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IDLE_S 100
#define LIFE_S 1000
#define START  INT64_C(1795255230000)

struct world {
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct store *store;
    struct accounts *accounts;
    int64_t now_ms;
};

static int64_t world_now(void *ctx)
{
    return ((const struct world *)ctx)->now_ms;
}

static void open_world(struct world *world)
{
    const struct accounts_config config = {
        .session_idle_s = IDLE_S, .session_life_s = LIFE_S, .ctx = world, .now_ms = world_now};
    char error[STORE_ERROR_SIZE];

    world->store = tested_store()->open(tested_store_location(world->path), error);
    assert_non_null(world->store);
    world->accounts = accounts_new(&config);
    assert_int_equal(accounts_load(world->accounts, world->store), 0);
}

static void close_world(struct world *world)
{
    accounts_free(world->accounts);
    tested_store()->close(world->store);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    world->now_ms = START;
    folder_join(world->path, folder_make(world->folder), "updraft.db");
    tested_store_empty(world->path);
    open_world(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    close_world(world);
    folder_remove(world->folder);
    free(world);
    return 0;
}

/* What was written must be there after a restart as it was before. */
static void restart(struct world *world)
{
    close_world(world);
    open_world(world);
}

/* Makes it durable, and memory follow. */
static enum change_result apply(struct world *world, struct change *change)
{
    char error[STORE_ERROR_SIZE] = "";
    enum change_result result;

    tested_store()->apply(world->store, &change, 1, &result, error);
    if (result == CHANGE_DONE)
        accounts_committed(world->accounts, change->as.account);
    change_free(change);
    return result;
}

static struct change *user_change(enum account_change_kind kind, const char *name, enum role role)
{
    struct change *change = change_new_account(kind);
    struct user *user = &change->as.account->as.user;

    strcpy(user->name, name);
    user->role = role;
    strcpy(user->password, "$argon2id$…");
    user->created_ms = START;
    return change;
}

static enum change_result add_user(struct world *world, const char *name, enum role role)
{
    return apply(world, user_change(ACCOUNT_USER, name, role));
}

static enum change_result set_role(struct world *world, const char *name, enum role role)
{
    struct change *change = user_change(ACCOUNT_USER_SET, name, role);
    struct user user;

    assert_true(accounts_user(world->accounts, name, &user));
    user.role = role;
    user.revision++;
    change->as.account->as.user = user;
    return apply(world, change);
}

static enum change_result remove_user(struct world *world, const char *name)
{
    return apply(world, user_change(ACCOUNT_USER_REMOVED, name, ROLE_NONE));
}

static void open_session(struct world *world, const char *user, char secret[SECRET_TEXT_SIZE])
{
    struct change *change = change_new_account(ACCOUNT_SESSION);
    struct session *session = &change->as.account->as.session;

    assert_true(secret_make(secret, session->digest));
    strcpy(session->user, user);
    session->created_ms = session->used_ms = world->now_ms;
    change->as.account->drop_before_ms = world->now_ms - LIFE_S * 1000;
    assert_int_equal(apply(world, change), CHANGE_DONE);
}

/* The role the session gives; ROLE_NONE: it does not hold. */
static enum role role_of_session(struct world *world, const char *secret)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    struct user user;
    bool is_to_note;

    secret_digest(secret, digest);
    return accounts_session(world->accounts, digest, &user, &is_to_note) ? user.role : ROLE_NONE;
}

/* --- users --- */

static void the_first_user_is_made_once(void **state)
{
    struct world *world = *state;

    for (unsigned i = 0; i < 2; i++) {
        struct change *change = user_change(ACCOUNT_USER, i == 0 ? "anna" : "bert", ROLE_ADMIN);
        change->as.account->is_first = true;
        assert_int_equal(apply(world, change), i == 0 ? CHANGE_DONE : CHANGE_CONFLICT);
    }
    restart(world);
    struct user user;
    assert_true(accounts_user(world->accounts, "anna", &user));
    assert_int_equal(user.role, ROLE_ADMIN);
    assert_false(accounts_user(world->accounts, "bert", &user));
}

static void a_name_is_given_once(void **state)
{
    struct world *world = *state;

    assert_int_equal(add_user(world, "anna", ROLE_ADMIN), CHANGE_DONE);
    assert_int_equal(add_user(world, "anna", ROLE_VIEWER), CHANGE_CONFLICT);
}

static void the_last_admin_stays_one(void **state)
{
    struct world *world = *state;

    add_user(world, "anna", ROLE_ADMIN);
    add_user(world, "vera", ROLE_VIEWER);
    assert_int_equal(remove_user(world, "anna"), CHANGE_CONFLICT);
    assert_int_equal(set_role(world, "anna", ROLE_OPERATOR), CHANGE_CONFLICT);
    assert_int_equal(set_role(world, "vera", ROLE_ADMIN), CHANGE_DONE);
    assert_int_equal(remove_user(world, "anna"), CHANGE_DONE);
    assert_int_equal(remove_user(world, "anna"), CHANGE_CONFLICT);
}

/* One who never set a password cannot sign in, so does not count. */
static void an_invited_admin_is_not_enough(void **state)
{
    struct world *world = *state;
    struct change *invited = user_change(ACCOUNT_USER, "bert", ROLE_ADMIN);

    add_user(world, "anna", ROLE_ADMIN);
    invited->as.account->as.user.password[0] = '\0';
    apply(world, invited);
    assert_int_equal(remove_user(world, "anna"), CHANGE_CONFLICT);
}

static void of_two_changes_at_once_one_is_refused(void **state)
{
    struct world *world = *state;
    struct user user;

    add_user(world, "anna", ROLE_ADMIN);
    accounts_user(world->accounts, "anna", &user);
    for (unsigned i = 0; i < 2; i++) {
        struct change *change = change_new_account(ACCOUNT_USER_SET);
        change->as.account->as.user = user;
        change->as.account->as.user.revision++;
        assert_int_equal(apply(world, change), i == 0 ? CHANGE_DONE : CHANGE_CONFLICT);
    }
}

static void a_ticket_holds_for_its_time(void **state)
{
    struct world *world = *state;
    struct change *change = user_change(ACCOUNT_USER, "vera", ROLE_VIEWER);
    char ticket[SECRET_TEXT_SIZE];
    uint8_t digest[SECRET_DIGEST_SIZE];
    struct user user;

    secret_make(ticket, change->as.account->as.user.ticket);
    change->as.account->as.user.ticket_until_ms = START + 5000;
    apply(world, change);
    restart(world);
    secret_digest(ticket, digest);
    assert_true(accounts_user_of_ticket(world->accounts, digest, &user));
    assert_string_equal(user.name, "vera");
    digest[0] ^= 1;
    assert_false(accounts_user_of_ticket(world->accounts, digest, &user));
    digest[0] ^= 1;
    world->now_ms += 5000;
    assert_false(accounts_user_of_ticket(world->accounts, digest, &user));
}

static void no_ticket_is_no_ticket(void **state)
{
    struct world *world = *state;
    static const uint8_t zeros[SECRET_DIGEST_SIZE];
    struct user user;

    add_user(world, "anna", ROLE_ADMIN);
    assert_false(accounts_user_of_ticket(world->accounts, zeros, &user));
    assert_false(accounts_is_first_ticket(world->accounts, zeros));
}

static void the_first_ticket_dies_with_the_first_user(void **state)
{
    struct world *world = *state;
    char ticket[SECRET_TEXT_SIZE];
    uint8_t digest[SECRET_DIGEST_SIZE];

    secret_make(ticket, digest);
    accounts_set_first_ticket(world->accounts, digest, START + 1000);
    assert_true(accounts_is_first_ticket(world->accounts, digest));
    world->now_ms += 1000;
    assert_false(accounts_is_first_ticket(world->accounts, digest));
    world->now_ms -= 1000;
    add_user(world, "anna", ROLE_ADMIN);
    assert_false(accounts_is_first_ticket(world->accounts, digest));
}

/* --- sessions --- */

static void a_session_outlives_a_restart_and_follows_the_role(void **state)
{
    struct world *world = *state;
    char secret[SECRET_TEXT_SIZE];

    add_user(world, "anna", ROLE_ADMIN);
    add_user(world, "bert", ROLE_ADMIN);
    open_session(world, "anna", secret);
    restart(world);
    assert_int_equal(role_of_session(world, secret), ROLE_ADMIN);
    assert_int_equal(set_role(world, "anna", ROLE_VIEWER), CHANGE_DONE);
    assert_int_equal(role_of_session(world, secret), ROLE_VIEWER);
    remove_user(world, "anna");
    assert_int_equal(role_of_session(world, secret), ROLE_NONE);
    add_user(world, "anna", ROLE_ADMIN); /* somebody else of that name */
    assert_int_equal(role_of_session(world, secret), ROLE_NONE);
    restart(world);
    assert_int_equal(role_of_session(world, secret), ROLE_NONE);
}

static void a_session_ends_when_it_is_idle(void **state)
{
    struct world *world = *state;
    char secret[SECRET_TEXT_SIZE];

    add_user(world, "anna", ROLE_ADMIN);
    open_session(world, "anna", secret);
    for (unsigned i = 0; i < 3; i++) {
        world->now_ms += (IDLE_S - 1) * 1000;
        assert_int_equal(role_of_session(world, secret), ROLE_ADMIN);
    }
    world->now_ms += IDLE_S * 1000;
    assert_int_equal(role_of_session(world, secret), ROLE_NONE);
}

static void a_session_ends_however_busy_it_is(void **state)
{
    struct world *world = *state;
    char secret[SECRET_TEXT_SIZE];

    add_user(world, "anna", ROLE_ADMIN);
    open_session(world, "anna", secret);
    for (unsigned s = 0; s < LIFE_S; s += IDLE_S / 2) {
        assert_int_equal(role_of_session(world, secret), ROLE_ADMIN);
        world->now_ms += IDLE_S / 2 * 1000;
    }
    assert_int_equal(role_of_session(world, secret), ROLE_NONE);
}

static void signing_out_everywhere_ends_one_s_own_alone(void **state)
{
    struct world *world = *state;
    char anna[2][SECRET_TEXT_SIZE], bert[SECRET_TEXT_SIZE];
    struct change *change = change_new_account(ACCOUNT_SESSIONS_END);

    add_user(world, "anna", ROLE_ADMIN);
    add_user(world, "bert", ROLE_VIEWER);
    open_session(world, "anna", anna[0]);
    open_session(world, "anna", anna[1]);
    open_session(world, "bert", bert);
    assert_int_equal(accounts_count_sessions(world->accounts, "anna"), 2);
    strcpy(change->as.account->as.session.user, "anna");
    secret_digest(anna[1], change->as.account->keeps);
    apply(world, change);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(role_of_session(world, anna[0]), ROLE_NONE);
        assert_int_equal(role_of_session(world, anna[1]), ROLE_ADMIN);
        assert_int_equal(role_of_session(world, bert), ROLE_VIEWER);
        restart(world);
    }
}

/* --- tokens and devices' secrets --- */

static uint32_t add_token(struct world *world, int64_t expires_ms, char secret[SECRET_TEXT_SIZE])
{
    struct change *change = change_new_account(ACCOUNT_TOKEN);
    struct api_token *token = &change->as.account->as.token;

    token->id = accounts_next_token(world->accounts);
    strcpy(token->name, "build");
    strcpy(token->product, "demo");
    token->role = ROLE_OPERATOR;
    token->expires_ms = expires_ms;
    secret_make(secret, token->digest);
    const uint32_t id = token->id;
    assert_int_equal(apply(world, change), CHANGE_DONE);
    return id;
}

static bool holds(struct world *world, const char *secret)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    struct api_token token;
    bool is_to_note;

    secret_digest(secret, digest);
    return accounts_token(world->accounts, digest, &token, &is_to_note) &&
           token.role == ROLE_OPERATOR && strcmp(token.product, "demo") == 0;
}

static void a_token_holds_until_it_expires(void **state)
{
    struct world *world = *state;
    char secret[SECRET_TEXT_SIZE];

    add_token(world, START + 60000, secret);
    restart(world);
    assert_true(holds(world, secret));
    world->now_ms += 60000;
    assert_false(holds(world, secret));
}

static void a_revoked_token_is_gone_and_its_number_stays_its_own(void **state)
{
    struct world *world = *state;
    char secret[SECRET_TEXT_SIZE];
    const uint32_t id = add_token(world, 0, secret);

    for (unsigned i = 0; i < 2; i++) {
        struct change *change = change_new_account(ACCOUNT_TOKEN_REVOKED);
        change->as.account->as.token.id = id;
        change->as.account->as.token.revoked_ms = START;
        assert_int_equal(apply(world, change), i == 0 ? CHANGE_DONE : CHANGE_CONFLICT);
    }
    assert_false(holds(world, secret));
    restart(world);
    assert_false(holds(world, secret));
    assert_int_equal(accounts_next_token(world->accounts), id + 1);
}

static void devices_secrets_are_found_among_many(void **state)
{
    enum { COUNT = 200 };
    static char secrets[COUNT][SECRET_TEXT_SIZE];
    struct world *world = *state;
    uint8_t digest[SECRET_DIGEST_SIZE];
    mac_address mac;

    for (mac_address i = 0; i < COUNT; i++) {
        struct change *change = change_new_account(ACCOUNT_SECRET);
        change->as.account->as.secret.id = accounts_next_device_secret(world->accounts);
        change->as.account->as.secret.mac = i;
        secret_make(secrets[i], change->as.account->as.secret.digest);
        apply(world, change);
    }
    struct change *revoke = change_new_account(ACCOUNT_SECRET_REVOKED);
    revoke->as.account->as.secret.id = 8; /* of the MAC 7 */
    revoke->as.account->as.secret.revoked_ms = START;
    assert_int_equal(apply(world, revoke), CHANGE_DONE);
    for (unsigned round = 0; round < 2; round++) {
        for (mac_address i = 0; i < COUNT; i++) {
            secret_digest(secrets[i], digest);
            assert_int_equal(accounts_device_secret(world->accounts, digest, &mac), i != 7);
            assert_true(i == 7 || mac == i);
        }
        restart(world);
    }
}

/* --- secrets and passwords --- */

static void secrets_differ_and_derive(void **state)
{
    char one[SECRET_TEXT_SIZE], two[SECRET_TEXT_SIZE], csrf[SECRET_TEXT_SIZE];
    uint8_t digest[SECRET_DIGEST_SIZE];

    (void)state;
    assert_true(secret_make(one, digest) && secret_make(two, digest));
    assert_int_equal(strlen(one), SECRET_TEXT_SIZE - 1);
    assert_false(secret_is_equal(one, two));
    assert_true(secret_is_equal(one, one));
    secret_derive(one, "csrf", csrf);
    assert_false(secret_is_equal(one, csrf));
    secret_derive(one, "other", two);
    assert_false(secret_is_equal(two, csrf));
}

static void a_password_fits_its_hash_alone(void **state)
{
    char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];

    (void)state;
    assert_true(password_hash("correct horse", hash));
    assert_true(password_hash("correct horse", again));
    assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_string_not_equal(hash, again); /* the salt */
    assert_true(password_fits("correct horse", hash));
    assert_false(password_fits("correct horsf", hash));
    assert_false(password_fits("", hash));
    assert_false(password_fits("correct horse", ""));
    assert_false(password_fits("correct horse", "$argon2id$nonsense"));
}

static void short_and_long_passwords_are_refused(void **state)
{
    char longest[PASSWORD_SIZE + 1];

    (void)state;
    assert_non_null(password_problem("123456789"));
    assert_null(password_problem("1234567890"));
    assert_non_null(
        password_problem("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9")); /* five letters */
    memset(longest, 'x', PASSWORD_SIZE);
    longest[PASSWORD_SIZE] = '\0';
    assert_non_null(password_problem(longest));
    longest[PASSWORD_SIZE - 1] = '\0';
    assert_null(password_problem(longest));
}

/* --- throttling --- */

static void delays_double_up_to_a_limit(void **state)
{
    struct throttle *throttle = throttle_new();
    int64_t now = START;
    uint32_t expected = 1;

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(throttle_try(throttle, "anna", 5, now), 0);
    for (unsigned i = 0; i < 14; i++) {
        assert_int_equal(throttle_try(throttle, "anna", 5, now), expected);
        now += expected * INT64_C(1000) - 1;
        assert_int_equal(throttle_try(throttle, "anna", 5, now), 1);
        now++;
        assert_int_equal(throttle_try(throttle, "anna", 5, now), 0);
        expected = 2 * expected < THROTTLE_LONGEST_S ? 2 * expected : THROTTLE_LONGEST_S;
    }
    assert_int_equal(throttle_try(throttle, "bert", 5, now), 0);
    throttle_forgive(throttle, "anna");
    assert_int_equal(throttle_try(throttle, "anna", 5, now), 0);
    throttle_free(throttle);
}

static void failures_are_forgotten_in_time(void **state)
{
    struct throttle *throttle = throttle_new();

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        throttle_try(throttle, "anna", 5, START);
    assert_int_not_equal(throttle_try(throttle, "anna", 5, START), 0);
    const int64_t later = START + (THROTTLE_MEMORY_S + 1) * INT64_C(1000);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(throttle_try(throttle, "anna", 5, later), 0);
    assert_int_not_equal(throttle_try(throttle, "anna", 5, later), 0);
    assert_int_equal(throttle_try(throttle, "anna", 5, START), 0); /* the clock was set back */
    throttle_free(throttle);
}

/* Whoever guesses names does not open his own address by a right password among them. */
static void a_right_attempt_takes_itself_back_alone(void **state)
{
    struct throttle *throttle = throttle_new();

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        throttle_try(throttle, "address", 5, START);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(throttle_try(throttle, "address", 5, START), 0);
        throttle_take_back(throttle, "address");
    }
    assert_int_equal(throttle_try(throttle, "address", 5, START), 0);
    assert_int_not_equal(throttle_try(throttle, "address", 5, START), 0);
    throttle_free(throttle);
}

static void so_many_names_do_not_free_an_address(void **state)
{
    struct throttle *throttle = throttle_new();
    char name[THROTTLE_KEY_SIZE];

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        throttle_try(throttle, "anna", 5, START);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "user %u", i);
        throttle_try(throttle, name, 5, START + i);
        if (i % 500 == 0)
            throttle_try(throttle, "address", 1, START + i);
    }
    assert_int_not_equal(throttle_try(throttle, "address", 1, START + 5000), 0);
    throttle_free(throttle);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(the_first_user_is_made_once),
        WITH_WORLD(a_name_is_given_once),
        WITH_WORLD(the_last_admin_stays_one),
        WITH_WORLD(an_invited_admin_is_not_enough),
        WITH_WORLD(of_two_changes_at_once_one_is_refused),
        WITH_WORLD(a_ticket_holds_for_its_time),
        WITH_WORLD(no_ticket_is_no_ticket),
        WITH_WORLD(the_first_ticket_dies_with_the_first_user),
        WITH_WORLD(a_session_outlives_a_restart_and_follows_the_role),
        WITH_WORLD(a_session_ends_when_it_is_idle),
        WITH_WORLD(a_session_ends_however_busy_it_is),
        WITH_WORLD(signing_out_everywhere_ends_one_s_own_alone),
        WITH_WORLD(a_token_holds_until_it_expires),
        WITH_WORLD(a_revoked_token_is_gone_and_its_number_stays_its_own),
        WITH_WORLD(devices_secrets_are_found_among_many),
        cmocka_unit_test(secrets_differ_and_derive),
        cmocka_unit_test(a_password_fits_its_hash_alone),
        cmocka_unit_test(short_and_long_passwords_are_refused),
        cmocka_unit_test(delays_double_up_to_a_limit),
        cmocka_unit_test(failures_are_forgotten_in_time),
        cmocka_unit_test(a_right_attempt_takes_itself_back_alone),
        cmocka_unit_test(so_many_names_do_not_free_an_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
