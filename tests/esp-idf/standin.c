#include "tests/esp-idf/standin.h"

#include "device/port/bearssl/digest.h"
#include "updraft/partitions.h"

#include "esp_chip_info.h"
#include "esp_efuse.h"
#include "esp_event.h"
#include "esp_flash_encrypt.h"
#include "esp_idf_version.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_ota_ops.h"
#include "esp_random.h"
#include "esp_rom_md5.h"
#include "esp_system.h"
#include "freertos/task.h"
#include "mbedtls/sha256.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include "sdkconfig.h"

#include <bearssl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/lock.h>
#include <sys/random.h>
#include <unistd.h>

#define PARTITIONS_MAX 95u
#define TICK_US        10000u

struct standin_chip *standin_chip;
esp_flash_t *esp_flash_default_chip;

_Noreturn void standin_fail(const char *call)
{
    fprintf(stderr, "%s failed\n", call);
    abort();
}

/* ---- Flash ---- */

static esp_err_t result_of(int error)
{
    return error == UD_OK ? ESP_OK : 0x6001;
}

esp_err_t esp_flash_read(esp_flash_t *chip, void *buffer, uint32_t address, uint32_t length)
{
    (void)chip;
    return result_of(ud_flash_read(standin_chip->flash, address, buffer, length));
}

esp_err_t esp_flash_write(esp_flash_t *chip, const void *buffer, uint32_t address, uint32_t length)
{
    (void)chip;
    return result_of(ud_flash_program(standin_chip->flash, address, buffer, length));
}

/* As the driver does: a block at once where one fits. */
esp_err_t esp_flash_erase_region(esp_flash_t *chip, uint32_t start, uint32_t length)
{
    (void)chip;
    while (length > 0) {
        const bool fits = standin_chip->flash->has_block_erase && start % UD_FLASH_BLOCK == 0 &&
                          length >= UD_FLASH_BLOCK;
        const uint32_t part = fits ? UD_FLASH_BLOCK : UD_FLASH_SECTOR;
        if (standin_chip->flash->erase(standin_chip->flash->ctx, start, part) != 0)
            return ESP_FAIL;
        start += part;
        length -= part;
    }
    return ESP_OK;
}

esp_err_t esp_flash_get_size(esp_flash_t *chip, uint32_t *size)
{
    (void)chip;
    *size = standin_chip->flash->size;
    return ESP_OK;
}

esp_err_t esp_flash_set_dangerous_write_protection(esp_flash_t *chip, const bool protect)
{
    (void)chip;
    (void)protect;
    return ESP_OK;
}

bool esp_flash_encryption_enabled(void)
{
    return standin_chip->is_encrypted;
}

/* ---- Partitions ---- */

struct esp_partition_iterator_opaque_ {
    esp_partition_type_t type;
    esp_partition_subtype_t subtype;
    uint32_t next;
    const esp_partition_t *found;
};

/* By number in the table, as pointers to partitions stay good. */
static esp_partition_t partitions[PARTITIONS_MAX];

static const esp_partition_t *read_partition(uint32_t number)
{
    struct ud_partitions table;
    struct ud_partition from;
    esp_partition_t *partition = &partitions[number];

    if (ud_partitions_open(&table, standin_chip->flash, CONFIG_PARTITION_TABLE_OFFSET, NULL) !=
            UD_OK ||
        ud_partitions_get(&table, number, &from) != UD_OK)
        return NULL;
    *partition = (esp_partition_t){
        .type = from.type,
        .subtype = from.subtype,
        .address = from.offset,
        .size = from.size,
        .erase_size = UD_FLASH_SECTOR,
    };
    memcpy(partition->label, from.label, sizeof partition->label);
    return partition;
}

esp_partition_iterator_t esp_partition_next(esp_partition_iterator_t iterator)
{
    while ((iterator->found = read_partition(iterator->next++)) != NULL)
        if ((iterator->type == ESP_PARTITION_TYPE_ANY || iterator->type == iterator->found->type) &&
            (iterator->subtype == ESP_PARTITION_SUBTYPE_ANY ||
             iterator->subtype == iterator->found->subtype))
            return iterator;
    free(iterator);
    return NULL;
}

esp_partition_iterator_t esp_partition_find(esp_partition_type_t type,
                                            esp_partition_subtype_t subtype, const char *label)
{
    esp_partition_iterator_t iterator = calloc(1, sizeof *iterator);

    (void)label;
    if (iterator == NULL)
        abort();
    iterator->type = type;
    iterator->subtype = subtype;
    return esp_partition_next(iterator);
}

const esp_partition_t *esp_partition_get(esp_partition_iterator_t iterator)
{
    return iterator->found;
}

void esp_partition_iterator_release(esp_partition_iterator_t iterator)
{
    free(iterator);
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type,
                                                esp_partition_subtype_t subtype, const char *label)
{
    esp_partition_iterator_t iterator = esp_partition_find(type, subtype, label);
    const esp_partition_t *partition = iterator != NULL ? iterator->found : NULL;

    esp_partition_iterator_release(iterator);
    return partition;
}

const esp_partition_t *esp_ota_get_running_partition(void)
{
    const esp_partition_t *partition;

    for (uint32_t i = 0; (partition = read_partition(i)) != NULL; i++)
        if (standin_chip->running_address >= partition->address &&
            standin_chip->running_address - partition->address < partition->size)
            return partition;
    return NULL;
}

/* ---- The chip ---- */

void esp_chip_info(esp_chip_info_t *out_info)
{
    *out_info = (esp_chip_info_t){.revision = standin_chip->revision};
}

