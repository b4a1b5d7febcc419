#include "host/keys.h"
#include "host/report.h"
#include "tools/device.h"

#include <stdlib.h>

static int read_key(struct device_trust *trust, const char *path)
{
    const size_t index = trust->count;
    char error[KEY_ERROR_SIZE];
    struct key key;

    if (key_read_public(path, &key, error) != 0)
        return report_failure("%s", error);
    const int result = key_der(&key, &trust->files[index], error);
    key_free(&key);
    if (result != 0)
        return report_failure("%s: %s", path, error);
    const struct ud_key_der der = {trust->files[index].data, (uint32_t)trust->files[index].length};
    struct ud_key decoded;
    trust->count++;
    trust->keys[index] = der;
    return ud_key_decode(&der, &decoded) == UD_OK
               ? EXIT_OK
               : report_failure("%s: devices take RSA keys up to 4096 bits, and P-256", path);
}

int device_trust_open(struct device_trust *trust, const struct option_list *paths)
{
    int status = EXIT_OK;

    trust->count = 0;
    for (size_t i = 0; i < paths->count && status == EXIT_OK; i++)
        status = read_key(trust, paths->values[i]);
    return status;
}

void device_trust_close(struct device_trust *trust)
{
    for (size_t i = 0; i < trust->count; i++)
        free(trust->files[i].data);
    trust->count = 0;
}
