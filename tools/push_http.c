/* `updraft push --http`: to a device's page, in place of the upload port. */
#include "host/push_http.h"

#include "host/progress.h"
#include "host/report.h"
#include "posix/pull.h"
#include "tools/push.h"

#include <stdlib.h>
#include <string.h>

#define MS_PER_S 1000.0

static void show_sent(void *ctx, size_t done, size_t total)
{
    progress_note(ctx, 0, "%s", done < total ? "sends" : "waits for its verdict");
    progress_set(ctx, 0, done, total);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void run_and_show(struct push_http *push, struct push_http_result *result)
{
    const uint32_t since_ms = ud_posix_clock_ms();
    struct progress *progress = progress_start(stdout, 1);

    push->ctx = progress;
    push->sent = progress != NULL ? show_sent : NULL;
    if (progress != NULL)
        progress_name(progress, 0, push->url);
    push_http_run(push, result);
    if (progress == NULL)
        return;
    if (result->outcome == PUSH_HTTP_OK)
        progress_note(progress, 0, "updated in %.1f s",
                      (ud_posix_clock_ms() - since_ms) / MS_PER_S);
    else
        progress_set(progress, 0, 0, 0);
    progress_end(progress);
}

int push_to_page(const struct push_page_order *order, const struct push_file *file)
{
    struct push_http_result result;
    struct push_http push = {
        .image = &file->image,
        .file_name = name_of(file->path),
        .user = order->user,
        .timeout_ms = order->timeout_ms,
    };
    char url[PUSH_URL_MAX], text[PUSH_EXPLANATION_MAX];
    char *password = NULL;

    if (!push_http_url(order->url, url))
        return report_usage("%.60s… is too long for an address", order->url);
    push.url = url;
    const int status = push_password_find(order->password_file, &password);
    if (status != EXIT_OK)
        return status;
    if (order->user != NULL && password == NULL)
        password = push_password_ask("Password of the page: ");
    push.password = password;
    run_and_show(&push, &result);
    push_password_free(password);
    push_http_explain(&result, text);
    return result.outcome == PUSH_HTTP_OK ? EXIT_OK : report_failure("%s: %s", url, text);
}
