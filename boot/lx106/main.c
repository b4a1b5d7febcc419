/* The bootloader: eboot's job, in eboot's place. What the console shows means
 * what eboot's means, so that logs stay readable.
 */
#include "boot/lx106/loader.h"
#include "esp8266-rom/port.h"
#include "esp8266-rom/rom.h"
#include "updraft/eboot.h"
#include "updraft/image.h"

void boot_main(void) __attribute__((noreturn));

/* start.S */
void boot_jump(uint32_t entry) __attribute__((noreturn));

/* Where the image to start is: what a command names, else the one at 0. */
static uint32_t base_to_load(void)
{
    const struct ud_rtc rtc = ud_rom_rtc_port();
    struct ud_eboot_command command;

    if (ud_eboot_load(&rtc, &command) != UD_OK || command.action != UD_EBOOT_LOAD_APP)
        return 0;
    return command.destination;
}

/* No text from here on: constants lie where the application is loaded to. */
static void __attribute__((noreturn)) load_and_jump(uint32_t base)
{
    uint32_t entry;
    const enum loader_result result = loader_load(base + UD_IMAGE_APP_OFFSET, &entry);

    if (result == LOADER_OK)
        boot_jump(entry);
    ets_putc('e');
    ets_putc(':');
    ets_putc('0' + (int)result);
    ets_putc('\n');
    ud_rom_restart();
}

void boot_main(void)
{
    const uint32_t base = base_to_load();

    ets_printf("ld\n");
    load_and_jump(base);
}
