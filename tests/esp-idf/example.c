/* Runs the example program on a host, as its chip would: boots the program that the slots
 * in a flash file choose, and after each restart again, `boots` times over.
 *
 *   example FLASH BOOTS
 */
#include "boot/slots_run.h"
#include "device/port/bearssl/digest.h"
#include "device/port/esp-idf/updraft/system.h"
#include "sdkconfig.h"
#include "sim/nor.h"
#include "tests/esp-idf/standin.h"

#include <stdio.h>
#include <stdlib.h>

#define REVISION   101u
#define FLASH_SIZE (4u << 20)

void app_main(void);

static bool boot(struct standin_chip *chip)
{
    static struct slots_run run;
    struct slots_result result;
    const struct slots_run_config config = {
        .flash = chip->flash,
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
        .revision = REVISION,
        .has_trials = true,
    };

    if (slots_run(&run, &config, &result) != UD_OK)
        return false;
    chip->running_address = result.partition.offset;
    printf("boot: %s%s\n", result.partition.label,
           result.has_ended_trial ? ", a trial has ended" : "");
    return true;
}

int main(int argc, char **argv)
{
    struct standin_chip chip = {.revision = REVISION};
    struct nor *nor;

    if (argc != 3)
        return 2;
    const struct nor_config config = {
        .path = argv[1], .size = FLASH_SIZE, .has_block_erase = true, .rules = NOR_STRICT};
    if (nor_open(&nor, &config) != 0)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    chip.flash = nor_flash(nor);
    standin_chip = &chip;
    for (int left = atoi(argv[2]); left > 0; left--) {
        if (!boot(&chip))
            return 1;
        updraft_forget();
        app_main();
        standin_wait_for_restart();
    }
    nor_close(nor);
    return 0;
}
