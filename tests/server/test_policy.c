/* Every rule of the policy, a row each. */
#include "server/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MB (1024u * 1024u)

static struct release releases[] = {
    {.id = 1, .product = "demo", .version = "1.0.0", .channel = "stable"},
    {.id = 2, .product = "demo", .version = "1.1.0", .channel = "stable"},
    {.id = 3, .product = "demo", .version = "2.0.0-rc1", .channel = "beta"},
    {.id = 4, .product = "lamp", .version = "1.0.0", .channel = "stable"},
};

/* The newest on a channel is the last of the list that is on it. */
static const struct release *newest(const void *ctx, const char *product, const char *channel)
{
    const struct release *found = NULL;

    (void)ctx;
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        if (strcmp(releases[i].product, product) == 0 && strcmp(releases[i].channel, channel) == 0)
            found = &releases[i];
    return found;
}

static const struct release *by_version(const void *ctx, const char *product, const char *version)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        if (strcmp(releases[i].product, product) == 0 && strcmp(releases[i].version, version) == 0)
            return &releases[i];
    return NULL;
}

static const struct policy_catalogue catalogue = {.newest = newest, .by_version = by_version};

static void fill_image(struct release_image *image, uint8_t mark)
{
    *image = (struct release_image){.chip = UD_CHIP_ESP8266,
                                    .chip_name = "ESP8266",
                                    .flash_size = 4 * MB,
                                    .file_count = 1,
                                    .files = {{.size = 400000}}};
    image->digests.md5_count = 4;
    image->digests.sha256_count = 0;
    for (uint8_t mode = 0; mode < 4; mode++)
        memset(image->digests.md5[mode], mark + mode, UD_MD5_SIZE);
}

static int set_up(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < sizeof releases / sizeof releases[0]; i++)
        fill_image(&releases[i].image, (uint8_t)(16 * (i + 1)));
    return 0;
}

/* A healthy device of `demo` that runs 1.0.0. */
static struct device_facts usual_facts(void)
{
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .free_space = 2 * MB,
                                 .sketch_size = 300000,
                                 .chip_size = 4 * MB,
                                 .has_md5 = true,
                                 .version = "1.0.0"};
    memset(facts.sketch_md5, 16, UD_MD5_SIZE);
    return facts;
}

static struct policy_device usual(const struct device_facts *facts)
{
    return (struct policy_device){.facts = facts, .assignment = {.product = "demo"}};
}

static void expect(const struct policy_device *device, enum policy_rule rule,
                   enum device_state state, bool offer, const char *target)
{
    const struct policy_decision decision = policy_decide(device, &catalogue);
    char reason[POLICY_REASON_SIZE];

    assert_int_equal(decision.rule, rule);
    assert_int_equal(decision.state, state);
    assert_int_equal(decision.offer, offer);
    if (target == NULL)
        assert_null(decision.target);
    else
        assert_string_equal(decision.target->version, target);
    assert_true(strlen(policy_explain(&decision, device, &catalogue, reason)) > 5);
    assert_null(strchr(reason, '\n'));
    assert_null(strstr(reason, "(null)"));
}

static void newest_of_the_product_is_due(void **state)
{
    const struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);

    (void)state;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
}

static void what_was_never_seen_gets_nothing(void **state)
{
    struct policy_device device = usual(NULL);

    (void)state;
    expect(&device, RULE_NEVER_SEEN, STATE_NEVER_SEEN, false, "1.1.0");
    device.assignment.product = NULL;
    expect(&device, RULE_NEVER_SEEN, STATE_NEVER_SEEN, false, NULL);
}

static void without_a_product_nothing(void **state)
{
    const struct device_facts facts = usual_facts();
    struct policy_device device = usual(&facts);

    (void)state;
    device.assignment.product = NULL;
    device.assignment.pin = "1.1.0";
    expect(&device, RULE_NO_PRODUCT, STATE_UNASSIGNED, false, NULL);
}

static void product_comes_from_the_group_where_the_device_has_none(void **state)
{
    const struct device_facts facts = usual_facts();
    const struct group lamps = {"lamps", "lamp", NULL, NULL};
    struct policy_device device = usual(&facts);

    (void)state;
    device.group = &lamps;
    assert_string_equal(policy_product(&device), "demo");
    device.assignment.product = NULL;
    assert_string_equal(policy_product(&device), "lamp");
    expect(&device, RULE_SAME_VERSION, STATE_CURRENT, false, "1.0.0");
}

