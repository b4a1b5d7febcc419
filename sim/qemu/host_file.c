#include "sim/qemu/host_file.h"

#include "sim/qemu/simcall.h"

/* The host's own numbers: those of Linux. */
enum { READ_ONLY = 0, FROM_START = 0, FROM_END = 2 };

static uint32_t address_of(const void *data)
{
    return (uint32_t)(uintptr_t)data;
}

static bool seek(int file, uint32_t offset)
{
    return simcall(SIMCALL_LSEEK, (uint32_t)file, offset, FROM_START) == (int32_t)offset;
}

int host_file_open(const char *path)
{
    return simcall(SIMCALL_OPEN, address_of(path), READ_ONLY, 0);
}

uint32_t host_file_size(int file)
{
    const int32_t size = simcall(SIMCALL_LSEEK, (uint32_t)file, 0, FROM_END);

    return size > 0 ? (uint32_t)size : 0;
}

bool host_file_read(int file, uint32_t offset, void *data, uint32_t length)
{
    return seek(file, offset) && host_file_get(file, data, length);
}

bool host_file_write(int file, uint32_t offset, const void *data, uint32_t length)
{
    return seek(file, offset) &&
           simcall(SIMCALL_WRITE, (uint32_t)file, address_of(data), length) == (int32_t)length;
}

bool host_file_get(int file, void *data, uint32_t length)
{
    return simcall(SIMCALL_READ, (uint32_t)file, address_of(data), length) == (int32_t)length;
}

void host_file_put(int file, const char *data, uint32_t length)
{
    simcall(SIMCALL_WRITE, (uint32_t)file, address_of(data), length);
}
