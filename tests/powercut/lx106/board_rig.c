#include "board_rig.h"

#include "host/elf.h"
#include "host/file.h"
#include "host/pack.h"
#include "updraft/eboot.h"
#include "updraft/endian.h"
#include "updraft/image.h"
#include "updraft/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELF_LIMIT     (1u << 20)
#define NOISE_ADDRESS 0x40280000u /* mapped, far behind the program's own code */
#define COMMAND_WORD  64u         /* of RTC memory, from 60001100 on */
#define ERASED        0xff
#define MAX_BOOTS     16u
#define TIMEOUT_MS    30000u

/* ---- Firmware files ---- */

/* Bytes of an ELF file, and the part that points into them. */
struct program {
    struct file_bytes file;
    struct pack_part part;
};

static bool read_program(struct program *program, const char *path,
                         enum elf_result (*read)(const struct elf *elf, struct pack_part *part))
{
    struct elf elf;
    const int error = file_read(path, ELF_LIMIT, &program->file);

    if (error != 0) {
        printf("# %s: %s\n", path, strerror(-error));
        return false;
    }
    enum elf_result result = elf_open(&elf, program->file.data, program->file.length);
    if (result == ELF_OK)
        result = read(&elf, &program->part);
    if (result != ELF_OK)
        printf("# %s %s\n", path, elf_message(result));
    return result == ELF_OK;
}

static uint8_t size_code(uint32_t flash_size)
{
    static const uint8_t codes[] = {0, 2, 3, 4, 8, 9};
    uint8_t i = 0;

    while (512u * 1024 << i < flash_size)
        i++;
    return codes[i];
}

static bool pack(const struct board_rig *rig, const struct program *boot, struct program *app,
                 enum ud_flash_mode mode, struct image_bytes *image)
{
    const struct pack_flash flash = {(uint8_t)mode, size_code(rig->layout.flash_size), 0};
    struct file_bytes file;

    if (pack_firmware(&flash, &boot->part, &app->part, &file) != PACK_OK) {
        printf("# %s: the firmware cannot be packed\n", rig->scenario->name);
        return false;
    }
    *image = (struct image_bytes){file.data, (uint32_t)file.length};
    return true;
}

/* The demonstration of this version and `noise` bytes more, the version's own. */
static bool build(struct board_rig *rig, const struct board_rig_config *config, const char *version,
                  uint32_t noise, enum ud_flash_mode mode, struct image_bytes *image)
{
    struct program boot = {.file = {NULL, 0}};
    struct program app = {.file = {NULL, 0}};
    uint8_t *bytes = malloc(noise + 1);
    char path[4096];

    if (bytes == NULL)
        abort();
    image_fill(bytes, noise, (uint32_t)version[0] << 8 | (uint8_t)version[2]);
    snprintf(path, sizeof path, "%s/demo-%s.elf", config->folder, version);
    bool is_made = read_program(&boot, config->boot, pack_part_from_boot_elf) &&
                   read_program(&app, path, pack_part_from_app_elf);
    if (is_made) {
        app.part.segments[app.part.segment_count++] =
            (struct pack_segment){NOISE_ADDRESS, noise, bytes};
        is_made = pack(rig, &boot, &app, mode, image);
    }
    free(boot.file.data);
    free(app.file.data);
    free(bytes);
    return is_made;
}

static void make_staged(struct board_rig *rig)
{
    const struct image_bytes *image = &rig->new_image;

    if (rig->scenario->is_gzip) {
        rig->staged = image_compress(image->data, image->length);
        return;
    }
    rig->staged = (struct image_bytes){malloc(image->length), image->length};
    if (rig->staged.data == NULL)
        abort();
    memcpy(rig->staged.data, image->data, image->length);
}

/* ---- Opening ---- */

static uint32_t staged_at(const struct board_rig *rig)
{
    return rig->layout.fs_start - ud_flash_round_up(rig->staged.length);
}

/* Noise where nothing is, as of whatever was there before, and in the journal's sector
 * calibration data. */