uint32_t esp_efuse_read_secure_version(void)
{
    return standin_chip->fuse;
}

esp_err_t esp_efuse_update_secure_version(uint32_t secure_version)
{
    standin_chip->fuse = secure_version;
    return ESP_OK;
}

const char *esp_get_idf_version(void)
{
    return "v5.3.2";
}

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
    static const uint8_t base[6] = {0x34, 0x85, 0x18, 0x00, 0x10, 0x00};

    memcpy(mac, base, sizeof base);
    mac[5] = (uint8_t)type;
    return ESP_OK;
}

void esp_fill_random(void *buffer, size_t length)
{
    if (getrandom(buffer, length, 0) != (ssize_t)length)
        abort();
}

void esp_rom_md5_init(md5_context_t *context)
{
    ud_md5.begin(context);
}

void esp_rom_md5_update(md5_context_t *context, const void *buffer, uint32_t length)
{
    ud_md5.add(context, buffer, length);
}

void esp_rom_md5_final(uint8_t *digest, md5_context_t *context)
{
    ud_md5.end(context, digest);
}

/* The ESP32's engine: of one context, from its first block until it is freed or finished. */
enum { SHA_UNUSED, SHA_ENGINE, SHA_MEMORY };
static bool is_sha_held;

_Static_assert(sizeof(br_sha256_context) <= offsetof(mbedtls_sha256_context, mode),
               "the digest's own state ends before the mode");

static void leave_engine(mbedtls_sha256_context *context)
{
    if (context->mode == SHA_ENGINE)
        is_sha_held = false;
    context->mode = SHA_MEMORY;
}

bool standin_sha_is_held(void)
{
    return is_sha_held;
}

void mbedtls_sha256_init(mbedtls_sha256_context *context)
{
    memset(context, 0, sizeof *context);
}

void mbedtls_sha256_clone(mbedtls_sha256_context *clone, const mbedtls_sha256_context *source)
{
    *clone = *source;
    if (clone->mode == SHA_ENGINE)
        clone->mode = SHA_MEMORY;
}

void mbedtls_sha256_free(mbedtls_sha256_context *context)
{
    leave_engine(context);
    memset(context, 0, sizeof *context);
}

int mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224)
{
    leave_engine(context);
    ud_sha256.begin(context);
    context->mode = SHA_UNUSED;
    return is224;
}

int mbedtls_sha256_update(mbedtls_sha256_context *context, const unsigned char *input,
                          size_t length)
{
    if (context->mode == SHA_UNUSED) {
        context->mode = is_sha_held ? SHA_MEMORY : SHA_ENGINE;
        is_sha_held = true;
    }
    ud_sha256.add(context, input, (uint32_t)length);
    return 0;
}

int mbedtls_sha256_finish(mbedtls_sha256_context *context, unsigned char *output)
{
    ud_sha256.end(context, output);
    leave_engine(context);
    return 0;
}

/* ---- Tasks, locks and the end of a program ---- */

static pthread_mutex_t restart_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_restarted = PTHREAD_COND_INITIALIZER;
static unsigned restarts;
static bool restart_is_due;

void esp_restart(void)
{
    pthread_mutex_lock(&restart_lock);
    restarts++;
    restart_is_due = true;
    pthread_cond_signal(&has_restarted);
    pthread_mutex_unlock(&restart_lock);
    pthread_exit(NULL);
}

void standin_wait_for_restart(void)
{
    pthread_mutex_lock(&restart_lock);
    while (!restart_is_due)
        pthread_cond_wait(&has_restarted, &restart_lock);
    restart_is_due = false;
    pthread_mutex_unlock(&restart_lock);
}

unsigned standin_restarts(void)
{
    pthread_mutex_lock(&restart_lock);
    const unsigned count = restarts;
    pthread_mutex_unlock(&restart_lock);
    return count;
}

struct start {
    TaskFunction_t code;
    void *parameters;
};

static void *start_task(void *argument)
{
    const struct start start = *(struct start *)argument;

    free(argument);
    start.code(start.parameters);
    return NULL;
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *name, uint32_t stack, void *parameters,
                       UBaseType_t priority, TaskHandle_t *created)
{
    struct start *start = malloc(sizeof *start);
    pthread_t thread;

    (void)name;
    (void)stack;
    (void)priority;
    (void)created;
    if (start == NULL)
        return 0;
    *start = (struct start){code, parameters};
    if (pthread_create(&thread, NULL, start_task, start) != 0) {
        free(start);
        return 0;
    }
    pthread_detach(thread);
    return pdPASS;
}

void vTaskDelay(TickType_t ticks)
{
    usleep(ticks * TICK_US);
}

void vTaskDelete(TaskHandle_t task)
{
    (void)task;
    pthread_exit(NULL);
}

/* One lock for all, which none of the component's is held across. */
static pthread_mutex_t all_locks = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void _lock_acquire_recursive(_lock_t *lock)
{
    (void)lock;
    pthread_mutex_lock(&all_locks);
}

void _lock_release_recursive(_lock_t *lock)
{
    (void)lock;
    pthread_mutex_unlock(&all_locks);
}

/* ---- What the example sets up ---- */

esp_err_t nvs_flash_init(void)
{
    return ESP_OK;
}

esp_err_t esp_netif_init(void)
{
    return ESP_OK;
}

esp_err_t esp_event_loop_create_default(void)
{
    return ESP_OK;
}

esp_err_t example_connect(void)
{
    return ESP_OK;
}

const char *standin_option(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? value : "";
}

unsigned short standin_port(const char *name)
{
    return (unsigned short)atoi(standin_option(name));
}
