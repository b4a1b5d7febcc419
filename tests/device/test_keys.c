/* The key ring: who is trusted, and how key updates change it. Power cuts are in
 * test_keys_cuts.c. */
#include "updraft/keys.h"

#include "device/port/bearssl/keys.h"
#include "key_ring.h"
#include "ram_flash.h"
#include "signing.h"
#include "updraft/crc32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECTOR_0 KEY_RING_ADDRESS
#define SECTOR_1 (KEY_RING_ADDRESS + UD_FLASH_SECTOR)

struct fixture {
    struct ram_flash flash;
    struct key_ring ring;
    char text[200];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL || ram_flash_init(&fixture->flash, KEY_RING_FLASH) != 0)
        return -1;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t violations = fixture->flash.violations;

    ram_flash_free(&fixture->flash);
    free(fixture);
    return violations == 0 ? 0 : -1;
}

static void start(struct fixture *fixture, const char *names)
{
    key_ring_init(&fixture->ring, &fixture->flash.port, names);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
}

static void assert_trusts(struct fixture *fixture, const char *names)
{
    assert_string_equal(key_ring_trusted(&fixture->ring, fixture->text), names);
}

/* And finds it again. */
static void assert_keeps(struct fixture *fixture, uint32_t number, const char *names)
{
    assert_trusts(fixture, names);
    assert_int_equal(fixture->ring.keys.number, number);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_trusts(fixture, names);
    assert_int_equal(fixture->ring.keys.number, number);
}

/* Checks a file of nine bytes signed by this private key. */
static int check_signed_by(struct fixture *fixture, const char *name)
{
    const struct ud_verifier verifier = ud_keys_verifier(&fixture->ring.keys);
    uint8_t file[9 + UD_SIGNATURE_MAX + 4] = "\xe9"
                                             "firmware";
    uint32_t content = 0;
    char key[32];

    snprintf(key, sizeof key, "%s.key", name);
    const uint32_t size = 9 + signing_trailer(key, file, 9, file + 9);
    key_ring_stage(&fixture->ring, file, size);
    return ud_signature_check(&verifier, &fixture->flash.port, KEY_RING_STAGED, size, &content);
}

/* ---- who is trusted ---- */

static void any_key_of_the_ring_accepts(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "rsa1024 p256 rsa2048 rsa4096");
    assert_int_equal(check_signed_by(fixture, "rsa1024"), UD_OK);
    assert_int_equal(check_signed_by(fixture, "p256"), UD_OK);
    assert_int_equal(check_signed_by(fixture, "rsa2048"), UD_OK);
    assert_int_equal(check_signed_by(fixture, "rsa4096"), UD_OK);
    assert_int_equal(check_signed_by(fixture, "rsa3072"), UD_ERR_SIGNATURE);
    assert_int_equal(check_signed_by(fixture, "p256-other"), UD_ERR_SIGNATURE);
}

static void what_servers_are_told_of_it(void **state)
{
    struct fixture *fixture = *state;
    char text[UD_KEYS_TEXT_MAX];

    start(fixture, "rsa2048 p256");
    assert_string_equal(ud_keys_abilities(&fixture->ring.keys, text),
                        " ring=0 keys=1804b9fb39ac8280,92ebb840dce2a791");
    start(fixture, "rsa1024 p256 rsa2048 rsa4096");
    fixture->ring.keys.number = UINT32_MAX;
    assert_string_equal(ud_keys_abilities(&fixture->ring.keys, text),
                        " ring=4294967295 keys=8ca4ab53c6219153,92ebb840dce2a791,1804b9fb39ac8280");
    fixture->ring.keys.config.flash = NULL;
    assert_memory_equal(ud_keys_abilities(&fixture->ring.keys, text), " keys=8ca4", 10);
}

/* RSA-512 and P-256 make signatures of one length. */
static void keys_of_one_signature_length_are_all_tried(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "rsa512 p256-other p256");
    assert_int_equal(check_signed_by(fixture, "rsa512"), UD_OK);
    assert_int_equal(check_signed_by(fixture, "p256"), UD_OK);
    assert_int_equal(check_signed_by(fixture, "p256-other"), UD_OK);
}

