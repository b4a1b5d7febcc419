/* The check for flash ports: a sound one passes, and each way to be wrong is found. */
#include "check/flash.h"

#include "ram_flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FLASH_SIZE 0x40000u
#define ADDRESS    0x8000u

/* What a port does wrong. */
enum mistake {
    NONE,
    ERASES_NOTHING,
    ERASES_TOO_MUCH,
    ERASES_TO_ZERO,
    WRITES_ONE_PAGE,
    WRITES_OVER,
    WRITES_TOO_EARLY,
    READS_WORD_ZERO,
    REFUSES_SECOND_WRITE,
    BLOCK_IS_SECTOR,
    BLOCK_BEGINS_EARLY,
};

struct port {
    struct ram_flash ram;
    struct ud_flash flash;
    enum mistake mistake;
    uint32_t buffer[UD_FLASH_SECTOR / sizeof(uint32_t)];
};

static int port_read(void *ctx, uint32_t address, void *data, uint32_t length)
{
    struct port *port = ctx;

    return port->ram.port.read(port->ram.port.ctx, port->mistake == READS_WORD_ZERO ? 0 : address,
                               data, length);
}

static bool is_programmed(const struct port *port, uint32_t address)
{
    return port->ram.bytes[address] != 0xff || port->ram.bytes[address + 1] != 0xff;
}

static int port_program(void *ctx, uint32_t address, const void *data, uint32_t length)
{
    struct port *port = ctx;
    const uint32_t room = 256 - address % 256;

    if (port->mistake == REFUSES_SECOND_WRITE && is_programmed(port, address))
        return -1;
    if (port->mistake == WRITES_ONE_PAGE && length > room)
        length = room; /* what a chip does with more */
    if (port->mistake == WRITES_TOO_EARLY)
        address -= UD_FLASH_WORD;
    if (port->mistake == WRITES_OVER) {
        memcpy(port->ram.bytes + address, data, length);
        return 0;
    }
    return port->ram.port.program(port->ram.port.ctx, address, data, length);
}

static int port_erase(void *ctx, uint32_t address, uint32_t length)
{
    struct port *port = ctx;

    if (port->mistake == ERASES_NOTHING)
        return 0;
    if (length == UD_FLASH_BLOCK && port->mistake == BLOCK_IS_SECTOR)
        length = UD_FLASH_SECTOR;
    if (length == UD_FLASH_BLOCK && port->mistake == BLOCK_BEGINS_EARLY)
        address -= UD_FLASH_BLOCK;
    if (port->mistake == ERASES_TOO_MUCH)
        length += UD_FLASH_SECTOR;
    memset(port->ram.bytes + address, port->mistake == ERASES_TO_ZERO ? 0 : 0xff, length);
    return 0;
}

static const char *judge(enum mistake mistake, bool has_block_erase)
{
    static struct port port;
    const struct ud_port_check check = {&port.flash, ADDRESS, port.buffer};

    assert_int_equal(ram_flash_init(&port.ram, FLASH_SIZE), 0);
    port.mistake = mistake;
    port.flash = (struct ud_flash){
        .ctx = &port,
        .size = FLASH_SIZE,
        .has_block_erase = has_block_erase,
        .read = port_read,
        .program = port_program,
        .erase = port_erase,
    };
    const char *broken = ud_port_check_flash(&check);
    assert_int_equal(port.ram.violations, 0);
    ram_flash_free(&port.ram);
    return broken;
}

static void a_sound_port_passes(void **state)
{
    (void)state;
    assert_null(judge(NONE, false));
    assert_null(judge(NONE, true));
}

static void every_mistake_is_found(void **state)
{
    static const struct {
        enum mistake mistake;
        const char *broken;
    } cases[] = {
        {ERASES_NOTHING, "a programmed sector cannot be erased"},
        {ERASES_TOO_MUCH, "erasing a sector touches the one beside it"},
        {ERASES_TO_ZERO, "an erased sector does not read as FF"},
        {WRITES_ONE_PAGE, "a programmed sector does not read as what was programmed"},
        {WRITES_OVER, "programming does more than turn 1 bits into 0"},
        {WRITES_TOO_EARLY, "a programmed sector does not read as what was programmed"},
        {READS_WORD_ZERO, "a programmed sector does not read as what was programmed"},
        {REFUSES_SECOND_WRITE, "a word that is programmed already cannot be again"},
        {BLOCK_IS_SECTOR, "an erased block does not read as FF"},
        {BLOCK_BEGINS_EARLY, "an erased block does not read as FF"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *broken = judge(cases[i].mistake, true);
        assert_non_null(broken);
        assert_string_equal(broken, cases[i].broken);
    }
}

static void a_port_without_a_callback_is_none(void **state)
{
    const struct ud_flash flash = {.size = FLASH_SIZE};
    const struct ud_port_check check = {.flash = &flash};

    (void)state;
    assert_non_null(ud_port_check_flash(&check));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_port_passes),
        cmocka_unit_test(every_mistake_is_found),
        cmocka_unit_test(a_port_without_a_callback_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
