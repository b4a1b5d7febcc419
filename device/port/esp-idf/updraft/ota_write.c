/* esp_ota_begin … esp_ota_end: the handles, and what ESP-IDF's functions ask of their
 * arguments. All else is updraft/slots.h.
 */
#include "system.h"
#include "wrap.h"

#include "esp_flash.h"

#include <stdlib.h>

struct writer {
    struct writer *next;
    esp_ota_handle_t handle;
    bool is_protected; /* ESP-IDF keeps writes off the place it goes to */
    struct ud_slots_write write;
};

/* Under the lock of system.h. */
static struct writer *writers;
static esp_ota_handle_t last_handle; /* 0 is none */

static struct writer *find(esp_ota_handle_t handle)
{
    struct writer *writer = writers;

    while (writer != NULL && writer->handle != handle)
        writer = writer->next;
    return writer;
}

static void add(struct writer *writer)
{
    do
        writer->handle = ++last_handle;
    while (writer->handle == 0 || find(writer->handle) != NULL);
    writer->next = writers;
    writers = writer;
}

static bool is_protected(const esp_partition_t *partition)
{
    return partition->type == ESP_PARTITION_TYPE_BOOTLOADER ||
           partition->type == ESP_PARTITION_TYPE_PARTITION_TABLE;
}

static void lift_protection(struct writer *writer, const esp_partition_t *partition)
{
    if (!is_protected(partition))
        return;
    writer->is_protected = true;
    (void)esp_flash_set_dangerous_write_protection(esp_flash_default_chip, false);
}

static void forget(struct writer *writer)
{
    struct writer **at = &writers;

    while (*at != writer)
        at = &(*at)->next;
    *at = writer->next;
    if (writer->is_protected)
        (void)esp_flash_set_dangerous_write_protection(esp_flash_default_chip, true);
    free(writer);
}

/* ---- Beginning ---- */

/* How ud_slots_begin() or ud_slots_resume() is called. */
struct start {
    bool resumes;
    uint32_t size;
    uint32_t offset;
};

static int start_write(struct ud_slots *slots, struct writer *writer,
                       const esp_partition_t *partition, const struct start *start)
{
    const struct ud_partition target = updraft_partition_from(partition);

    if (!start->resumes)
        return ud_slots_begin(slots, &writer->write, &target, start->size);
    return ud_slots_resume(slots, &writer->write, &target, start->size == UD_SLOTS_SIZE_SEQUENTIAL,
                           start->offset);
}

static esp_err_t open_writer(const esp_partition_t *partition, const struct start *start,
                             esp_ota_handle_t *handle)
{
    struct writer *writer = calloc(1, sizeof *writer);
    struct ud_slots *slots;

    if (writer == NULL)
        return ESP_ERR_NO_MEM;
    int error = updraft_enter(&slots);
    if (error == UD_OK)
        error = start_write(slots, writer, partition, start);
    if (error == UD_OK) {
        add(writer);
        lift_protection(writer, partition);
        *handle = writer->handle;
    } else {
        free(writer);
    }
    updraft_leave();
    return updraft_error(error);
}

esp_err_t __wrap_esp_ota_begin(const esp_partition_t *partition, size_t image_size,
                               esp_ota_handle_t *out_handle)
{
    const struct start start = {.size = (uint32_t)image_size};

    if (partition == NULL || out_handle == NULL)
        return ESP_ERR_INVALID_ARG;
    return open_writer(partition, &start, out_handle);
}

esp_err_t __wrap_esp_ota_resume(const esp_partition_t *partition, const size_t erase_size,
                                const size_t image_offset, esp_ota_handle_t *out_handle)
{
    const struct start start = {
        .resumes = true, .size = (uint32_t)erase_size, .offset = (uint32_t)image_offset};

    if (partition == NULL || out_handle == NULL)
        return ESP_ERR_INVALID_ARG;
    if (image_offset > partition->size)
        return ESP_ERR_INVALID_SIZE;
    return open_writer(partition, &start, out_handle);
}

/* ---- Going on ---- */

/* What the task holds between enter() and leave(). */
static esp_err_t enter(esp_ota_handle_t handle, esp_err_t when_unknown, struct writer **writer)
{
    struct ud_slots *slots;
    const int error = updraft_enter(&slots);

    *writer = find(handle);
    if (error != UD_OK)
        return updraft_error(error);
    return *writer != NULL ? ESP_OK : when_unknown;
}

esp_err_t __wrap_esp_ota_set_final_partition(esp_ota_handle_t handle, const esp_partition_t *final,
                                             bool finalize_with_copy)
{
    struct writer *writer;

    if (final == NULL)
        return ESP_ERR_INVALID_ARG;
    esp_err_t error = enter(handle, ESP_ERR_NOT_FOUND, &writer);
    /* esp_https_ota names the partition itself where there is no other. */
    if (error == ESP_OK && final->address != writer->write.partition.offset) {
        const struct ud_partition target = updraft_partition_from(final);
        error = updraft_error(ud_slots_set_final(&writer->write, &target, finalize_with_copy));
        if (error == ESP_OK)
            lift_protection(writer, final);
    }
    updraft_leave();
    return error;
}

esp_err_t __wrap_esp_ota_write(esp_ota_handle_t handle, const void *data, size_t size)
{
    struct writer *writer;

    if (data == NULL)
        return ESP_ERR_INVALID_ARG;
    if (size == 0)
        return ESP_OK;
    esp_err_t error = enter(handle, ESP_ERR_INVALID_ARG, &writer);
    if (error == ESP_OK)
        error = updraft_error(ud_slots_put(&writer->write, data, (uint32_t)size));
    updraft_leave();
    return error;
}

esp_err_t __wrap_esp_ota_write_with_offset(esp_ota_handle_t handle, const void *data, size_t size,
                                           uint32_t offset)
{
    struct writer *writer;

    if (data == NULL)
        return ESP_ERR_INVALID_ARG;
    if (size == 0)
        return ESP_OK;
    esp_err_t error = enter(handle, ESP_ERR_INVALID_ARG, &writer);
    if (error == ESP_OK)
        error = updraft_error(ud_slots_put_at(&writer->write, data, (uint32_t)size, offset));
    updraft_leave();
    return error;
}

/* ---- Ending ---- */

static esp_err_t close_writer(esp_ota_handle_t handle, int (*end)(struct ud_slots_write *write))
{
    struct writer *writer;
    esp_err_t error = enter(handle, ESP_ERR_NOT_FOUND, &writer);

    if (error == ESP_OK) {
        error = updraft_error(end(&writer->write));
        forget(writer);
    }
    updraft_leave();
    return error;
}

esp_err_t __wrap_esp_ota_end(esp_ota_handle_t handle)
{
    return close_writer(handle, ud_slots_end);
}

esp_err_t __wrap_esp_ota_abort(esp_ota_handle_t handle)
{
    return close_writer(handle, ud_slots_abort);
}
