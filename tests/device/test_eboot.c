/* The RTC command block: vectors computed from the original's layout, every
 * damaged block refused, and writes that never leave a half block valid. */
#include "updraft/eboot.h"

#include "updraft/crc32.h"
#include "updraft/endian.h"
#include "updraft/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct ud_eboot_command copy = {
    .action = UD_EBOOT_COPY_RAW,
    .source = 0xb3000,
    .destination = 0,
    .size = 0x47f30,
};

static void blocks_have_the_original_bytes(void **state)
{
    static const struct {
        struct ud_eboot_command command;
        const char *start;
        uint32_t crc;
    } vectors[] = {
        {{UD_EBOOT_COPY_RAW, 0xb3000, 0, 0x47f30},
         "001000eb0100000000300b0000000000307f0400",
         0x8649f078},
        {{UD_EBOOT_LOAD_APP, 0, 0, 0}, "001000ebffffffff00000000", 0xe5e8abb9},
        {{UD_EBOOT_COPY_RAW, 0x1f0000, 0x200000, 0x10000},
         "001000eb0100000000001f000000200000000100",
         0xd7bab05d},
    };

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t block[UD_EBOOT_BLOCK_SIZE];
        uint8_t start[20];
        const uint32_t length = (uint32_t)strlen(vectors[i].start) / 2;
        struct ud_eboot_command decoded;

        ud_eboot_encode(&vectors[i].command, block);
        assert_int_equal(ud_hex_decode(vectors[i].start, start, length), UD_OK);
        assert_memory_equal(block, start, length);
        assert_int_equal(ud_get_u32(block + 0x7c), vectors[i].crc);
        assert_int_equal(ud_eboot_decode(block, &decoded), UD_OK);
        assert_memory_equal(&decoded, &vectors[i].command, sizeof decoded);
    }
}

static void every_flipped_bit_is_refused(void **state)
{
    uint8_t block[UD_EBOOT_BLOCK_SIZE];
    struct ud_eboot_command decoded;

    (void)state;
    ud_eboot_encode(&copy, block);
    for (unsigned bit = 0; bit < 8 * sizeof block; bit++) {
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(ud_eboot_decode(block, &decoded), UD_ERR_STATE);
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Whole, but not for us; and the bits of the magic that do not count. */
static void blocks_are_judged_by_magic_and_action(void **state)
{
    static const struct {
        uint32_t magic, action;
        int error;
    } cases[] = {
        {0xeb001000, 1, UD_OK},
        {0xeb001fff, 1, UD_OK},
        {0xeb001001, 0xffffffff, UD_OK},
        {0xeb002000, 1, UD_ERR_STATE},
        {0xea001000, 1, UD_ERR_STATE},
        {0, 1, UD_ERR_STATE},
        {0xeb001000, 0, UD_ERR_STATE},
        {0xeb001000, 2, UD_ERR_STATE},
        {0xeb001000, 0x7fffffff, UD_ERR_STATE},
        {0xeb001000, 0x10001, UD_ERR_STATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t block[UD_EBOOT_BLOCK_SIZE];
        struct ud_eboot_command decoded;

        ud_eboot_encode(&copy, block);
        ud_put_u32(block, cases[i].magic);
        ud_put_u32(block + 4, cases[i].action);
        ud_put_u32(block + 0x7c, ud_crc32_forward(UD_CRC32_FORWARD_START, block, 0x7c));
        assert_int_equal(ud_eboot_decode(block, &decoded), cases[i].error);
    }
}

static void commands_come_back_as_they_went(void **state)
{
    static const struct ud_eboot_command commands[] = {
        {UD_EBOOT_COPY_RAW, 0x1000, 0x2000, 0x3000},
        {UD_EBOOT_COPY_RAW, UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 2},
        {UD_EBOOT_LOAD_APP, 0, 0x200000, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        uint8_t block[UD_EBOOT_BLOCK_SIZE];
        struct ud_eboot_command decoded;

        memset(&decoded, 0xa5, sizeof decoded);
        ud_eboot_encode(&commands[i], block);
        assert_int_equal(ud_eboot_decode(block, &decoded), UD_OK);
        assert_memory_equal(&decoded, &commands[i], sizeof decoded);
    }
}

/* RTC memory whose power fails after a number of words. */
struct memory {
    uint8_t bytes[UD_EBOOT_BLOCK_SIZE];
    unsigned words_left;
};

static int memory_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    const struct memory *memory = ctx;

    memcpy(data, memory->bytes + offset, length);
    return 0;
}

static int memory_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    struct memory *memory = ctx;

    for (uint32_t done = 0; done < length; done += 4) {
        if (memory->words_left == 0)
            return -1;
        memory->words_left--;
        memcpy(memory->bytes + offset + done, (const uint8_t *)data + done, 4);
    }
    return 0;
}

static void a_store_cut_anywhere_leaves_no_valid_block(void **state)
{
    const struct ud_eboot_command old = {UD_EBOOT_COPY_RAW, 0x80000, 0, 0x1234};
    unsigned words;

    (void)state;
    for (words = 0;; words++) {
        struct memory memory = {.words_left = 100};
        const struct ud_rtc rtc = {&memory, memory_read, memory_write};
        struct ud_eboot_command found;

        assert_int_equal(ud_eboot_store(&rtc, &old), UD_OK);
        memory.words_left = words;
        const int error = ud_eboot_store(&rtc, &copy);
        memory.words_left = 100;
        if (error == UD_OK) {
            assert_int_equal(ud_eboot_load(&rtc, &found), UD_OK);
            assert_memory_equal(&found, &copy, sizeof found);
            break;
        }
        assert_int_equal(error, UD_ERR_COMMIT);
        if (words == 0) {
            assert_int_equal(ud_eboot_load(&rtc, &found), UD_OK);
            assert_memory_equal(&found, &old, sizeof found);
        } else {
            assert_int_equal(ud_eboot_load(&rtc, &found), UD_ERR_STATE);
        }
    }
    assert_int_equal(words, 1 + UD_EBOOT_BLOCK_WORDS); /* one to invalidate, then the block */
}

static void a_cleared_block_is_no_command(void **state)
{
    struct memory memory = {.words_left = 100};
    const struct ud_rtc rtc = {&memory, memory_read, memory_write};
    struct ud_eboot_command found;

    (void)state;
    assert_int_equal(ud_eboot_store(&rtc, &copy), UD_OK);
    assert_int_equal(ud_eboot_clear(&rtc), UD_OK);
    assert_int_equal(ud_eboot_load(&rtc, &found), UD_ERR_STATE);
    memory.words_left = 1;
    assert_int_equal(ud_eboot_clear(&rtc), UD_ERR_COMMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_have_the_original_bytes),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(blocks_are_judged_by_magic_and_action),
        cmocka_unit_test(commands_come_back_as_they_went),
        cmocka_unit_test(a_store_cut_anywhere_leaves_no_valid_block),
        cmocka_unit_test(a_cleared_block_is_no_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