static void make_initial(struct board_rig *rig)
{
    const uint32_t size = rig->layout.flash_size;

    rig->initial = malloc(size);
    if (rig->initial == NULL)
        abort();
    image_fill(rig->initial, size, 9);
    ud_put_u32(rig->initial + size - UD_JOURNAL_OFFSET, 0x12345678);
    memcpy(rig->initial, rig->old_image.data, rig->old_image.length);
    memcpy(rig->initial + staged_at(rig), rig->staged.data, rig->staged.length);
}

/* The two differ in sector 0 as well, in the flash mode, and neither may change it. */
bool board_rig_open(struct board_rig *rig, const struct board_rig_config *config,
                    const struct board_scenario *scenario)
{
    *rig = (struct board_rig){.scenario = scenario, .rom = config->rom};
    if (ud_layout_parse(scenario->layout, &rig->layout) != UD_OK)
        abort();
    if (!build(rig, config, "1.0.0", scenario->old_noise, UD_MODE_DIO, &rig->old_image) ||
        !build(rig, config, scenario->new_version, scenario->new_noise, UD_MODE_QIO,
               &rig->new_image))
        return false;
    make_staged(rig);
    make_initial(rig);
    return true;
}

bool board_rig_power_up(struct board_rig *rig)
{
    const struct qemu_board_config config = {
        .rom = rig->rom,
        .flash_size = rig->layout.flash_size,
        .seed = 1,
    };
    const int error = qemu_board_open(&rig->board, &config);

    if (error != 0)
        printf("# the board cannot be opened: %s\n", strerror(-error));
    return error == 0;
}

void board_rig_power_down(struct board_rig *rig)
{
    qemu_board_close(rig->board);
    rig->board = NULL;
}

void board_rig_close(struct board_rig *rig)
{
    board_rig_power_down(rig);
    free(rig->initial);
    image_free(&rig->staged);
    image_free(&rig->new_image);
    image_free(&rig->old_image);
}

/* ---- Judging ---- */

static bool blame(struct board_rig *rig, const char *what)
{
    snprintf(rig->verdict, sizeof rig->verdict, "%s after %u boots", what, rig->boots);
    return false;
}

/* The same, with the last of what the console showed. */
static bool blame_run(struct board_rig *rig, const char *what)
{
    const char *console = rig->result.console != NULL ? rig->result.console : "";
    const size_t length = strlen(console);
    const char *last = length > 200 ? console + length - 200 : console;

    snprintf(rig->verdict, sizeof rig->verdict, "%s after %u boots: …%s", what, rig->boots, last);
    for (char *c = rig->verdict; *c != '\0'; c++)
        if (*c == '\r' || *c == '\n')
            *c = ' ';
    return false;
}

/* Sector 0 stays the old image's. */
static bool holds_program(const struct board_rig *rig, const struct image_bytes *image)
{
    const uint8_t *flash = qemu_board_flash(rig->board);
    const uint32_t from = UD_FLASH_SECTOR;

    return memcmp(flash, rig->old_image.data, from) == 0 &&
           memcmp(flash + from, image->data + from, image->length - from) == 0;
}

/* As the SDK wants it: blank, or its own data; or what is left of them when power went
 * in the first erase of all and the command was lost with it. */
static bool is_journal_clean(const struct board_rig *rig)
{
    const uint32_t journal = rig->layout.flash_size - UD_JOURNAL_OFFSET;
    const uint8_t *found = qemu_board_flash(rig->board) + journal;
    const uint8_t *own = rig->initial + journal;
    bool is_blank = true;
    bool is_own = ud_get_u32(own) != UD_JOURNAL_MAGIC;

    for (uint32_t i = 0; i < UD_FLASH_SECTOR; i++) {
        is_blank &= found[i] == ERASED;
        is_own &= (found[i] & own[i]) == own[i];
    }
    return is_blank || (is_own && holds_program(rig, &rig->old_image));
}

static bool is_as_before(const struct board_rig *rig, uint32_t start, uint32_t end)
{
    return memcmp(qemu_board_flash(rig->board) + start, rig->initial + start, end - start) == 0;
}

static bool judge_end(struct board_rig *rig)
{
    const uint32_t journal = rig->layout.flash_size - UD_JOURNAL_OFFSET;

    if (!is_journal_clean(rig))
        return blame(rig, "the journal is not clean");
    if (!is_as_before(rig, journal - UD_FLASH_SECTOR, journal) ||
        !is_as_before(rig, journal + UD_FLASH_SECTOR, rig->layout.flash_size))
        return blame(rig, "settings were overwritten");
    if (!is_as_before(rig, rig->layout.fs_start, rig->layout.fs_end))
        return blame(rig, "files were overwritten");
    return true;
}

