/* The chip the stand-in for the core runs on: simulated flash and RTC memory, and the
 * bootloader whenever it restarts.
 */
#ifndef TESTS_ARDUINO_MACHINE_H
#define TESTS_ARDUINO_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The flash file, made if there is none; the program in app, if not null, is put there.
 * Exits the process with a message on any failure. */
void machine_open(const char *flash, const char *app);

/* Resets the chip: says on stdout what the bootloader does, and returns once a program
 * runs. Exits if none would. */
void machine_boot(void);

bool machine_read(uint32_t address, void *data, uint32_t length);
bool machine_program(uint32_t address, const void *data, uint32_t length);
bool machine_erase(uint32_t address);
uint32_t machine_flash_size(void);

/* Of the program in flash. The text is 32 digits. */
uint32_t machine_sketch_size(void);
const char *machine_sketch_md5(void);

bool machine_rtc_read(uint32_t offset, void *data, uint32_t length);
bool machine_rtc_write(uint32_t offset, const void *data, uint32_t length);

#ifdef __cplusplus
}
#endif

#endif