static void configs_that_cannot_be_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct ud_flash tiny = {.ctx = &fixture->flash,
                                  .size = UD_FLASH_SECTOR,
                                  .read = fixture->flash.port.read,
                                  .program = fixture->flash.port.program,
                                  .erase = fixture->flash.port.erase};
    struct ud_keys_config good;
    struct ud_keys keys;

    start(fixture, "rsa2048 p256");
    good = fixture->ring.config;
    for (int fault = 0; fault < 10; fault++) {
        struct ud_keys_config config = good;
        switch (fault) {
        case 0:
            config.built_in_count = 0;
            break;
        case 1:
            config.sha256 = NULL;
            break;
        case 2:
            config.rsa = NULL;
            break; /* a key of its kind is built in */
        case 3:
            config.p256 = NULL;
            break;
        case 4:
            config.address += 4;
            break;
        case 5:
            config.address = KEY_RING_FLASH - UD_FLASH_SECTOR;
            break;
        case 6:
            config.address = 0xfffff000;
            break;
        case 7:
            config.flash = &tiny;
            config.address = 0;
            break;
        case 8:
            key_ring_known(&fixture->ring, "p256")->bytes[3] ^= 1;
            break;
        default:
            break;
        }
        assert_int_equal(ud_keys_init(&keys, &config), fault < 9 ? UD_ERR_ARGUMENT : UD_OK);
        if (fault == 8)
            key_ring_known(&fixture->ring, "p256")->bytes[3] ^= 1;
    }
}

/* ---- key updates ---- */

static uint32_t stage_vector(struct fixture *fixture, const char *path)
{
    uint8_t file[TRUST_UPDATE_MAX];
    const uint32_t length = signing_vector(path, file, sizeof file);

    key_ring_stage(&fixture->ring, file, length);
    return length;
}

/* As the updater does it: first the signature, then the update. */
static void carry_out_vector(struct fixture *fixture, const char *path)
{
    const struct ud_verifier verifier = ud_keys_verifier(&fixture->ring.keys);
    const struct ud_flash *flash = &fixture->flash.port;
    uint32_t size = stage_vector(fixture, path);

    assert_int_equal(ud_signature_check(&verifier, flash, KEY_RING_STAGED, size, &size), UD_OK);
    assert_int_equal(verifier.update_keys(verifier.ctx, flash, KEY_RING_STAGED, size), UD_OK);
}

static void assert_record(struct fixture *fixture, uint32_t address, const char *path)
{
    uint8_t expected[UD_FLASH_SECTOR];

    memset(expected, 0xff, sizeof expected);
    signing_vector(path, expected, sizeof expected);
    assert_memory_equal(fixture->flash.bytes + address, expected, sizeof expected);
}

/* The vectors of docs/trust.md, made with openssl and Python. */
static void a_key_is_replaced_to_the_byte(void **state)
{
    struct fixture *fixture = *state;
    uint32_t size;

    start(fixture, "rsa2048");
    carry_out_vector(fixture, "trust/1-add-p256.signed");
    assert_record(fixture, SECTOR_1, "trust/ring-1.bin");
    assert_keeps(fixture, 1, "rsa2048 p256 ");
    carry_out_vector(fixture, "trust/2-revoke-rsa2048.signed");
    assert_record(fixture, SECTOR_0, "trust/ring-2.bin");
    assert_record(fixture, SECTOR_1, "trust/ring-1.bin");
    assert_keeps(fixture, 2, "p256 ");
    assert_int_equal(check_signed_by(fixture, "rsa2048"), UD_ERR_SIGNATURE);
    assert_int_equal(check_signed_by(fixture, "p256"), UD_OK);

    const struct ud_verifier verifier = ud_keys_verifier(&fixture->ring.keys);
    size = stage_vector(fixture, "trust/1-add-p256.signed");
    assert_int_equal(
        ud_signature_check(&verifier, &fixture->flash.port, KEY_RING_STAGED, size, &size),
        UD_ERR_SIGNATURE);
}

static void a_ring_without_flash_takes_no_updates(void **state)
{
    struct fixture *fixture = *state;

    key_ring_init(&fixture->ring, &fixture->flash.port, "rsa2048");
    fixture->ring.config.flash = NULL;
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_null(ud_keys_verifier(&fixture->ring.keys).update_keys);
    assert_int_equal(check_signed_by(fixture, "rsa2048"), UD_OK);
    assert_int_equal(fixture->flash.reads > 0, 1);
}

