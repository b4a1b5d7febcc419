#include "server/metrics/process.h"

#include "server/metrics/exposition.h"

#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Of /proc/self/stat, after the name in parentheses: proc(5). */
struct process_stat {
    unsigned long user_ticks, system_ticks; /* fields 14, 15 */
    unsigned long long start_ticks;         /* 22: since the system started */
    unsigned long virtual_bytes;            /* 23 */
    long resident_pages;                    /* 24 */
};

static int read_stat(struct process_stat *stat)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "r");
    const size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file != NULL)
        fclose(file);
    text[length] = '\0';
    const char *rest = strrchr(text, ')');
    return rest != NULL && sscanf(rest,
                                  ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d "
                                  "%*d %*d %*d %*d %llu %lu %ld",
                                  &stat->user_ticks, &stat->system_ticks, &stat->start_ticks,
                                  &stat->virtual_bytes, &stat->resident_pages) == 5;
}

/* Seconds since 1970 at which the system's ticks began. */
static double boot_time(void)
{
    struct timespec now, up;

    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    return (double)(now.tv_sec - up.tv_sec) + (double)(now.tv_nsec - up.tv_nsec) / 1e9;
}

static int count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    int count = -3; /* ".", ".." and the directory itself */

    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

void process_metrics_write(FILE *out)
{
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    struct process_stat stat;
    struct rlimit files;
    const int descriptors = count_descriptors();

    if (read_stat(&stat)) {
        exposition_single(out, "process_cpu_seconds_total", METRIC_COUNTER,
                          "Processor time, the user's and the system's.",
                          (double)(stat.user_ticks + stat.system_ticks) / ticks);
        exposition_single(out, "process_start_time_seconds", METRIC_GAUGE,
                          "When the process started, since 1970.",
                          boot_time() + (double)stat.start_ticks / ticks);
        exposition_single(out, "process_resident_memory_bytes", METRIC_GAUGE, "Memory in use.",
                          (double)stat.resident_pages * (double)sysconf(_SC_PAGESIZE));
        exposition_single(out, "process_virtual_memory_bytes", METRIC_GAUGE, "Address space.",
                          (double)stat.virtual_bytes);
    }
    if (descriptors >= 0)
        exposition_single(out, "process_open_fds", METRIC_GAUGE, "Open file descriptors.",
                          descriptors);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        exposition_single(out, "process_max_fds", METRIC_GAUGE, "File descriptors allowed.",
                          (double)files.rlim_cur);
}
