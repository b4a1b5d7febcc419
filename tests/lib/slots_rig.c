#include "slots_rig.h"

#include "device/port/bearssl/digest.h"

#include <stdlib.h>
#include <string.h>

#define ERASED 0xff

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

/* ---- The chip ---- */

static uint32_t program_count(const struct slots_setup *setup)
{
    return setup->has_factory + setup->count + setup->has_test;
}

static uint32_t put_row(uint8_t *table, uint32_t row, const struct ud_partition *partition)
{
    ud_partition_encode(partition, table + row * UD_PARTITION_RECORD);
    return row + 1;
}

static void put_md5(uint8_t *table, uint32_t rows)
{
    uint8_t *record = table + rows * UD_PARTITION_RECORD;
    struct ud_digest digest;

    memset(record, ERASED, UD_PARTITION_RECORD);
    memset(record, 0xeb, 2);
    ud_digest_begin(&digest, &ud_md5);
    ud_digest_add(&digest, table, rows * UD_PARTITION_RECORD);
    ud_digest_end(&digest, record + 16);
}

static void put_table(struct slots_rig *rig)
{
    const struct slots_setup *setup = &rig->setup;
    uint8_t *table = nor_bytes(rig->nor) + UD_PARTITIONS_OFFSET;
    const struct ud_partition otadata = {1, UD_DATA_OTA, RIG_OTADATA, UD_OTADATA_LENGTH, 0, "ota"};
    const struct ud_partition files = {1, UD_DATA_SPIFFS, RIG_FILES, 0x4000, 0, "files"};
    struct ud_partition app = {.offset = RIG_APP, .size = RIG_APP, .label = "app"};
    uint32_t row = setup->has_no_otadata ? 0 : put_row(table, 0, &otadata);

    row = put_row(table, row, &files);
    if (setup->has_system) {
        const struct ud_partition boot = {UD_TYPE_BOOTLOADER, 0, RIG_BOOT, 0x7000, 0, "boot"};
        const struct ud_partition self = {UD_TYPE_TABLE, 0, UD_PARTITIONS_OFFSET, 0x1000, 0, "pt"};
        row = put_row(table, row, &boot);
        row = put_row(table, row, &self);
    }
    for (uint32_t i = 0; i < program_count(setup); i++) {
        const uint32_t slot = i - setup->has_factory;
        app.subtype = (uint8_t)(slot < setup->count    ? UD_APP_OTA_0 + slot
                                : slot == setup->count ? UD_APP_TEST
                                                       : UD_APP_FACTORY);
        row = put_row(table, row, &app);
        app.offset += RIG_APP;
    }
    put_md5(table, row);
}

static int read_fuse(void *ctx, uint32_t *version)
{
    *version = ((struct slots_rig *)ctx)->fuse;
    return 0;
}

static int raise_fuse(void *ctx, uint32_t version)
{
    struct slots_rig *rig = ctx;

    if (version > rig->fuse)
        rig->fuse = version;
    return 0;
}

void slots_rig_open(struct slots_rig *rig, const struct slots_setup *setup)
{
    const struct nor_config config = {
        .size = RIG_FLASH,
        .rules = NOR_STRICT,
        .power = &rig->power,
    };

    memset(rig, 0, sizeof *rig);
    rig->setup = *setup;
    power_on(&rig->power, NULL, NULL);
    must(nor_open(&rig->nor, &config) == 0);
    rig->flash = nor_flash(rig->nor);
    rig->security = (struct ud_security){rig, read_fuse, raise_fuse};
    put_table(rig);
}

void slots_rig_close(struct slots_rig *rig)
{
    nor_close(rig->nor);
}

struct ud_partition slots_rig_app(const struct slots_rig *rig, uint8_t subtype)
{
    struct ud_partitions table;
    struct ud_partition partition;

    must(ud_partitions_open(&table, rig->flash, UD_PARTITIONS_OFFSET, &ud_md5) == UD_OK);
    must(ud_partitions_find(&table, UD_TYPE_APP, subtype, &partition) == UD_OK);
    return partition;
}

/* ---- Programs ---- */

struct image_bytes slots_rig_build(const char *version, uint32_t secure_version)
{
    const struct image_firmware firmware = {
        .chip = UD_CHIP_ESP32,
        .chip_id = RIG_CHIP,
        .version = version,
        .project = "demo",
        .size = 5000,
        .seed = (uint32_t)version[0],
        .secure_version = secure_version,
    };

    return image_build_firmware(&firmware);
}

void slots_rig_flash(struct slots_rig *rig, uint8_t subtype, const char *version)
{
    const struct ud_partition partition = slots_rig_app(rig, subtype);
    struct image_bytes image = slots_rig_build(version, 0);
    uint8_t *bytes = nor_bytes(rig->nor) + partition.offset;

    memset(bytes, ERASED, partition.size);
    memcpy(bytes, image.data, image.length);
    image_free(&image);
}

/* ---- Running ---- */

int slots_rig_boot(struct slots_rig *rig)
{
    static const char *const settings[] = {"nothing", "files", NULL};
    const struct slots_run_config boot = {
        .flash = rig->flash,
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = RIG_CHIP,
        .revision = RIG_REVISION,
        .has_trials = rig->setup.has_rollback,
        .security = rig->setup.has_security ? &rig->security : NULL,
        .is_reset_held = rig->is_reset_held,
        .is_test_held = rig->is_test_held,
        .settings = settings,
    };
    struct ud_slots_config config = {
        .flash = rig->flash,
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = RIG_CHIP,
        .revision = RIG_REVISION,
        .has_rollback = rig->setup.has_rollback,
        .security = boot.security,
    };

    if (slots_run(&rig->run, &boot, &rig->result) != UD_OK)
        return -1;
    config.running_address = rig->result.partition.offset + 0x120;
    must(ud_slots_init(&rig->slots, &config) == UD_OK);
    return rig->result.partition.subtype;
}

int slots_rig_write(struct slots_rig *rig, const struct ud_partition *slot,
                    const struct image_bytes *image)
{
    struct ud_slots_write write;
    int error = ud_slots_begin(&rig->slots, &write, slot, image->length);

    if (error != UD_OK)
        return error;
    error = ud_slots_put(&write, image->data, image->length);
    const int ended = error == UD_OK ? ud_slots_end(&write) : ud_slots_abort(&write);
    return error != UD_OK ? error : ended;
}

int slots_rig_update(struct slots_rig *rig, const struct ud_partition *slot,
                     const struct image_bytes *image)
{
    const int error = slots_rig_write(rig, slot, image);

    return error != UD_OK ? error : ud_slots_set_boot(&rig->slots, slot);
}

const char *slots_rig_version(struct slots_rig *rig, uint8_t subtype, char out[33])
{
    const struct ud_partition partition = slots_rig_app(rig, subtype);
    struct ud_image_description description;

    out[0] = '\0';
    if (ud_image_read_description(rig->flash, partition.offset, &description) == UD_OK)
        strcpy(out, description.version);
    return out;
}

struct ud_otadata_entry slots_rig_entry(const struct slots_rig *rig, int index)
{
    return ud_otadata_decode(nor_bytes(rig->nor) + RIG_OTADATA + (uint32_t)index * UD_FLASH_SECTOR);
}
