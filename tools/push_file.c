#include "host/gzip.h"
#include "host/report.h"
#include "tools/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_LIMIT (32u << 20)

static bool is_older(const struct stat *one, const struct stat *other)
{
    if (one->st_mtim.tv_sec != other->st_mtim.tv_sec)
        return one->st_mtim.tv_sec < other->st_mtim.tv_sec;
    return one->st_mtim.tv_nsec < other->st_mtim.tv_nsec;
}

/* The signing hook of the Arduino core leaves the signed file beside the other,
 * and its uploader takes that one. */
static int choose(const char *path, struct push_file *file)
{
    struct stat plain, with_signature;

    if (snprintf(file->path, sizeof file->path, "%s.signed", path) >= (int)sizeof file->path)
        return report_failure("%s: the path is too long", path);
    file->is_signed = stat(file->path, &with_signature) == 0 && S_ISREG(with_signature.st_mode);
    if (!file->is_signed)
        snprintf(file->path, sizeof file->path, "%s", path);
    file->is_stale =
        file->is_signed && stat(path, &plain) == 0 && is_older(&with_signature, &plain);
    return EXIT_OK;
}

int push_file_load(const char *path, enum ud_command command, struct push_file *file)
{
    memset(file, 0, sizeof *file);
    if (choose(path, file) != EXIT_OK)
        return EXIT_FAILED;
    const int error = file_read(file->path, FILE_LIMIT, &file->bytes);
    if (error != 0)
        return report_failure("%s: %s", file->path, strerror(-error));
    if (file->bytes.length == 0) {
        free(file->bytes.data);
        return report_failure("%s is empty", file->path);
    }
    push_image_init(&file->image, command, file->bytes.data, file->bytes.length);
    return EXIT_OK;
}

int push_file_compress(enum ud_command command, struct push_file *file)
{
    struct file_bytes small;

    if (file->is_signed)
        return report_failure("%s is signed as it is: compress first, then sign (updraft sign "
                              "FILE.gz), and push that",
                              file->path);
    if (gzip_is(&file->bytes))
        return EXIT_OK;
    const int error = gzip_smallest(&file->bytes, &small);
    if (error != 0)
        return report_failure("%s: %s", file->path, strerror(-error));
    printf("%s: %zu bytes, %zu compressed\n", file->path, file->bytes.length, small.length);
    free(file->bytes.data);
    file->bytes = small;
    push_image_init(&file->image, command, file->bytes.data, file->bytes.length);
    return EXIT_OK;
}