static void target_is_the_first_match(void **state)
{
    const struct device_facts facts = usual_facts();
    const struct group beta = {"lab", "demo", "beta", NULL};
    const struct group pinned = {"lab", "demo", "beta", "1.1.0"};
    const struct group other = {"lab", "lamp", NULL, "9.9.9"};
    struct policy_device device = usual(&facts);

    (void)state;
    device.group = &beta;
    expect(&device, RULE_DUE, STATE_DUE, true, "2.0.0-rc1");
    device.group = &pinned;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    device.assignment.channel = "stable";
    device.group = &beta;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    device.assignment.pin = "2.0.0-rc1";
    device.group = &pinned;
    expect(&device, RULE_DUE, STATE_DUE, true, "2.0.0-rc1");
    device.assignment.pin = NULL;
    device.group = &other; /* a pin of another product does not hold */
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
}

static void a_target_that_is_not_there(void **state)
{
    const struct device_facts facts = usual_facts();
    const struct group pinned = {"lab", "demo", NULL, "8.0"};
    struct policy_device device = usual(&facts);

    (void)state;
    device.assignment.channel = "nightly";
    expect(&device, RULE_NO_RELEASE, STATE_NO_RELEASE, false, NULL);
    device.assignment.pin = "7.0";
    expect(&device, RULE_NO_SUCH_PIN, STATE_NO_RELEASE, false, NULL);
    device.assignment.pin = NULL;
    device.group = &pinned;
    expect(&device, RULE_NO_SUCH_PIN, STATE_NO_RELEASE, false, NULL);
}

static void up_to_date_by_version_whatever_the_digest(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);

    (void)state;
    strcpy(facts.version, "1.1.0");
    expect(&device, RULE_SAME_VERSION, STATE_CURRENT, false, "1.1.0");
    memset(facts.sketch_md5, 32, UD_MD5_SIZE); /* of 1.1.0, but it says otherwise */
    strcpy(facts.version, "1.0.0");
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
}

static void up_to_date_by_any_digest_without_a_version(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);

    (void)state;
    facts.version[0] = '\0';
    for (uint8_t mode = 0; mode < 4; mode++) {
        memset(facts.sketch_md5, 32 + mode, UD_MD5_SIZE);
        expect(&device, RULE_SAME_DIGEST, STATE_CURRENT, false, "1.1.0");
    }
    memset(facts.sketch_md5, 36, UD_MD5_SIZE);
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    memset(facts.sketch_md5, 32, UD_MD5_SIZE);
    facts.has_md5 = false;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
}

static void up_to_date_by_sha256(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);
    struct release_digests *digests = &releases[1].image.digests;

    (void)state;
    facts.version[0] = '\0';
    facts.has_md5 = false;
    facts.has_sha256 = true;
    digests->sha256_count = 2;
    memset(digests->sha256[1], 7, UD_SHA256_SIZE);
    memset(facts.sketch_sha256, 7, UD_SHA256_SIZE);
    expect(&device, RULE_SAME_DIGEST, STATE_CURRENT, false, "1.1.0");
    digests->sha256_count = 1;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
}

static void what_cannot_run_there_is_not_offered(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);
    struct release *target = &releases[1];

    (void)state;
    target->image.chip = UD_CHIP_ESP32;
    expect(&device, RULE_OTHER_CHIP, STATE_UNFIT, false, "1.1.0");
    target->image.chip = UD_CHIP_ESP8266;
    facts.chip_size = 4 * MB - 1;
    expect(&device, RULE_FLASH_TOO_SMALL, STATE_UNFIT, false, "1.1.0");
    target->image.flash_size = 0; /* a code without a meaning says nothing */
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    target->image.files[0].is_missing = true;
    expect(&device, RULE_FILE_MISSING, STATE_UNFIT, false, "1.1.0");
    target->image.files[0].is_missing = false;
}

static void space_is_counted_in_sectors_on_the_esp8266(void **state)
{
    static const struct {
        uint32_t size, space;
        enum policy_rule esp8266, esp32;
    } rows[] = {
        {4096, 4096, RULE_DUE, RULE_DUE},
        {4097, 8192, RULE_DUE, RULE_DUE},
        {4097, 8191, RULE_NO_SPACE, RULE_DUE},
        {4097, 4097, RULE_NO_SPACE, RULE_DUE},
        {4097, 4096, RULE_NO_SPACE, RULE_NO_SPACE},
        {UINT32_MAX, UINT32_MAX, RULE_NO_SPACE, RULE_DUE},
        {1, 0, RULE_NO_SPACE, RULE_NO_SPACE},
    };
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        releases[1].image.files[0].size = rows[i].size;
        facts.free_space = rows[i].space;
        facts.chip = releases[1].image.chip = UD_CHIP_ESP8266;
        assert_int_equal(policy_decide(&device, &catalogue).rule, rows[i].esp8266);
        facts.chip = releases[1].image.chip = UD_CHIP_ESP32;
        assert_int_equal(policy_decide(&device, &catalogue).rule, rows[i].esp32);
    }
}

