/* Whom virtual devices trust to be their server. */
#include "host/certificates.h"
#include "host/pin.h"
#include "host/report.h"
#include "tools/device.h"
#include "updraft/url.h"

#include <stdlib.h>

static bool is_https(const struct device_order *order)
{
    struct ud_url url;

    return order->url != NULL && ud_url_parse(order->url, &url) == UD_OK && url.tls;
}

int device_tls_check(const struct device_order *order)
{
    const bool is_told = order->ca != NULL || order->pin != NULL;
    uint8_t pin[PIN_SIZE];

    if (!is_https(order))
        return is_told || order->lacks_clock
                   ? report_usage("--ca, --pin and --no-clock go with a URL of https")
                   : EXIT_OK;
    if (!is_told)
        return report_usage("%s: --ca FILE or --pin PIN says which server is the right one",
                            order->url);
    if (order->pin != NULL && !pin_parse(order->pin, pin))
        return report_usage("%s is no pin: sha256// and base64, or 64 hexadecimal digits",
                            order->pin);
    if (order->tls_record < 512 || order->tls_record > 16384)
        return report_usage("--tls-record takes 512 to 16384 bytes");
    return EXIT_OK;
}

static int read_anchors(struct device_tls *tls, const char *path)
{
    struct file_bytes ders[UD_BEARSSL_ANCHORS_MAX];
    char error[CERTIFICATES_ERROR_SIZE];
    int status = EXIT_OK;
    size_t count;

    if (certificates_read(path, ders, UD_BEARSSL_ANCHORS_MAX, &count, error) != 0)
        return report_failure("%s", error);
    for (size_t i = 0; i < count; i++) {
        if (status == EXIT_OK && ud_bearssl_anchor_read(&tls->anchors[i], ders[i].data,
                                                        (uint32_t)ders[i].length) != UD_OK)
            status = report_failure("%s: certificate %zu has a key or a name that BearSSL does "
                                    "not take",
                                    path, i + 1);
        free(ders[i].data);
    }
    tls->count = (uint32_t)count;
    return status;
}

int device_tls_open(struct device_tls *tls, const struct device_order *order)
{
    tls->count = 0;
    if (order->pin != NULL && !pin_parse(order->pin, tls->pin))
        return EXIT_USAGE;
    return order->ca != NULL ? read_anchors(tls, order->ca) : EXIT_OK;
}