static void the_last_key_cannot_be_revoked(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_revoke(&fixture->ring, 1, "rsa2048"), UD_ERR_LAST_KEY);
    assert_keeps(fixture, 0, "rsa2048 ");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "p256"), UD_OK);
    assert_int_equal(key_ring_revoke(&fixture->ring, 2, "rsa2048"), UD_OK);
    assert_int_equal(key_ring_revoke(&fixture->ring, 3, "p256"), UD_ERR_LAST_KEY);
    assert_keeps(fixture, 2, "p256 ");
}

/* Keys that this firmware cannot verify with do not count as remaining. */
static void a_key_nobody_can_use_is_no_other_key(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "p256"), UD_OK);
    fixture->ring.config.p256 = NULL;
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_trusts(fixture, "rsa2048 ");
    assert_int_equal(check_signed_by(fixture, "p256"), UD_ERR_SIGNATURE);
    assert_int_equal(key_ring_revoke(&fixture->ring, 2, "rsa2048"), UD_ERR_LAST_KEY);
    assert_int_equal(key_ring_add(&fixture->ring, 2, "p256-other"), UD_ERR_KEY_UPDATE);
    assert_int_equal(key_ring_add(&fixture->ring, 2, "rsa3072"), UD_OK);
    fixture->ring.config.p256 = ud_bearssl_p256;
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_keeps(fixture, 2, "rsa2048 p256 rsa3072 ");
}

static void what_was_revoked_stays_so(void **state)
{
    struct fixture *fixture = *state;
    uint32_t count;

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "p256"), UD_OK);
    assert_int_equal(key_ring_revoke(&fixture->ring, 2, "rsa2048"), UD_OK);
    assert_int_equal(key_ring_add(&fixture->ring, 3, "rsa2048"), UD_ERR_KEY_UPDATE);
    assert_int_equal(key_ring_revoke(&fixture->ring, 3, "rsa2048"), UD_ERR_KEY_UPDATE);
    assert_int_equal(key_ring_add(&fixture->ring, 3, "p256"), UD_ERR_KEY_UPDATE);
    assert_int_equal(key_ring_add(&fixture->ring, 3, "rsa3072"), UD_OK);
    assert_int_equal(key_ring_revoke(&fixture->ring, 4, "p256"), UD_OK);
    assert_keeps(fixture, 4, "rsa3072 ");

    /* New firmware: one of its keys was revoked, one was added before. */
    key_ring_init(&fixture->ring, &fixture->flash.port, "rsa2048 rsa3072 rsa4096");
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_trusts(fixture, "rsa3072 rsa4096 rsa3072 ");
    assert_int_equal(ud_keys_count(&fixture->ring.keys, &count), UD_OK);
    assert_int_equal(count, 3);
    assert_int_equal(key_ring_revoke(&fixture->ring, 5, "rsa3072"), UD_OK);
    assert_keeps(fixture, 5, "rsa4096 ");

    key_ring_init(&fixture->ring, &fixture->flash.port, "rsa2048 p256");
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_int_equal(ud_keys_count(&fixture->ring.keys, &count), UD_OK);
    assert_int_equal(count, 0);
    assert_int_equal(check_signed_by(fixture, "p256"), UD_ERR_SIGNATURE);
}

static void only_the_next_number_is_taken(void **state)
{
    static const uint32_t wrong[] = {0, 1, 2, 4, 5, 0x80000003, 0x103, UINT32_MAX};
    struct fixture *fixture = *state;

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 0, "p256"), UD_ERR_KEY_NUMBER);
    assert_int_equal(key_ring_add(&fixture->ring, 2, "p256"), UD_ERR_KEY_NUMBER);
    assert_int_equal(key_ring_add(&fixture->ring, 1, "p256"), UD_OK);
    assert_int_equal(key_ring_revoke(&fixture->ring, 2, "p256"), UD_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(key_ring_add(&fixture->ring, wrong[i], "rsa3072"), UD_ERR_KEY_NUMBER);
    assert_keeps(fixture, 2, "rsa2048 ");
    assert_int_equal(key_ring_add(&fixture->ring, 3, "rsa3072"), UD_OK);
}