/* Sketch 300000 takes up to 0x4a000; with 0xb1000 free, staging ends at 0xfb000. */
static void a_compressed_image_must_not_overtake_itself(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);
    struct release_image *image = &releases[1].image;

    (void)state;
    facts.free_space = 0xb1000;
    image->files[0].compressed = true;
    image->files[0].size = 0x40000; /* staged at 0xbb000 */
    image->files[0].inflate_lead = 0xbb000;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    image->files[0].inflate_lead = 0xbb001;
    expect(&device, RULE_NO_ROOM_TO_INFLATE, STATE_UNFIT, false, "1.1.0");
    image->files[0].compressed = false;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
}

static void three_offers_are_enough(void **state)
{
    const struct device_facts facts = usual_facts();
    struct policy_device device = usual(&facts);

    (void)state;
    for (uint32_t count = 0; count < 3; count++) {
        device.offers = (struct device_offers){2, count};
        expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
        assert_int_equal(policy_decide(&device, &catalogue).offers, count);
    }
    device.offers.count = 3;
    expect(&device, RULE_HELD_BACK, STATE_FAILING, false, "1.1.0");
    device.offers.release = 1; /* of another target */
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    assert_int_equal(policy_decide(&device, &catalogue).offers, 0);
}

static void what_is_on_its_way_may_go_on(void **state)
{
    const struct device_facts facts = usual_facts();
    struct policy_device device = usual(&facts);

    (void)state;
    device.on_its_way = true;
    expect(&device, RULE_DUE, STATE_DUE, true, "1.1.0");
    device.offers = (struct device_offers){2, 3};
    expect(&device, RULE_ON_ITS_WAY, STATE_UPDATING, true, "1.1.0");
}

static void a_sketch_with_the_wrong_version_is_told_apart(void **state)
{
    struct device_facts facts = usual_facts();
    struct policy_device device = usual(&facts);
    char reason[POLICY_REASON_SIZE];

    (void)state;
    memset(facts.sketch_md5, 33, UD_MD5_SIZE);
    device.offers = (struct device_offers){2, 3};
    const struct policy_decision decision = policy_decide(&device, &catalogue);
    assert_non_null(
        strstr(policy_explain(&decision, &device, &catalogue, reason), "calls itself 1.0.0"));
}

/* --- forms --- */

static const uint8_t key_a[UD_KEY_ID_SIZE] = {0xa}, key_b[UD_KEY_ID_SIZE] = {0xb};

enum { PLAIN, PACKED, PLAIN_A, PACKED_A };

/* 1.1.0 in four forms; those signed by key A are a little longer. */
static void give_four_forms(void)
{
    struct release_image *image = &releases[1].image;

    image->file_count = 4;
    for (int i = 0; i < 4; i++) {
        struct release_file *file = &image->files[i];
        *file = (struct release_file){.compressed = i == PACKED || i == PACKED_A,
                                      .is_signed = i >= PLAIN_A,
                                      .has_signer = i >= PLAIN_A};
        file->size = (file->compressed ? 200000u : 400000u) + (file->is_signed ? 260u : 0u);
        if (file->is_signed)
            memcpy(file->signer, key_a, sizeof key_a);
    }
}

static struct device_abilities abilities(bool takes_gzip, const uint8_t *key)
{
    struct device_abilities abilities = {
        .is_told = true, .takes_gzip = takes_gzip, .verifies = key != NULL};

    if (key != NULL)
        memcpy(abilities.keys[abilities.key_count++], key, UD_KEY_ID_SIZE);
    return abilities;
}

static void expect_form(const struct device_facts *facts, int form)
{
    const struct policy_device device = usual(facts);
    const struct policy_decision decision = policy_decide(&device, &catalogue);

    assert_true(decision.offer);
    assert_int_equal(decision.file - releases[1].image.files, form);
}

static void who_tells_gets_the_smallest_form_it_takes(void **state)
{
    struct device_facts facts = usual_facts();

    (void)state;
    give_four_forms();
    facts.abilities = abilities(true, NULL);
    expect_form(&facts, PACKED);
    facts.abilities = abilities(false, NULL);
    expect_form(&facts, PLAIN);
    facts.abilities = abilities(true, key_a);
    expect_form(&facts, PACKED_A);
    facts.abilities = abilities(false, key_a);
    expect_form(&facts, PLAIN_A);
    facts.abilities = abilities(true, key_b);
    const struct policy_device device = usual(&facts);
    expect(&device, RULE_NO_FORM, STATE_UNFIT, false, "1.1.0");
    /* One of several keys will do; of keys not told, any. */
    memcpy(facts.abilities.keys[facts.abilities.key_count++], key_a, sizeof key_a);
    expect_form(&facts, PACKED_A);
    facts.abilities.key_count = 0;
    expect_form(&facts, PACKED_A);
}

