/* Enters devices into the database of a server that stands still: fill DATABASE COUNT, with a
 * file or a postgres:// URL. They are of the product demo and have asked before, with what
 * benchmarks/load.c has them say; MACs count up as there, and LOAD_MD5 is the same. */
#include "server/fleet/fleet.h"

#include "updraft/hex.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC_FIRST 0x5CCF7F000000
#define AT_ONCE   20000u

static bool has_file(void *ctx, const struct release *release, const struct release_file *file)
{
    (void)ctx;
    (void)release;
    (void)file;
    return true;
}

static void trouble(void *ctx, const char *error)
{
    (void)ctx;
    if (error == NULL)
        return;
    fprintf(stderr, "fill: %s\n", error);
    exit(1);
}

static void ignore_released(void *ctx, const struct release *release)
{
    (void)ctx;
    (void)release;
}

static void ignore_removed(void *ctx, mac_address mac)
{
    (void)ctx;
    (void)mac;
}

static void note_done(void *ctx, enum change_result result)
{
    (void)result;
    sem_post(ctx);
}

static struct device_facts say(mac_address mac)
{
    const char *md5 = getenv("LOAD_MD5");
    struct device_facts facts = {.chip = UD_CHIP_ESP8266,
                                 .mode = DEVICE_MODE_SKETCH,
                                 .has_chip_id = true,
                                 .chip_id = (uint32_t)(mac & 0xffffff),
                                 .ap_mac = 0x5ECF7F000001,
                                 .free_space = 2u << 20,
                                 .sketch_size = 300000,
                                 .chip_size = 4u << 20,
                                 .version = "1.0.0",
                                 .sdk_version = "2.2.2-dev(38a443e)",
                                 .address = {[10] = 255, 255, 127, 0, 0, 1}};

    facts.has_md5 = md5 != NULL && ud_hex_decode(md5, facts.sketch_md5, UD_MD5_SIZE) == UD_OK;
    return facts;
}

static void enter(struct fleet *fleet, mac_address mac, writer_done *done, void *ctx)
{
    struct change *change = change_new(CHANGE_REGISTER, mac);

    change->as.seen.at_ms = 1;
    change->as.seen.facts = say(mac);
    fleet_submit(fleet, change, NULL, NULL);
    change = change_new(CHANGE_ASSIGN, mac);
    change->as.assign.settings.set = SETTING_PRODUCT;
    strcpy(change->as.assign.settings.product, "demo");
    fleet_submit(fleet, change, done, ctx);
}

static void ask(struct fleet *fleet, mac_address mac)
{
    const struct device_facts facts = say(mac);
    struct policy_decision decision;

    if (fleet_check_in(fleet, mac, &facts, false, &decision))
        return;
    fprintf(stderr, "fill: a device was not entered\n");
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fill DATABASE COUNT\n");
        return 2;
    }
    const bool is_url = strncmp(argv[1], "postgres", strlen("postgres")) == 0;
    const struct fleet_config config = {.store = is_url ? &store_postgres : &store_sqlite,
                                        .location = argv[1],
                                        .has_file = has_file,
                                        .trouble = trouble,
                                        .released = ignore_released,
                                        .removed = ignore_removed};
    const unsigned long count = strtoul(argv[2], NULL, 10);
    char error[STORE_ERROR_SIZE];
    sem_t done;

    sem_init(&done, 0, AT_ONCE);
    struct fleet *fleet = fleet_open(&config, error);
    if (fleet == NULL) {
        fprintf(stderr, "fill: %s: %s\n", argv[1], error);
        return 1;
    }
    for (unsigned long i = 0; i < count; i++) {
        sem_wait(&done);
        enter(fleet, MAC_FIRST + i, note_done, &done);
    }
    for (unsigned i = 0; i < AT_ONCE; i++)
        sem_wait(&done);
    for (unsigned long i = 0; i < count; i++)
        ask(fleet, MAC_FIRST + i);
    fleet_close(fleet);
    return 0;
}
