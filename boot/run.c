#include "boot/run.h"

#include "boot/verify.h"
#include "updraft/endian.h"

#include <stddef.h>
#include <string.h>

#define GZIP_MIN_SIZE 18u /* header and trailer */

/* Looks at both ends of the source: the magic, and the length in the trailer. A
 * source that cannot be read is left to the decision, which knows the chip. */
static void look_at_source(const struct ud_flash *flash, struct boot_facts *facts)
{
    const struct ud_eboot_command *command = &facts->command;
    uint8_t bytes[4];
    const uint32_t trailer = command->source + command->size - (uint32_t)sizeof bytes;

    facts->output_size = command->size;
    if (command->size < GZIP_MIN_SIZE ||
        ud_flash_read(flash, command->source, bytes, sizeof bytes) != UD_OK)
        return;
    if (bytes[0] != UD_IMAGE_GZIP_MAGIC0 || bytes[1] != UD_IMAGE_GZIP_MAGIC1)
        return;
    if (command->size > flash->size - command->source ||
        ud_flash_read(flash, trailer, bytes, sizeof bytes) != UD_OK)
        return;
    facts->is_gzip = true;
    facts->output_size = ud_get_u32(bytes);
}

static uint32_t running_size(const struct ud_flash *flash)
{
    uint32_t size;

    return ud_image_sketch_size(flash, &size) == UD_OK ? ud_flash_round_up(size) : 0;
}

static void gather(const struct boot_config *config, struct boot_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->flash_size = config->flash->size;
    facts->has_command = ud_eboot_load(config->rtc, &facts->command) == UD_OK;
    if (!facts->has_command || facts->command.action != UD_EBOOT_COPY_RAW)
        return;
    facts->running_size = running_size(config->flash);
    look_at_source(config->flash, facts);
}

static void enter(const struct boot_config *config, enum boot_step step,
                  const struct boot_result *result)
{
    if (config->step != NULL)
        config->step(config->ctx, step, &result->decision);
}

/* Verified first: until the last check has passed, nothing is erased. */
static void carry_out(const struct boot_config *config, struct boot_result *result)
{
    enter(config, BOOT_STEP_VERIFY, result);
    result->error = boot_verify(config->flash, &result->decision, config->memory);
    if (result->error != UD_OK)
        return;
    enter(config, BOOT_STEP_COPY, result);
    result->error = boot_copy(config->flash, &result->decision, config->memory, &result->copy);
    if (result->error == UD_OK)
        result->is_copied = true;
    else
        result->outcome = BOOT_RESTART;
}

void boot_run(const struct boot_config *config, struct boot_result *result)
{
    struct boot_facts facts;

    memset(result, 0, sizeof *result);
    gather(config, &facts);
    result->decision = boot_decide(&facts);
    result->base = result->decision.base;
    if (result->decision.action != BOOT_LOAD)
        carry_out(config, result);
    /* A command that cannot be cleared would be met again at the next boot, and
     * copying the same once more does no harm. */
    if (facts.has_command && result->outcome == BOOT_START)
        (void)!ud_eboot_clear(config->rtc);
}
