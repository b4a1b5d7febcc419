/* A program that keeps itself up to date: it asks a server, takes uploads from the bench
 * and serves a page for browsers. A new one is on trial until a server has answered it;
 * where no server is asked, until it has come this far.
 */
#include "esp_event.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_ota_ops.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include "sdkconfig.h"
#include "updraft_esp.h"

static const char tag[] = "example";

void app_main(void);

static void show(void *ctx, const struct updraft_event_data *data)
{
    (void)ctx;
    switch (data->event) {
    case UPDRAFT_CURRENT:
        ESP_LOGI(tag, "nothing newer");
        break;
    case UPDRAFT_KEYS:
        ESP_LOGI(tag, "the keys that sign updates have changed");
        break;
    case UPDRAFT_LATER:
        ESP_LOGI(tag, "the server is busy: asks again in %u s", (unsigned)data->done);
        break;
    case UPDRAFT_PROGRESS:
        ESP_LOGI(tag, "%u of %u bytes", (unsigned)data->done, (unsigned)data->total);
        break;
    case UPDRAFT_UPDATED:
        ESP_LOGI(tag, "restarts into the new program");
        break;
    case UPDRAFT_FAILED:
    default:
        ESP_LOGE(tag, "no update: error %d", data->error);
        break;
    }
}

void app_main(void)
{
    const char *url = CONFIG_EXAMPLE_URL;
    const struct updraft_config config = {
        .url = url[0] != '\0' ? url : NULL,
        .password = CONFIG_EXAMPLE_PASSWORD,
        .poll_s = 10,
        .confirms = true,
        .upload_port = CONFIG_EXAMPLE_UPLOAD_PORT,
        .page_port = CONFIG_EXAMPLE_PAGE_PORT,
        .page_user = "admin",
        .event = show,
    };
    esp_app_desc_t description;

    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect());
    ESP_ERROR_CHECK(
        esp_ota_get_partition_description(esp_ota_get_running_partition(), &description));
    ESP_LOGI(tag, "runs %.32s %.32s", description.project_name, description.version);
    if (config.url == NULL)
        ESP_ERROR_CHECK(esp_ota_mark_app_valid_cancel_rollback());
    ESP_ERROR_CHECK(updraft_start(&config));
}
