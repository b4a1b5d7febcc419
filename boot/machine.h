/* What a boot asks of the machine it runs on: the mask ROM, or a model of it.
 *
 * Flash is read at any address, by whole words; erased by sectors and blocks;
 * programmed by words. Failing operations end in boot_fail(), so what comes back
 * has been done.
 */
#ifndef BOOT_MACHINE_H
#define BOOT_MACHINE_H

#include "boot/boot.h"

void boot_read(struct boot *boot, uint32_t address, void *data, uint32_t length);
void boot_program(struct boot *boot, uint32_t address, const void *data, uint32_t length);
/* A sector, or a block. */
void boot_erase(struct boot *boot, uint32_t address, bool is_block);

/* A whole one. */
BOOT_SHARED void boot_read_sector(struct boot *boot, uint32_t address, uint32_t *words);

/* The block for commands in RTC memory. Clearing leaves no valid one. */
const uint32_t *boot_command(const struct boot *boot);
BOOT_SHARED void boot_clear_command(struct boot *boot);

/* Reading, programming and erasing reach as far as boot->flash_size says. */
void boot_set_flash_size(struct boot *boot);

/* What is shown while it goes on: an action as it begins; what an update came to,
 * or why the boot ended; and that the application of the file at `base` is started,
 * or cannot be. */
void boot_tell_action(struct boot *boot, int action);
void boot_tell_error(struct boot *boot, enum boot_error error);
void boot_tell_start(struct boot *boot, uint32_t base, bool is_sound);

/* Into RAM, which may be where everything is but code and stack. */
void boot_load(struct boot *boot, uint32_t address, uint32_t ram, uint32_t length);
void boot_enter(struct boot *boot, uint32_t entry) __attribute__((noreturn));
void boot_restart(struct boot *boot) __attribute__((noreturn));

#endif