static void products_are_told_apart(void **state)
{
    static const char longest[] =
        "0123456789012345678901234567890123456789012345678901234567890123";
    static const struct {
        const char *device, *update;
        int expected;
    } rows[] = {
        {"lamp", NULL, UD_OK},
        {"lamp", "lamp", UD_OK},
        {"lamp", "lam", UD_ERR_PRODUCT},
        {"lamp", "lamps", UD_ERR_PRODUCT},
        {"lamp", "Lamp", UD_ERR_PRODUCT},
        {NULL, NULL, UD_OK},
        {NULL, "lamp", UD_ERR_PRODUCT},
        {"", "lamp", UD_ERR_PRODUCT},
        {longest, longest, UD_OK},
        {longest, longest + 1, UD_ERR_PRODUCT},
    };
    struct fixture *fixture = *state;
    uint8_t bytes[UD_KEY_DER_MAX];
    struct trust_update update = {
        .action = TRUST_ADD, .number = 1, .body = bytes, .length = signing_der("p256.pub", bytes)};

    assert_int_equal(strlen(longest), 64);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(fixture->flash.bytes + KEY_RING_ADDRESS, 0xff, 2 * UD_FLASH_SECTOR);
        key_ring_init(&fixture->ring, &fixture->flash.port, "rsa2048");
        fixture->ring.config.product = rows[i].device;
        assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
        update.product = rows[i].update;
        assert_int_equal(key_ring_update(&fixture->ring, &update), rows[i].expected);
    }
}

/* Every byte of the head but the reserved word, and every size. */
static void malformed_updates_are_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t bytes[UD_KEY_DER_MAX], file[TRUST_UPDATE_MAX];
    const struct trust_update update = {.action = TRUST_ADD,
                                        .number = 1,
                                        .product = "lamp",
                                        .body = bytes,
                                        .length = signing_der("p256.pub", bytes)};
    const uint32_t whole = trust_update(&update, file);
    struct ud_verifier verifier;

    start(fixture, "rsa2048");
    verifier = ud_keys_verifier(&fixture->ring.keys);
    for (uint32_t bit = 0; bit < 8 * (TRUST_HEAD_SIZE + 27); bit++) {
        const uint32_t byte = bit / 8;
        if ((byte >= 12 && byte < 16) || (byte > 20 && byte < 80))
            continue; /* reserved, and behind the product's end */
        file[byte] ^= (uint8_t)(1u << bit % 8);
        key_ring_stage(&fixture->ring, file, whole);
        assert_int_not_equal(
            verifier.update_keys(verifier.ctx, fixture->ring.flash, KEY_RING_STAGED, whole), UD_OK);
        file[byte] ^= (uint8_t)(1u << bit % 8);
    }
    key_ring_stage(&fixture->ring, file, whole);
    for (uint32_t size = 0; size < whole + 100; size++)
        if (size != whole)
            assert_int_equal(
                verifier.update_keys(verifier.ctx, fixture->ring.flash, KEY_RING_STAGED, size),
                UD_ERR_KEY_UPDATE);
    assert_keeps(fixture, 0, "rsa2048 ");
}

static void bodies_that_cannot_be_are_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t body[1024] = {0};
    struct trust_update update = {.action = TRUST_REVOKE, .number = 1, .body = body};

    start(fixture, "rsa2048 p256");
    memcpy(body, key_ring_known(&fixture->ring, "p256")->id, UD_KEY_ID_SIZE);
    for (update.length = 1; update.length <= 16; update.length++)
        if (update.length != UD_KEY_ID_SIZE)
            assert_int_equal(key_ring_update(&fixture->ring, &update), UD_ERR_KEY_UPDATE);
    update.action = TRUST_ADD;
    signing_der("rsa4096.pub", body);
    for (update.length = 1; update.length <= sizeof body; update.length++)
        if (update.length != 550)
            assert_int_equal(key_ring_update(&fixture->ring, &update), UD_ERR_KEY_UPDATE);
    update.length = 550;
    assert_int_equal(key_ring_update(&fixture->ring, &update), UD_OK);
    assert_keeps(fixture, 1, "rsa2048 p256 rsa4096 ");
}

/* ---- a full record ---- */

/* RSA-4096 keys that nobody has the private half of. */
static int add_made_up(struct fixture *fixture, uint32_t number, uint8_t which)
{
    uint8_t body[UD_KEY_DER_MAX];
    const struct trust_update update = {.action = TRUST_ADD,
                                        .number = number,
                                        .body = body,
                                        .length = signing_der("rsa4096.pub", body)};

    body[300] = which;
    return key_ring_update(&fixture->ring, &update);
}

