#include "server/webhooks/courier.h"

#include "server/log/log.h"
#include "server/model/clock.h"
#include "updraft/digest.h"
#include "updraft/hex.h"

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS     10000L
#define ANSWER_MAX     65536u /* bytes that are read of an answer */
#define NOT_WRITTEN_MS 10000  /* until the next attempt when this one cannot be noted */
#define NOT_LEADING_MS 2000   /* until it may be this server's turn */
#define HTTP_OK_FIRST  200
#define HTTP_OK_LAST   299
#define HEADER_SIZE    160

struct courier {
    struct webhooks *webhooks;
    struct fleet *fleet;
    CURLM *multi;
    pthread_t thread;
    atomic_bool is_stopping;
    struct attempt *attempts; /* the thread's own */
};

/* A delivery on its way. */
struct attempt {
    struct attempt *next;
    struct courier *courier;
    CURL *curl;
    struct curl_slist *headers;
    struct webhook webhook;
    struct delivery *delivery;
    size_t answered; /* bytes */
};

const char *courier_sign(const char *secret, int64_t time_s, const char *body,
                         char text[SIGNATURE_SIZE])
{
    uint8_t digest[UD_SHA256_SIZE];
    char hex[2 * UD_SHA256_SIZE + 1], *signed_text = NULL;
    unsigned length = 0;
    const int size = asprintf(&signed_text, "%lld.%s", (long long)time_s, body);

    text[0] = '\0';
    if (size < 0)
        return text;
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)signed_text,
         (size_t)size, digest, &length);
    free(signed_text);
    ud_hex_encode(digest, UD_SHA256_SIZE, hex);
    snprintf(text, SIGNATURE_SIZE, "t=%lld,v1=%s", (long long)time_s, hex);
    return text;
}

/* What is answered does not matter, but it is to end. */
static size_t pass_over(char *data, size_t size, size_t count, void *ctx)
{
    struct attempt *attempt = ctx;

    (void)data;
    attempt->answered += size * count;
    return attempt->answered <= ANSWER_MAX ? size * count : 0;
}

static void add_header(struct attempt *attempt, const char *name, const char *value)
{
    char line[HEADER_SIZE];

    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(attempt->headers, line);
    if (longer != NULL)
        attempt->headers = longer;
}

/* A body is stored before the delivery has its id. */
static void complete(struct delivery *delivery)
{
    json_t *body = json_loads(delivery->body, 0, NULL);

    json_object_set_new(body, "id", json_integer(delivery->id));
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(body);
    if (text == NULL)
        return;
    free(delivery->body);
    delivery->body = text;
}

static void set_up(struct attempt *attempt)
{
    const struct delivery *delivery = attempt->delivery;
    char signature[SIGNATURE_SIZE], id[12];
    CURL *curl = attempt->curl;

    snprintf(id, sizeof id, "%u", delivery->id);
    add_header(attempt, "Content-Type", "application/json");
    add_header(attempt, "Updraft-Event", delivery->event);
    add_header(attempt, "Updraft-Delivery", id);
    add_header(
        attempt, "Updraft-Signature",
        courier_sign(attempt->webhook.secret, clock_now_ms() / 1000, delivery->body, signature));
    add_header(attempt, "Expect", "");
    curl_easy_setopt(curl, CURLOPT_URL, attempt->webhook.url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Updraft/" UPDRAFT_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, attempt->headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(delivery->body));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, delivery->body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass_over);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, attempt);
}

static void free_attempt(struct attempt *attempt)
{
    curl_slist_free_all(attempt->headers);
    if (attempt->curl != NULL)
        curl_easy_cleanup(attempt->curl);
    delivery_free_list(attempt->delivery);
    free(attempt);
}

/* Takes the delivery over. False when memory is out. */
static bool begin(struct courier *courier, const struct webhook *webhook, struct delivery *delivery)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);

    if (attempt == NULL) {
        delivery_free_list(delivery);
        return false;
    }
    *attempt = (struct attempt){
        .courier = courier, .curl = curl_easy_init(), .webhook = *webhook, .delivery = delivery};
    if (attempt->curl == NULL) {
        free_attempt(attempt);
        return false;
    }
    complete(delivery);
    set_up(attempt);
    if (curl_multi_add_handle(courier->multi, attempt->curl) != CURLM_OK) {
        free_attempt(attempt);
        return false;
    }
    attempt->next = courier->attempts;
    courier->attempts = attempt;
    return true;
}

/* --- what becomes of it --- */

struct noting {
    struct webhooks *webhooks;
    uint32_t webhook;
};

