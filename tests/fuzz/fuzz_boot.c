/* What a bootloader finds: orders, the journal and a trial's record of any content, and
 * any bytes where updates wait. Orders and the records' first seals are put right where
 * the first byte asks for it; a plan never is, since only the bootloader writes one, and
 * only after it has checked. Whatever lies there, within a few boots a whole program
 * starts. */
#include "fuzz.h"

#include "image_builder.h"
#include "ram_flash.h"
#include "sim/boot_machine.h"
#include "sim/rom.h"
#include "updraft/digest.h"

#include <string.h>

#define INPUT_MAX    65536u
#define CHIP         (512u << 10)
#define FILES        0x7b000u
#define JOURNAL      (CHIP - UD_JOURNAL_OFFSET)
#define PROGRAM_SIZE 9000u
#define BOOTS_MAX    8

/* At the start of the input, after the byte of flags. */
#define RTC_SIZE     (UD_EBOOT_BLOCK_WORDS * 4u)
#define JOURNAL_SIZE (UD_JOURNAL_HEAD_WORDS * 4u)
#define HEAD_SIZE    (1 + RTC_SIZE + JOURNAL_SIZE + UD_TRIAL_SIZE)

enum flag {
    SEALS_RTC = 1,
    SEALS_JOURNAL = 2,
    SEALS_TRIAL = 4,
    AIMS = 8, /* orders are for what waits */
};

struct rig {
    struct ram_flash flash;
    struct ud_rtc rtc;
    uint32_t rtc_words[UD_EBOOT_BLOCK_WORDS];
    struct image_bytes program;
    struct boot_machine machine;
};

static int rtc_read(void *ctx, uint32_t offset, void *data, uint32_t length)
{
    memcpy(data, (const uint8_t *)((struct rig *)ctx)->rtc_words + offset, length);
    return 0;
}

static int rtc_write(void *ctx, uint32_t offset, const void *data, uint32_t length)
{
    memcpy((uint8_t *)((struct rig *)ctx)->rtc_words + offset, data, length);
    return 0;
}

static struct rig *rig(void)
{
    static struct rig only;

    if (only.flash.bytes == NULL) {
        const struct image_firmware firmware = {.version = "1.0.0", .size = PROGRAM_SIZE};
        require(ram_flash_init(&only.flash, CHIP) == 0);
        only.flash.port.has_block_erase = true;
        only.program = image_build_firmware(&firmware);
        only.rtc = (struct ud_rtc){&only, rtc_read, rtc_write};
    }
    memset(only.flash.bytes, 0xff, CHIP);
    memcpy(only.flash.bytes, only.program.data, only.program.length);
    return &only;
}

/* Writes an order's words into flash: as they are, or aimed and sealed. */
static void put_record(struct rig *device, uint32_t address, const uint8_t *bytes, uint32_t size,
                       uint32_t seal_with)
{
    uint32_t words[UD_JOURNAL_ORDER_WORDS];

    memcpy(device->flash.bytes + address, bytes, size);
    if (seal_with == 0)
        return;
    memcpy(words, bytes, sizeof words);
    ud_journal_seal(words, seal_with);
    memcpy(device->flash.bytes + address, words, sizeof words);
}

static void put_rtc(struct rig *device, const uint8_t *bytes, uint8_t flags, uint32_t staged)
{
    memcpy(device->rtc_words, bytes, RTC_SIZE);
    if ((flags & SEALS_RTC) == 0)
        return;
    const struct ud_eboot_command command = {
        UD_EBOOT_COPY_RAW, flags & AIMS ? FILES - ud_flash_round_up(staged) : device->rtc_words[2],
        flags & AIMS ? 0 : device->rtc_words[3], flags & AIMS ? staged : device->rtc_words[4]};
    require(ud_eboot_store(&device->rtc, &command) == UD_OK);
}

static void furnish(struct rig *device, const uint8_t *data, uint32_t size)
{
    const uint8_t flags = data[0];
    const uint8_t *journal = data + 1 + RTC_SIZE, *trial = journal + JOURNAL_SIZE;
    const uint8_t *staged = data + HEAD_SIZE;
    const uint32_t length = size - HEAD_SIZE;
    const uint32_t end = ud_flash_round_up(device->program.length);

    memcpy(device->flash.bytes + FILES - ud_flash_round_up(length), staged, length);
    put_record(device, JOURNAL, journal, JOURNAL_SIZE,
               flags & SEALS_JOURNAL ? UD_JOURNAL_MAGIC : 0);
    if (ud_trial_has_room(device->program.length))
        put_record(device, end - UD_TRIAL_SIZE, trial, UD_TRIAL_SIZE,
                   flags & SEALS_TRIAL ? UD_TRIAL_MAGIC : 0);
    put_rtc(device, data + 1, flags, length);
}

static bool has_same_program(const struct rig *device)
{
    return memcmp(device->flash.bytes, device->program.data, device->program.length) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct boot_result result = {.end = BOOT_RESTARTED};
    bool was_copied = false;

    if (size <= HEAD_SIZE || size > INPUT_MAX)
        return 0;
    struct rig *device = rig();
    const struct boot_machine_config config = {.flash = &device->flash.port, .rtc = &device->rtc};
    furnish(device, data, (uint32_t)size);
    for (int boots = 0; result.end != BOOT_STARTED; boots++) {
        require(boots < BOOTS_MAX);
        memset(&device->machine, 0xa5, sizeof device->machine);
        boot_machine_run(&device->machine, &config, &result);
        was_copied = was_copied || result.is_copied;
    }
    require(rom_starts_bootloader(device->flash.bytes, CHIP));
    require(was_copied || has_same_program(device));
    require(device->flash.violations == 0);
    return 0;
}
