#include "guard_page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard_page guard_page_copy(const void *data, size_t length)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t readable = (length + page - 1) / page * page;
    struct guard_page guard = {.mapping_length = readable + page};

    guard.mapping = mmap(NULL, guard.mapping_length, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard.mapping == MAP_FAILED ||
        mprotect((uint8_t *)guard.mapping + readable, page, PROT_NONE) != 0)
        abort();
    guard.data = (uint8_t *)guard.mapping + readable - length;
    if (length > 0)
        memcpy(guard.data, data, length);
    return guard;
}

void guard_page_free(struct guard_page *guard)
{
    munmap(guard->mapping, guard->mapping_length);
    guard->data = NULL;
}
