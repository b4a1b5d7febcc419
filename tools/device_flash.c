#include "host/file.h"
#include "host/report.h"
#include "tools/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Devices without files of their own share the pages of one that has no name,
 * each until it writes. */
static int open_memory(struct device_flash *flash)
{
    const size_t size = flash->chip.layout.flash_size;

    flash->memory_fd = memfd_create("flash", MFD_CLOEXEC);
    if (flash->memory_fd < 0)
        return report_failure("memory for flash: %s", strerror(errno));
    for (size_t done = 0; done < size;) {
        const ssize_t written = write(flash->memory_fd, flash->chip.bytes + done, size - done);
        if (written < 0 && errno != EINTR)
            return report_failure("memory for flash: %s", strerror(errno));
        done += written > 0 ? (size_t)written : 0;
    }
    return EXIT_OK;
}

/* No bootloader: the virtual one is no code in flash. */
static int fill_esp32(struct device_flash *flash, const struct device_order *order)
{
    struct chip_esp32 *esp32 = malloc(sizeof *esp32);

    if (esp32 == NULL)
        return report_failure("out of memory");
    int status = chip_esp32_init(esp32, order->esp32_chip, order->table);
    if (status == EXIT_OK && order->app != NULL)
        status = chip_esp32_add_app(esp32, order->app);
    flash->chip = esp32->chip;
    free(esp32);
    return status;
}

static int fill_esp8266(struct device_flash *flash, const struct device_order *order)
{
    const int status = chip_init(&flash->chip, order->layout);

    if (status != EXIT_OK || order->app == NULL)
        return status;
    return chip_add_app(&flash->chip, order->app, CHIP_OWN_BOOTLOADER);
}

int device_flash_open(struct device_flash *flash, const struct device_order *order)
{
    *flash = (struct device_flash){.memory_fd = -1};
    const int status = order->is_esp32 ? fill_esp32(flash, order) : fill_esp8266(flash, order);
    if (status != EXIT_OK)
        return status;
    if (order->flash == NULL && order->dir == NULL)
        return open_memory(flash);
    if (order->dir == NULL)
        return EXIT_OK;
    const int error = file_make_directories(order->dir, 0777);
    return error != 0 ? report_failure("%s: %s", order->dir, strerror(-error)) : EXIT_OK;
}

void device_flash_close(struct device_flash *flash)
{
    chip_free(&flash->chip);
    if (flash->memory_fd >= 0)
        close(flash->memory_fd);
}

static int fill_new_file(const struct device_flash *flash, const struct device_order *order)
{
    if (order->app == NULL)
        return report_failure("%s does not exist; --app FILE says what a new device is to run",
                              flash->path);
    const int error =
        file_write_atomic(flash->path, flash->chip.bytes, flash->chip.layout.flash_size, 0666);
    return error != 0 ? report_failure("%s: %s", flash->path, strerror(-error)) : EXIT_OK;
}

static int name_file(struct device_flash *flash, const struct device_order *order, mac_address mac)
{
    const int length = order->flash != NULL
                           ? snprintf(flash->path, sizeof flash->path, "%s", order->flash)
                           : snprintf(flash->path, sizeof flash->path, "%s/%012llX.flash",
                                      order->dir, (unsigned long long)mac);

    return length < 0 || (size_t)length >= sizeof flash->path
               ? report_failure("the flash file's path is too long")
               : EXIT_OK;
}

int device_flash_provide(struct device_flash *flash, const struct device_order *order,
                         mac_address mac)
{
    flash->is_scratch = flash->memory_fd >= 0;
    if (flash->is_scratch) {
        snprintf(flash->path, sizeof flash->path, "/proc/self/fd/%d", flash->memory_fd);
        return EXIT_OK;
    }
    const int status = name_file(flash, order, mac);
    if (status != EXIT_OK || access(flash->path, F_OK) == 0)
        return status;
    return errno == ENOENT ? fill_new_file(flash, order)
                           : report_failure("%s: %s", flash->path, strerror(errno));
}

int device_flash_report(const struct device_flash *flash, int error)
{
    const struct chip *chip = &flash->chip;

    if (error == -ERANGE)
        return report_failure("%s is no flash file for layout %s: its size is not %u bytes",
                              flash->path, chip->layout_name, chip->layout.flash_size);
    if (error == -EBUSY)
        return report_failure("%s is in use: another virtual device runs on it", flash->path);
    return report_failure("%s: %s", flash->path, strerror(-error));
}