/* Whose signature it is may not be known here: then the device is asked. */
static void a_signature_of_an_unknown_key_may_do(void **state)
{
    struct device_facts facts = usual_facts();

    (void)state;
    give_four_forms();
    releases[1].image.files[PLAIN_A].has_signer = false;
    facts.abilities = abilities(true, key_b);
    expect_form(&facts, PLAIN_A);
}

static void stock_devices_get_the_first_form(void **state)
{
    struct device_facts facts = usual_facts();
    struct release_image *image = &releases[1].image;

    (void)state;
    give_four_forms();
    for (int first = 0; first < 4; first++) {
        const struct release_file file = image->files[first];
        image->files[first] = image->files[0];
        image->files[0] = file;
        expect_form(&facts, 0);
        give_four_forms();
    }
}

/* A signature behind gzip would have the stock bootloader write 256 bytes. */
static void stock_devices_fall_back_on_what_cannot_harm_them(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);
    struct release_image *image = &releases[1].image;

    (void)state;
    give_four_forms();
    facts.free_space = 0x40000;
    expect_form(&facts, PACKED);
    image->files[PACKED].is_missing = true;
    expect(&device, RULE_NO_SPACE, STATE_UNFIT, false, "1.1.0");
    facts.free_space = 2 * MB;
    image->files[PLAIN].is_missing = true;
    expect_form(&facts, PLAIN_A);
    image->files[PLAIN_A].is_missing = true;
    expect(&device, RULE_FILE_MISSING, STATE_UNFIT, false, "1.1.0");
}

static void no_form_is_explained(void **state)
{
    struct device_facts facts = usual_facts();
    const struct policy_device device = usual(&facts);
    struct release_file *file = &releases[1].image.files[0];
    char reason[POLICY_REASON_SIZE];

    (void)state;
    facts.abilities = abilities(true, key_b);
    struct policy_decision decision = policy_decide(&device, &catalogue);
    assert_string_equal(policy_explain(&decision, &device, &catalogue, reason),
                        "it takes files signed by 0b00000000000000 only, and 1.1.0 is not: "
                        "publish it signed");
    file->compressed = true;
    facts.abilities = abilities(false, NULL);
    decision = policy_decide(&device, &catalogue);
    assert_string_equal(policy_explain(&decision, &device, &catalogue, reason),
                        "1.1.0 is there compressed only, which it does not take: publish the "
                        ".bin, too");
}

static void states_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < STATE_COUNT; i++)
        assert_non_null(policy_state_name((enum device_state)i));
    assert_null(policy_state_name(STATE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(newest_of_the_product_is_due, set_up),
        cmocka_unit_test_setup(what_was_never_seen_gets_nothing, set_up),
        cmocka_unit_test_setup(without_a_product_nothing, set_up),
        cmocka_unit_test_setup(product_comes_from_the_group_where_the_device_has_none, set_up),
        cmocka_unit_test_setup(target_is_the_first_match, set_up),
        cmocka_unit_test_setup(a_target_that_is_not_there, set_up),
        cmocka_unit_test_setup(up_to_date_by_version_whatever_the_digest, set_up),
        cmocka_unit_test_setup(up_to_date_by_any_digest_without_a_version, set_up),
        cmocka_unit_test_setup(up_to_date_by_sha256, set_up),
        cmocka_unit_test_setup(what_cannot_run_there_is_not_offered, set_up),
        cmocka_unit_test_setup(space_is_counted_in_sectors_on_the_esp8266, set_up),
        cmocka_unit_test_setup(a_compressed_image_must_not_overtake_itself, set_up),
        cmocka_unit_test_setup(three_offers_are_enough, set_up),
        cmocka_unit_test_setup(what_is_on_its_way_may_go_on, set_up),
        cmocka_unit_test_setup(a_sketch_with_the_wrong_version_is_told_apart, set_up),
        cmocka_unit_test_setup(who_tells_gets_the_smallest_form_it_takes, set_up),
        cmocka_unit_test_setup(a_signature_of_an_unknown_key_may_do, set_up),
        cmocka_unit_test_setup(stock_devices_get_the_first_form, set_up),
        cmocka_unit_test_setup(stock_devices_fall_back_on_what_cannot_harm_them, set_up),
        cmocka_unit_test_setup(no_form_is_explained, set_up),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
