/* The in-memory tables against the plainest model of them. */
#include "server/fleet/device_table.h"
#include "server/fleet/mac_list.h"
#include "server/fleet/pair_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define KEYS 500

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static mac_address mac_of(unsigned key)
{
    return 0x5ccf7f000000u + key * 4096u; /* crowded on purpose: low bits all alike */
}

static void check_all(const struct device_table *table, const bool *is_in)
{
    size_t count = 0;

    for (unsigned key = 0; key < KEYS; key++) {
        const struct device *device = device_table_find(table, mac_of(key));
        assert_int_equal(device != NULL, is_in[key]);
        if (device != NULL)
            assert_true(device->mac == mac_of(key));
        count += is_in[key];
    }
    assert_int_equal(table->count, count);
}

static void devices_come_and_go(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    struct device_table table = {0};
    bool is_in[KEYS] = {false};

    (void)state;
    print_message("# seed %u\n", seed);
    for (int step = 0; step < 20000; step++) {
        const unsigned key = next_random(&seed) % KEYS;
        if (next_random(&seed) % 3 != 0) {
            assert_non_null(device_table_enter(&table, mac_of(key)));
            is_in[key] = true;
        } else {
            device_table_remove(&table, mac_of(key));
            is_in[key] = false;
        }
        if (step % 500 == 0)
            check_all(&table, is_in);
    }
    check_all(&table, is_in);
    device_table_free(&table);
}

static void entering_twice_is_the_same_device(void **state)
{
    struct device_table table = {0};
    struct device *device = device_table_enter(&table, 7);

    (void)state;
    device->facts.chip_id = 42;
    for (unsigned key = 0; key < KEYS; key++) /* grows meanwhile */
        device_table_enter(&table, mac_of(key));
    assert_ptr_equal(device_table_enter(&table, 7), device);
    assert_int_equal(device->facts.chip_id, 42);
    device_table_free(&table);
}

static void pairs_are_told_apart(void **state)
{
    struct pair_map map = {0};
    int values[3];

    (void)state;
    assert_null(pair_map_get(&map, "a", "b"));
    assert_true(pair_map_set(&map, "ab", "c", &values[0]));
    assert_true(pair_map_set(&map, "a", "bc", &values[1]));
    assert_ptr_equal(pair_map_get(&map, "ab", "c"), &values[0]);
    assert_ptr_equal(pair_map_get(&map, "a", "bc"), &values[1]);
    assert_null(pair_map_get(&map, "abc", ""));
    assert_true(pair_map_set(&map, "ab", "c", &values[2]));
    assert_ptr_equal(pair_map_get(&map, "ab", "c"), &values[2]);
    assert_int_equal(map.count, 2);
    pair_map_free(&map);
}

static void names_are_kept_once(void **state)
{
    struct pair_map map = {0};
    const char *first = pair_map_intern(&map, "demo");
    char copy[] = "demo", name[24];

    (void)state;
    assert_ptr_equal(pair_map_intern(&map, copy), first);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        assert_string_equal(pair_map_intern(&map, name), name);
    }
    assert_ptr_equal(pair_map_intern(&map, copy), first);
    assert_int_equal(map.count, 1001);
    assert_null(pair_map_intern(&map, ""));
    assert_null(pair_map_intern(&map, NULL));
    pair_map_free(&map);
}

static void lists_sort(void **state)
{
    struct mac_list list = {0};

    (void)state;
    mac_list_sort(&list);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(mac_list_add(&list, (i * 7919u) % 1000u | (mac_address)(i % 2) << 40));
    mac_list_sort(&list);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.macs[i - 1] <= list.macs[i]);
    assert_int_equal(list.count, 1000);
    free(list.macs);
}

/* Of any length, some more than once. */
static void heaps_give_the_lowest_first(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 70; count++) {
        struct mac_list list = {0}, sorted = {0};
        for (unsigned i = 0; i < count; i++) {
            const mac_address mac = i * 7919u % 53u;
            assert_true(mac_list_add(&list, mac) && mac_list_add(&sorted, mac));
        }
        mac_list_sort(&sorted);
        mac_list_make_heap(&list);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(mac_list_pop(&list), sorted.macs[i]);
        assert_int_equal(list.count, 0);
        free(list.macs);
        free(sorted.macs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_come_and_go),  cmocka_unit_test(entering_twice_is_the_same_device),
        cmocka_unit_test(pairs_are_told_apart), cmocka_unit_test(names_are_kept_once),
        cmocka_unit_test(lists_sort),           cmocka_unit_test(heaps_give_the_lowest_first),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
