/* What devices say, kept once for all that say the same: against plain copies. */
#include "server/fleet/facts_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define DEVICES 300

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct device_facts some_facts(unsigned *seed)
{
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .mode = next_random(seed) % 4,
                                 .chip_id = next_random(seed),
                                 .has_chip_id = next_random(seed) % 2,
                                 .free_space = next_random(seed),
                                 .sketch_size = 300000 + next_random(seed) % 3,
                                 .chip_size = 4u << 20,
                                 .ap_mac = next_random(seed),
                                 .has_md5 = next_random(seed) % 2};

    if (facts.has_md5)
        facts.sketch_md5[next_random(seed) % 3] = 1;
    snprintf(facts.version, sizeof facts.version, "1.%u", next_random(seed) % 4);
    snprintf(facts.sdk_version, sizeof facts.sdk_version, "2.%u", next_random(seed) % 2);
    facts.abilities.is_told = next_random(seed) % 2;
    facts.abilities.chip = (uint16_t)(next_random(seed) % 2);
    facts.address[15] = (uint8_t)next_random(seed);
    return facts;
}

static void check(const struct kept_facts *kept, const struct device_facts *expected)
{
    struct device_facts facts;

    facts_read(kept, &facts);
    assert_int_equal(facts.chip, expected->chip);
    assert_int_equal(facts.mode, expected->mode);
    assert_int_equal(facts.chip_id, expected->chip_id);
    assert_int_equal(facts.has_chip_id, expected->has_chip_id);
    assert_int_equal(facts.free_space, expected->free_space);
    assert_int_equal(facts.sketch_size, expected->sketch_size);
    assert_int_equal(facts.chip_size, expected->chip_size);
    assert_true(facts.ap_mac == expected->ap_mac);
    assert_int_equal(facts.has_md5, expected->has_md5);
    assert_int_equal(facts.has_sha256, expected->has_sha256);
    assert_memory_equal(facts.sketch_md5, expected->sketch_md5, UD_MD5_SIZE);
    assert_memory_equal(facts.sketch_sha256, expected->sketch_sha256, UD_SHA256_SIZE);
    assert_string_equal(facts.version, expected->version);
    assert_string_equal(facts.sdk_version, expected->sdk_version);
    assert_int_equal(facts.abilities.is_told, expected->abilities.is_told);
    assert_int_equal(facts.abilities.chip, expected->abilities.chip);
    assert_memory_equal(facts.address, expected->address, sizeof facts.address);
}

static void what_is_kept_is_read_back(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    struct facts_pool pool = {0};
    struct kept_facts *kept = calloc(DEVICES, sizeof *kept);
    struct device_facts *plain = calloc(DEVICES, sizeof *plain);

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned step = 0; step < 20000; step++) {
        const unsigned one = next_random(&seed) % DEVICES;
        if (next_random(&seed) % 4 == 0) {
            facts_drop(&pool, &kept[one]);
            plain[one] = (struct device_facts){.chip = UD_CHIP_UNKNOWN};
        } else {
            plain[one] = some_facts(&seed);
            assert_true(facts_keep(&pool, &kept[one], &plain[one]));
        }
        check(&kept[one], &plain[one]);
    }
    for (unsigned i = 0; i < DEVICES; i++) {
        check(&kept[i], &plain[i]);
        facts_drop(&pool, &kept[i]);
    }
    assert_int_equal(pool.count, 0);
    facts_pool_free(&pool);
    free(plain);
    free(kept);
}

static void devices_that_say_the_same_share_it(void **state)
{
    struct facts_pool pool = {0};
    struct kept_facts kept[3] = {{.shared = NULL}};
    struct device_facts facts = {.chip = UD_CHIP_ESP8266, .version = "1.0.0"};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        facts.chip_id = i;
        facts.ap_mac = i;
        facts.free_space = i;
        facts.address[15] = (uint8_t)i;
        assert_true(facts_keep(&pool, &kept[i], &facts));
    }
    assert_int_equal(pool.count, 1);
    strcpy(facts.version, "1.1.0");
    assert_true(facts_keep(&pool, &kept[2], &facts));
    assert_int_equal(pool.count, 2);
    strcpy(facts.version, "1.0.0");
    assert_true(facts_keep(&pool, &kept[2], &facts));
    assert_int_equal(pool.count, 1);
    for (unsigned i = 0; i < 3; i++)
        facts_drop(&pool, &kept[i]);
    assert_int_equal(pool.count, 0);
    facts_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_read_back),
        cmocka_unit_test(devices_that_say_the_same_share_it),
    };
    return cmocka_run_group_tests_name("facts pool", tests, NULL, NULL);
}