static void a_full_record_takes_no_more(void **state)
{
    struct fixture *fixture = *state;
    uint32_t count;

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "rsa3072"), UD_OK);
    for (uint8_t i = 0; i < 6; i++)
        assert_int_equal(add_made_up(fixture, 2u + i, i), UD_OK);
    assert_int_equal(add_made_up(fixture, 8, 6), UD_ERR_SPACE);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_int_equal(ud_keys_count(&fixture->ring.keys, &count), UD_OK);
    assert_int_equal(count, 8);
    assert_int_equal(key_ring_add(&fixture->ring, 8, "p256"), UD_OK);

    /* The keys that are revoked make room again, from wherever they are. */
    assert_int_equal(key_ring_revoke(&fixture->ring, 9, "rsa3072"), UD_OK);
    assert_keeps(fixture, 9, "rsa2048 ? ? ? ? ? ? p256 ");
    assert_int_equal(key_ring_revoke(&fixture->ring, 10, "p256"), UD_OK);
    assert_keeps(fixture, 10, "rsa2048 ? ? ? ? ? ? ");
    assert_int_equal(add_made_up(fixture, 11, 6), UD_OK);
    assert_keeps(fixture, 11, "rsa2048 ? ? ? ? ? ? ? ");
}

/* ---- damage ---- */

static void a_record_with_a_flipped_bit_does_not_count(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *newer;
    uint32_t length;

    start(fixture, "rsa2048");
    signing_vector("trust/ring-1.bin", fixture->flash.bytes + SECTOR_1, UD_FLASH_SECTOR);
    newer = fixture->flash.bytes + SECTOR_0;
    length = signing_vector("trust/ring-2.bin", newer, UD_FLASH_SECTOR);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_int_equal(fixture->ring.keys.number, 2);
    for (uint32_t bit = 0; bit < 8 * length; bit++) {
        newer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
        assert_int_equal(fixture->ring.keys.number, 1);
        newer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Whose CRC is right: written by no firmware of ours, and not read past its end. */
static void records_of_impossible_entries_do_not_count(void **state)
{
    static const uint8_t entries[][12] = {
        {0, 0, 8, 0}, {3, 0, 8, 0}, {1, 0, 0, 0},       {2, 0, 7, 0},
        {2, 0, 9, 0}, {1, 0, 9, 0}, {1, 0, 0xff, 0xff}, {1, 0, 4, 0, 1, 2, 3, 4, 1, 0, 1, 0},
        {2, 0, 8, 0},
    };
    struct fixture *fixture = *state;
    uint8_t *record = fixture->flash.bytes + SECTOR_1;

    start(fixture, "rsa2048");
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        memcpy(record, "UDkr\1\0\14\0\1\0\0\0", 12);
        memcpy(record + 16, entries[i], 12);
        const uint32_t crc = ud_crc32_forward(
            ud_crc32_forward(UD_CRC32_FORWARD_START, record + 4, 8), record + 16, 12);
        for (int byte = 0; byte < 4; byte++)
            record[12 + byte] = (uint8_t)(crc >> 8 * byte);
        assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
        assert_int_equal(fixture->ring.keys.number,
                         i + 1 == sizeof entries / sizeof entries[0] ? 1 : 0);
    }
}

/* The same record counts as the first one and not as one of no update. */
static void records_are_numbered_from_one(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *record = fixture->flash.bytes + SECTOR_1;

    start(fixture, "rsa2048");
    const uint32_t length = signing_vector("trust/ring-1.bin", record, UD_FLASH_SECTOR);
    record[8] = 0;
    const uint32_t crc = ud_crc32_forward(ud_crc32_forward(UD_CRC32_FORWARD_START, record + 4, 8),
                                          record + 16, length - 16);
    for (int byte = 0; byte < 4; byte++)
        record[12 + byte] = (uint8_t)(crc >> 8 * byte);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_trusts(fixture, "rsa2048 ");
    signing_vector("trust/ring-1.bin", record, UD_FLASH_SECTOR);
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    assert_trusts(fixture, "rsa2048 p256 ");
}

static void random_sectors_hold_no_keys(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned seed = 1; seed <= 200; seed++) {
        srand(seed);
        for (uint32_t i = 0; i < 2 * UD_FLASH_SECTOR; i++)
            fixture->flash.bytes[KEY_RING_ADDRESS + i] = (uint8_t)(rand() >> 4);
        memcpy(fixture->flash.bytes + SECTOR_0, "UDkr\1", 6);
        start(fixture, "rsa2048");
        print_message("seed %u\n", seed);
        assert_int_equal(fixture->ring.keys.number, 0);
        assert_trusts(fixture, "rsa2048 ");
    }
}

