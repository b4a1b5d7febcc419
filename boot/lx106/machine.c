/* The machine is the chip: everything is the mask ROM's. What the console shows
 * means what eboot's means, so that logs stay readable.
 */
#include "boot/machine.h"
#include "boot/decide.h"
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "updraft/image.h"

#define RTC_COMMAND ((uint32_t *)0x60001200)

/* The ROM's description of the flash chip: its id, then its size. After a reset the
 * ROM believes in 4 MB. */
#define ROM_FLASH_CHIP ((uint32_t **)0x3fffc714)

void boot_main(void) __attribute__((noreturn));

/* start.S */
void boot_jump(uint32_t entry) __attribute__((noreturn));

/* Apart, because constants lie between them (boot.ld). */
static uint32_t window[BOOT_INFLATE_WINDOW / sizeof(uint32_t)]
    __attribute__((section(".bss.window")));
static struct boot state;

void boot_read(struct boot *boot, uint32_t address, void *data, uint32_t length)
{
    (void)boot;
    if (SPIRead(address, data, length) != 0)
        boot_fail(&state, BOOT_NO_READ);
}

void boot_program(struct boot *boot, uint32_t address, const void *data, uint32_t length)
{
    (void)boot;
    if (SPIWrite(address, data, length) != 0)
        boot_fail(&state, BOOT_NO_WRITE);
}

void boot_erase(struct boot *boot, uint32_t address, bool is_block)
{
    const int result = is_block ? SPIEraseBlock(address / UD_FLASH_BLOCK)
                                : SPIEraseSector(address / UD_FLASH_SECTOR);

    (void)boot;
    if (result != 0)
        boot_fail(&state, BOOT_NO_ERASE);
}

void boot_load(struct boot *boot, uint32_t address, uint32_t ram, uint32_t length)
{
    boot_read(boot, address, (void *)ram, length);
}

void boot_read_sector(struct boot *boot, uint32_t address, uint32_t *words)
{
    boot_read(boot, address, words, UD_FLASH_SECTOR);
}

const uint32_t *boot_command(const struct boot *boot)
{
    (void)boot;
    return RTC_COMMAND;
}

void boot_clear_command(struct boot *boot)
{
    (void)boot;
    RTC_COMMAND[0] = 0;
    RTC_COMMAND[UD_EBOOT_BLOCK_WORDS - 1] = 0;
}

void boot_tell_action(struct boot *boot, int action)
{
    (void)boot;
    if (action == BOOT_RESUME)
        ets_printf("cp:");
    else
        ets_putc(action);
}

void boot_tell_error(struct boot *boot, enum boot_error error)
{
    (void)boot;
    ets_putc('0' + (int)error);
    ets_putc('\n');
}

void boot_restart(struct boot *boot)
{
    (void)boot;
    ud_rom_restart();
}

void boot_set_flash_size(struct boot *boot)
{
    (*ROM_FLASH_CHIP)[1] = boot->flash_size;
}

/* A program that hangs is reset by the watchdog: about 13 seconds. */
void boot_tell_start(struct boot *boot, uint32_t base, bool is_sound)
{
    (void)boot;
    (void)base;
    ets_printf(is_sound ? "ld\n" : "e:");
    ets_wdt_enable(4, 12, 12);
}

void boot_enter(struct boot *boot, uint32_t entry)
{
    (void)boot;
    boot_jump(entry);
}

void boot_main(void)
{
    uint32_t version;

    ets_wdt_disable();
    state.window = window;
    state.facts = BOOT_VERIFIED;
    boot_read(&state, UD_IMAGE_LENGTH_WORD_OFFSET, &version, sizeof version);
    ets_printf("v%08x\n", version);
    boot_run(&state);
}
