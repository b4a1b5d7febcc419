#include "posix/pull.h"

#include <poll.h>
#include <time.h>

uint32_t ud_posix_clock_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

static void wait(const struct ud_posix_pull *driver)
{
    struct pollfd entry = {
        .fd = ud_posix_pull_fd(driver),
        .events = ud_posix_pull_events(driver),
    };
    const int32_t left_ms = (int32_t)(ud_pull_deadline(driver->pull) - ud_posix_clock_ms());

    (void)poll(&entry, 1, left_ms > 0 ? left_ms : 0);
}

enum ud_pull_result ud_posix_pull_run(struct ud_pull *pull, const char *url,
                                      const struct ud_posix_pull_config *config)
{
    struct ud_posix_pull driver;

    if (ud_pull_begin(pull, url, ud_posix_clock_ms()) != UD_OK)
        return UD_PULL_FAILED;
    ud_posix_pull_begin(&driver, pull, config);
    while (ud_posix_pull_service(&driver, ud_posix_clock_ms()))
        wait(&driver);
    ud_posix_pull_end(&driver);
    return ud_pull_result(pull);
}