/* ---- flash that fails ---- */

static void revoked_keys_do_not_come_back_when_flash_fails(void **state)
{
    struct fixture *fixture = *state;
    uint32_t count, reads;

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "p256"), UD_OK);
    assert_int_equal(key_ring_revoke(&fixture->ring, 2, "rsa2048"), UD_OK);

    fixture->flash.reads = 0;
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    reads = fixture->flash.reads;
    for (uint32_t fault = 1; fault <= reads; fault++) {
        struct ud_keys keys;
        fixture->flash.reads = 0;
        fixture->flash.fail_read = fault;
        assert_int_equal(ud_keys_init(&keys, &fixture->ring.config), UD_ERR_FLASH_READ);
    }
    fixture->flash.fail_read = 0;
    fixture->flash.reads = 0;
    assert_int_equal(check_signed_by(fixture, "p256"), UD_OK);
    reads = fixture->flash.reads;
    for (uint32_t fault = 1; fault <= reads; fault++) {
        fixture->flash.reads = 0;
        fixture->flash.fail_read = fault;
        assert_int_equal(check_signed_by(fixture, "p256"), UD_ERR_FLASH_READ);
        fixture->flash.reads = 0;
        assert_int_not_equal(check_signed_by(fixture, "rsa2048"), UD_OK);
    }
    fixture->flash.reads = 0;
    fixture->flash.fail_read = 1;
    assert_int_equal(ud_keys_count(&fixture->ring.keys, &count), UD_ERR_FLASH_READ);
}

/* Half a list would be taken for all of it. */
static void servers_are_told_nothing_of_a_ring_that_cannot_be_read(void **state)
{
    struct fixture *fixture = *state;
    char text[UD_KEYS_TEXT_MAX];

    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "p256"), UD_OK);
    fixture->flash.reads = 0;
    fixture->flash.fail_read = 1;
    assert_string_equal(ud_keys_abilities(&fixture->ring.keys, text), "");
}

struct operations {
    uint32_t reads, programs, erases;
};

/* Adds a key to a ring that has one added, with a fault in one operation. The staged
 * file is there already, so only the ring's own operations count. */
static int add_with_fault(struct fixture *fixture, const struct operations *fault,
                          struct operations *used)
{
    struct ram_flash *flash = &fixture->flash;
    uint8_t bytes[UD_KEY_DER_MAX], file[TRUST_UPDATE_MAX];
    const struct trust_update update = {
        .action = TRUST_ADD, .number = 2, .body = bytes, .length = signing_der("p256.pub", bytes)};
    const uint32_t size = trust_update(&update, file);

    memset(flash->bytes + KEY_RING_ADDRESS, 0xff, 2 * UD_FLASH_SECTOR);
    start(fixture, "rsa2048");
    assert_int_equal(key_ring_add(&fixture->ring, 1, "rsa3072"), UD_OK);
    const struct ud_verifier verifier = ud_keys_verifier(&fixture->ring.keys);
    key_ring_stage(&fixture->ring, file, size);
    flash->reads = flash->programs = flash->erases = 0;
    flash->fail_read = fault->reads;
    flash->fail_program = fault->programs;
    flash->fail_erase = fault->erases;
    const int error = verifier.update_keys(verifier.ctx, &flash->port, KEY_RING_STAGED, size);
    *used = (struct operations){flash->reads, flash->programs, flash->erases};
    flash->fail_read = flash->fail_program = flash->fail_erase = 0;
    return error;
}

static void after_a_fault(struct fixture *fixture, const struct operations *fault, int expected)
{
    struct operations used;

    assert_int_equal(add_with_fault(fixture, fault, &used), expected);
    assert_trusts(fixture, "rsa2048 rsa3072 ");
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    if (fixture->ring.keys.number == 2)
        assert_trusts(fixture, "rsa2048 rsa3072 p256 ");
    else
        assert_trusts(fixture, "rsa2048 rsa3072 ");
}