/* On the writer's thread, after webhooks_committed() where it was written. */
static void noted(void *ctx, enum change_result result)
{
    struct noting *noting = ctx;

    if (result != CHANGE_DONE)
        webhooks_give_back(noting->webhooks, noting->webhook, clock_now_ms() + NOT_WRITTEN_MS);
    free(noting);
}

static void submit(struct courier *courier, const struct attempt *attempt)
{
    struct noting *noting = malloc(sizeof *noting);
    struct change *change = change_new_webhook(WEBHOOK_TRIED);

    if (noting == NULL || change == NULL) {
        free(noting);
        change_free(change);
        webhooks_give_back(courier->webhooks, attempt->webhook.id, clock_now_ms() + NOT_WRITTEN_MS);
        return;
    }
    *noting = (struct noting){courier->webhooks, attempt->webhook.id};
    change->as.webhook->webhook = attempt->webhook;
    change->as.webhook->delivery = *attempt->delivery;
    change->as.webhook->delivery.next = NULL;
    change->as.webhook->delivery.body = NULL;
    fleet_submit(courier->fleet, change, noted, noting);
}

static void judge(struct attempt *attempt, CURLcode code)
{
    char error[WEBHOOK_ERROR_SIZE] = "";
    long status = 0;

    curl_easy_getinfo(attempt->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < HTTP_OK_FIRST || status > HTTP_OK_LAST) {
        if (status != 0)
            snprintf(error, sizeof error, "answered %ld", status);
        else
            snprintf(error, sizeof error, "%s", curl_easy_strerror(code));
    }
    webhook_note_attempt(&attempt->webhook, attempt->delivery, (unsigned)status, error,
                         clock_now_ms());
    if (attempt->webhook.is_disabled)
        log_line("webhook %u is disabled: %s", attempt->webhook.id, attempt->webhook.reason);
}

static void drop_attempt(struct attempt *attempt)
{
    struct courier *courier = attempt->courier;
    struct attempt **at = &courier->attempts;

    while (*at != attempt)
        at = &(*at)->next;
    *at = attempt->next;
    curl_multi_remove_handle(courier->multi, attempt->curl);
    free_attempt(attempt);
}

static void finish_all(struct courier *courier)
{
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(courier->multi, &left)) != NULL) {
        struct attempt *attempt = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&attempt);
        judge(attempt, message->data.result);
        submit(courier, attempt);
        drop_attempt(attempt);
    }
}

/* Returns how long until more is due. */
static int64_t begin_all(struct courier *courier)
{
    struct webhook webhook;
    struct delivery *delivery;
    int64_t wait_ms;

    if (!fleet_leads(courier->fleet))
        return NOT_LEADING_MS;
    while ((delivery = webhooks_take_due(courier->webhooks, clock_now_ms(), &webhook, &wait_ms)) !=
           NULL)
        if (!begin(courier, &webhook, delivery)) {
            webhooks_give_back(courier->webhooks, webhook.id, clock_now_ms() + NOT_WRITTEN_MS);
            break;
        }
    return wait_ms;
}

static void *run(void *ctx)
{
    struct courier *courier = ctx;
    int running;

    while (!atomic_load(&courier->is_stopping)) {
        const int64_t wait_ms = begin_all(courier);
        curl_multi_perform(courier->multi, &running);
        finish_all(courier);
        curl_multi_poll(courier->multi, NULL, 0, (int)wait_ms, NULL);
    }
    while (courier->attempts != NULL)
        drop_attempt(courier->attempts);
    return NULL;
}

static void wake(void *ctx)
{
    struct courier *courier = ctx;

    curl_multi_wakeup(courier->multi);
}

struct courier *courier_start(struct webhooks *webhooks, struct fleet *fleet)
{
    struct courier *courier = calloc(1, sizeof *courier);

    if (courier == NULL)
        return NULL;
    courier->webhooks = webhooks;
    courier->fleet = fleet;
    courier->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    webhooks_set_waker(webhooks, wake, courier);
    if (courier->multi != NULL && pthread_create(&courier->thread, NULL, run, courier) == 0)
        return courier;
    webhooks_set_waker(webhooks, NULL, NULL);
    if (courier->multi != NULL)
        curl_multi_cleanup(courier->multi);
    free(courier);
    return NULL;
}

void courier_stop(struct courier *courier)
{
    webhooks_set_waker(courier->webhooks, NULL, NULL);
    atomic_store(&courier->is_stopping, true);
    curl_multi_wakeup(courier->multi);
    pthread_join(courier->thread, NULL);
    curl_multi_cleanup(courier->multi);
    curl_global_cleanup();
    free(courier);
}
