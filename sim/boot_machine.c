#include "sim/boot_machine.h"

#include "boot/machine.h"

#include <stddef.h>
#include <string.h>

static struct boot_machine *machine_of(const struct boot *boot)
{
    return (struct boot_machine *)(uintptr_t)boot;
}

_Static_assert(offsetof(struct boot_machine, boot) == 0, "a boot is the head of its machine");

void boot_machine_run(struct boot_machine *machine, const struct boot_machine_config *config,
                      struct boot_result *result)
{
    memset(result, 0, sizeof *result);
    machine->config = config;
    machine->result = result;
    machine->boot.window = machine->window;
    if (setjmp(machine->end) == 0)
        boot_run(&machine->boot);
}

static void end(struct boot_machine *machine, enum boot_end how) __attribute__((noreturn));
static void end(struct boot_machine *machine, enum boot_end how)
{
    machine->result->end = how;
    longjmp(machine->end, 1);
}

/* ---- Flash ---- */

/* The mask ROM reads from any address, a port by words. */
static int read_shifted(const struct ud_flash *flash, uint32_t address, uint8_t *bytes,
                        uint32_t length)
{
    uint8_t words[2 * UD_FLASH_WORD];
    const uint32_t shift = address % UD_FLASH_WORD;
    int error = 0;

    for (uint32_t at = 0; at < length && error == 0; at += UD_FLASH_WORD) {
        error = flash->read(flash->ctx, address - shift + at, words, sizeof words);
        memcpy(bytes + at, words + shift, UD_FLASH_WORD);
    }
    return error;
}

void boot_read(struct boot *boot, uint32_t address, void *data, uint32_t length)
{
    const struct ud_flash *flash = machine_of(boot)->config->flash;
    int error = -1;

    if (address < flash->size && length <= flash->size - address)
        error = address % UD_FLASH_WORD == 0 ? flash->read(flash->ctx, address, data, length)
                                             : read_shifted(flash, address, data, length);
    if (error != 0)
        boot_fail(boot, BOOT_NO_READ);
}

void boot_read_sector(struct boot *boot, uint32_t address, uint32_t *words)
{
    boot_read(boot, address, words, UD_FLASH_SECTOR);
}

void boot_program(struct boot *boot, uint32_t address, const void *data, uint32_t length)
{
    const struct ud_flash *flash = machine_of(boot)->config->flash;

    if (flash->program(flash->ctx, address, data, length) != 0)
        boot_fail(boot, BOOT_NO_WRITE);
}

void boot_erase(struct boot *boot, uint32_t address, bool is_block)
{
    const struct ud_flash *flash = machine_of(boot)->config->flash;

    if (flash->erase(flash->ctx, address, is_block ? UD_FLASH_BLOCK : UD_FLASH_SECTOR) != 0)
        boot_fail(boot, BOOT_NO_ERASE);
}

/* ---- RTC memory ---- */

/* One that cannot be read holds no command. */
const uint32_t *boot_command(const struct boot *boot)
{
    struct boot_machine *machine = machine_of(boot);
    const struct ud_rtc *rtc = machine->config->rtc;

    if (rtc->read(rtc->ctx, 0, machine->command, sizeof machine->command) != 0)
        memset(machine->command, 0, sizeof machine->command);
    return machine->command;
}

void boot_clear_command(struct boot *boot)
{
    (void)!ud_eboot_clear(machine_of(boot)->config->rtc);
}

/* ---- What shows ---- */

void boot_tell_action(struct boot *boot, int action)
{
    struct boot_machine *machine = machine_of(boot);

    machine->result->action = (enum boot_action)action;
    if (action == BOOT_ROLL_BACK)
        machine->result->is_returned = true;
    if (machine->config->acts != NULL)
        machine->config->acts(machine->config->ctx, machine->result->action);
}

void boot_tell_error(struct boot *boot, enum boot_error error)
{
    struct boot_result *result = machine_of(boot)->result;

    if (error == BOOT_OK)
        result->is_copied = true;
    else
        result->error = error;
}

void boot_tell_start(struct boot *boot, uint32_t base, bool is_sound)
{
    (void)is_sound;
    machine_of(boot)->result->base = base;
}

/* ---- Programs: to run one means to know that it would load ---- */

void boot_set_flash_size(struct boot *boot)
{
    (void)boot;
}

void boot_load(struct boot *boot, uint32_t address, uint32_t ram, uint32_t length)
{
    const struct ud_flash *flash = machine_of(boot)->config->flash;

    (void)ram;
    if (address > flash->size || length > flash->size - address)
        boot_fail(boot, BOOT_NO_READ);
}

void boot_enter(struct boot *boot, uint32_t entry)
{
    (void)entry;
    end(machine_of(boot), BOOT_STARTED);
}

void boot_restart(struct boot *boot)
{
    end(machine_of(boot), BOOT_RESTARTED);
}