static void a_fault_leaves_the_ring_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    const struct operations none = {0};
    struct operations used, fault = none;

    assert_int_equal(add_with_fault(fixture, &none, &used), UD_OK);
    assert_int_equal(used.erases, 1);
    for (fault.reads = 1; fault.reads <= used.reads; fault.reads++)
        after_a_fault(fixture, &fault, UD_ERR_FLASH_READ);
    fault = none;
    for (fault.programs = 1; fault.programs <= used.programs; fault.programs++)
        after_a_fault(fixture, &fault, UD_ERR_FLASH_WRITE);
    fault = (struct operations){.erases = 1};
    after_a_fault(fixture, &fault, UD_ERR_FLASH_ERASE);
}

/* A chip that says yes and does nothing. */
static int lose(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    (void)ctx;
    (void)address;
    (void)data;
    (void)length;
    return 0;
}

static void a_record_that_is_not_there_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    struct ud_flash losing = fixture->flash.port;
    uint8_t file[TRUST_UPDATE_MAX];
    const struct key_ring_known *key;

    losing.program = lose;
    start(fixture, "rsa2048");
    key = key_ring_known(&fixture->ring, "p256");
    const struct trust_update update = {
        .action = TRUST_ADD, .number = 1, .body = key->bytes, .length = key->der.length};
    const uint32_t size = trust_update(&update, file);
    key_ring_stage(&fixture->ring, file, size);
    fixture->ring.config.flash = &losing;
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    const struct ud_verifier verifier = ud_keys_verifier(&fixture->ring.keys);
    assert_int_equal(
        verifier.update_keys(verifier.ctx, &fixture->flash.port, KEY_RING_STAGED, size),
        UD_ERR_FLASH_WRITE);
    assert_keeps(fixture, 0, "rsa2048 ");
}

/* ---- the port ---- */

static int judge_length(const struct ud_key *key, const uint8_t *digest, const uint8_t *signature,
                        uint32_t length)
{
    (void)digest;
    (void)signature;
    assert_int_equal(length, ud_key_signature_length(key));
    return UD_ERR_SIGNATURE;
}

/* What a port may rely on. */
static void keys_are_asked_only_about_signatures_of_their_length(void **state)
{
    static const uint8_t digest[UD_SHA256_SIZE], signature[UD_SIGNATURE_MAX];
    struct fixture *fixture = *state;

    key_ring_init(&fixture->ring, &fixture->flash.port, "rsa2048 p256 rsa512");
    fixture->ring.config.rsa = judge_length;
    fixture->ring.config.p256 = judge_length;
    assert_int_equal(key_ring_start(&fixture->ring), UD_OK);
    const struct ud_verifier verifier = ud_keys_verifier(&fixture->ring.keys);
    for (uint32_t length = 1; length <= UD_SIGNATURE_MAX; length++)
        assert_int_equal(verifier.verify(verifier.ctx, digest, signature, length),
                         UD_ERR_SIGNATURE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_key_of_the_ring_accepts),
        TEST(what_servers_are_told_of_it),
        TEST(keys_of_one_signature_length_are_all_tried),
        TEST(configs_that_cannot_be_are_refused),
        TEST(a_key_is_replaced_to_the_byte),
        TEST(a_ring_without_flash_takes_no_updates),
        TEST(the_last_key_cannot_be_revoked),
        TEST(a_key_nobody_can_use_is_no_other_key),
        TEST(what_was_revoked_stays_so),
        TEST(only_the_next_number_is_taken),
        TEST(products_are_told_apart),
        TEST(malformed_updates_are_refused),
        TEST(bodies_that_cannot_be_are_refused),
        TEST(a_full_record_takes_no_more),
        TEST(a_record_with_a_flipped_bit_does_not_count),
        TEST(records_of_impossible_entries_do_not_count),
        TEST(records_are_numbered_from_one),
        TEST(random_sectors_hold_no_keys),
        TEST(revoked_keys_do_not_come_back_when_flash_fails),
        TEST(servers_are_told_nothing_of_a_ring_that_cannot_be_read),
        TEST(a_fault_leaves_the_ring_as_it_was),
        TEST(a_record_that_is_not_there_is_not_believed),
        TEST(keys_are_asked_only_about_signatures_of_their_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