bool board_rig_has_arrived(struct board_rig *rig)
{
    if (rig->scenario->is_trial)
        return holds_program(rig, &rig->old_image) || blame(rig, "the old image is not there");
    return holds_program(rig, &rig->new_image) || blame(rig, "the new image did not arrive");
}

/* ---- Running ---- */

static void begin(struct board_rig *rig)
{
    uint32_t *rtc = qemu_board_rtc_memory(rig->board);
    const struct ud_eboot_command command = {
        .action = UD_EBOOT_COPY_RAW,
        .source = staged_at(rig),
        .destination = 0,
        .size = rig->staged.length,
    };
    uint8_t block[UD_EBOOT_BLOCK_SIZE];

    memcpy(qemu_board_flash(rig->board), rig->initial, rig->layout.flash_size);
    image_fill((uint8_t *)rtc, QEMU_BOARD_RTC_WORDS * sizeof *rtc, 1);
    ud_eboot_encode(&command, block);
    memcpy(rtc + COMMAND_WORD, block, sizeof block);
    rig->boots = 0;
    rig->verdict[0] = '\0';
}

/* From a reset to the start of a program, to the cut, or to a restart of the
 * bootloader's own. */
static bool boot_once(struct board_rig *rig, enum qemu_board_cause cause,
                      const struct cut_plan *cut)
{
    const struct qemu_board_run run = {
        .cause = cause,
        .cut = cut,
        .stops_at_application = true,
        .stops_at_reset = true,
        .timeout_ms = TIMEOUT_MS,
    };
    const int error = qemu_board_run(rig->board, &run, &rig->result);

    rig->boots++;
    rig->operations += rig->result.counts.operations;
    if (error != 0)
        return blame_run(rig, "the emulator did not run the board");
    if (rig->result.end == QEMU_BOARD_CUT || rig->result.end == QEMU_BOARD_RESET)
        return true;
    if (rig->result.end != QEMU_BOARD_APPLICATION)
        return blame_run(rig, "nothing starts");
    if (!holds_program(rig, &rig->old_image) && !holds_program(rig, &rig->new_image))
        return blame_run(rig, "half an image is started");
    return true;
}

/* Boots from `cause` on until nothing is left to do: a program started without a change
 * to flash. Up to then each start ends with the watchdog's reset, which a program on
 * trial provokes. Returns early, true, when power goes as planned. */
static bool boot_until_idle(struct board_rig *rig, enum qemu_board_cause cause,
                            const struct cut_plan *plan)
{
    static const struct cut_plan never = {0};
    struct cut_plan cut = plan != NULL ? *plan : never;

    rig->operations = 0;
    while (rig->boots < MAX_BOOTS) {
        if (!boot_once(rig, cause, &cut))
            return false;
        const enum qemu_board_end end = rig->result.end;
        const uint32_t operations = rig->result.counts.operations;
        if (end == QEMU_BOARD_CUT || (end == QEMU_BOARD_APPLICATION && operations == 0))
            return true;
        /* A run counts from its start, a plan from power-on. */
        cut.operation = cut.operation > operations ? cut.operation - operations : 0;
        cause = end == QEMU_BOARD_RESET ? QEMU_BOARD_SOFTWARE_RESET : QEMU_BOARD_WATCHDOG_RESET;
    }
    return blame_run(rig, "it does not settle");
}

bool board_rig_run(struct board_rig *rig, const struct cut_plan *first,
                   const struct cut_plan *second)
{
    const struct cut_plan *plans[] = {first, second, NULL};
    enum qemu_board_cause cause = QEMU_BOARD_SOFTWARE_RESET;

    begin(rig);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        if (!boot_until_idle(rig, cause, plans[i]))
            return false;
        if (rig->result.end != QEMU_BOARD_CUT)
            break;
        cause = plans[i]->keeps_rtc ? QEMU_BOARD_EXTERNAL_RESET : QEMU_BOARD_POWER_ON;
    }
    return judge_end(rig);
}
