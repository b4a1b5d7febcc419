/* A client that updates as ESP-IDF's esp_https_ota does, over libcurl and esp_ota_*: whole,
 * in ranges after a HEAD, or from where an earlier one was cut off.
 *
 *   https-ota FLASH URL whole | ranges BYTES | cut BYTES | resume BYTES
 *
 * cut: gives up after so many, as when power goes. It prints what came of it, and is 0 only
 * if the update is the one that starts next.
 */
#include "boot/slots_run.h"
#include "device/port/bearssl/digest.h"
#include "device/port/esp-idf/updraft/system.h"
#include "esp_ota_ops.h"
#include "sdkconfig.h"
#include "sim/nor.h"
#include "tests/esp-idf/standin.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REVISION   101u
#define FLASH_SIZE (4u << 20)
#define TIMEOUT_S  20L

enum status { STATUS_OK = 200, STATUS_PARTIAL = 206 };

struct download {
    CURL *curl;
    const esp_partition_t *slot;
    esp_ota_handle_t handle;
    esp_err_t error;
    uint32_t written;
    uint32_t cut;         /* stop after so many bytes; 0: never */
    bool expects_partial; /* the answer has to go on where we are */
};

static struct standin_chip chip = {.revision = REVISION};

static bool boot(const char *path)
{
    static struct slots_run run;
    struct slots_result result;
    struct nor *nor;
    const struct nor_config config = {
        .path = path, .size = FLASH_SIZE, .has_block_erase = true, .rules = NOR_STRICT};

    if (nor_open(&nor, &config) != 0)
        return false;
    chip.flash = nor_flash(nor);
    standin_chip = &chip;
    const struct slots_run_config boot = {
        .flash = chip.flash,
        .md5 = &ud_md5,
        .sha256 = &ud_sha256,
        .chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
        .revision = REVISION,
    };
    if (slots_run(&run, &boot, &result) != UD_OK)
        return false;
    chip.running_address = result.partition.offset;
    return true;
}

static long status_of(const struct download *download)
{
    long status = 0;

    curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A server that ignored the range sends all of it: it is begun anew. */
static esp_err_t begin_anew(struct download *download)
{
    printf("the server ignores ranges: from the start\n");
    download->expects_partial = false;
    download->written = 0;
    (void)esp_ota_abort(download->handle);
    return esp_ota_begin(download->slot, OTA_WITH_SEQUENTIAL_WRITES, &download->handle);
}

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct download *download = ctx;
    size_t length = size * count;

    if (status_of(download) != STATUS_OK && status_of(download) != STATUS_PARTIAL)
        return length;
    if (download->expects_partial && status_of(download) == STATUS_OK)
        download->error = begin_anew(download);
    if (download->cut != 0 && length > download->cut - download->written)
        length = download->cut - download->written;
    if (download->error == ESP_OK)
        download->error = esp_ota_write(download->handle, bytes, length);
    download->written += (uint32_t)length;
    return download->error == ESP_OK ? length : 0;
}

/* From where we are to `last`, or to the end. False when it did not all arrive. */
static bool fetch(struct download *download, const char *last)
{
    char range[48];

    snprintf(range, sizeof range, "%u-%s", (unsigned)download->written, last);
    curl_easy_setopt(download->curl, CURLOPT_RANGE, download->expects_partial ? range : NULL);
    const CURLcode result = curl_easy_perform(download->curl);
    const long status = status_of(download);
    return result == CURLE_OK && (status == STATUS_OK || status == STATUS_PARTIAL);
}

static bool fetch_in_ranges(struct download *download, uint32_t size)
{
    curl_off_t total = -1;
    char last[16];

    curl_easy_setopt(download->curl, CURLOPT_NOBODY, 1L);
    if (curl_easy_perform(download->curl) == CURLE_OK && status_of(download) == STATUS_OK)
        curl_easy_getinfo(download->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
    curl_easy_setopt(download->curl, CURLOPT_HTTPGET, 1L);
    if (total < 0)
        return fetch(download, "");
    download->expects_partial = true;
    while (download->written < (uint64_t)total) {
        const uint32_t before = download->written;
        const uint64_t end = (uint64_t)before + size;
        snprintf(last, sizeof last, "%llu",
                 (unsigned long long)(end < (uint64_t)total ? end - 1 : (uint64_t)total - 1));
        if (!fetch(download, last) || download->written == before)
            return false;
    }
    return true;
}

static bool fetch_by(struct download *download, const char *how, uint32_t number)
{
    if (strcmp(how, "ranges") == 0)
        return fetch_in_ranges(download, number);
    if (strcmp(how, "cut") == 0)
        download->cut = number;
    download->expects_partial = strcmp(how, "resume") == 0;
    return fetch(download, "");
}

/* As esp_https_ota_finish(), or _abort(). */
static int finish(struct download *download, bool is_whole)
{
    if (!is_whole || download->error != ESP_OK) {
        printf("not received: %u bytes, error %#x\n", (unsigned)download->written,
               (unsigned)download->error);
        (void)esp_ota_abort(download->handle);
        return 1;
    }
    esp_err_t error = esp_ota_end(download->handle);
    if (error == ESP_OK)
        error = esp_ota_set_boot_partition(download->slot);
    printf("%u bytes, error %#x\n", (unsigned)download->written, (unsigned)error);
    return error == ESP_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct download download = {.curl = curl_easy_init()};
    const uint32_t number = argc > 4 ? (uint32_t)atoi(argv[4]) : 0;

    if (argc < 4 || download.curl == NULL || !boot(argv[1]))
        return 2;
    download.slot = esp_ota_get_next_update_partition(NULL);
    if (strcmp(argv[3], "resume") == 0) {
        download.written = number;
        download.error =
            esp_ota_resume(download.slot, OTA_WITH_SEQUENTIAL_WRITES, number, &download.handle);
    } else {
        download.error = esp_ota_begin(download.slot, OTA_WITH_SEQUENTIAL_WRITES, &download.handle);
    }
    curl_easy_setopt(download.curl, CURLOPT_URL, argv[2]);
    curl_easy_setopt(download.curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(download.curl, CURLOPT_MAXREDIRS, 10L);
    curl_easy_setopt(download.curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(download.curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(download.curl, CURLOPT_WRITEDATA, &download);
    const bool is_whole = download.error == ESP_OK && fetch_by(&download, argv[3], number);
    const int status = finish(&download, is_whole);
    curl_easy_cleanup(download.curl);
    return status;
}
