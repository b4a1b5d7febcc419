#include "host/push_http.h"

#include "host/text.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX 1024u /* bytes of it looked at */
#define MS_PER_S   1000u

/* ---- addresses ---- */

bool push_http_url(const char *text, char url[PUSH_URL_MAX])
{
    const char *scheme = strstr(text, "://");
    const char *host = scheme != NULL ? scheme + 3 : text;
    const char *path = strchr(host, '/');
    const bool has_path = path != NULL && path[1] != '\0';
    const int host_length = path != NULL ? (int)(path - host) : (int)strlen(host);
    const int length =
        snprintf(url, PUSH_URL_MAX, "%.*s%.*s%s",
                 scheme != NULL ? (int)(host - text) : (int)strlen("http://"),
                 scheme != NULL ? text : "http://", host_length, host, has_path ? path : "/update");

    return length < (int)PUSH_URL_MAX;
}

/* ---- the answer ---- */

struct answer {
    char text[ANSWER_MAX];
    size_t length;
};

static size_t collect(char *data, size_t size, size_t count, void *ctx)
{
    struct answer *answer = ctx;
    const size_t room = sizeof answer->text - 1 - answer->length;
    const size_t kept = size * count < room ? size * count : room;

    memcpy(answer->text + answer->length, data, kept);
    answer->length += kept;
    answer->text[answer->length] = '\0';
    return size * count;
}

static void set_words(struct push_http_result *result, const char *words)
{
    snprintf(result->words, sizeof result->words, "%.*s", (int)strcspn(words, "\r\n<"), words);
    text_clean(result->words);
}

/* The original says 200 for every answer to an upload; ours says what it means. */
void push_http_judge(long status, const char *body, bool has_password,
                     struct push_http_result *result)
{
    static const char mark[] = "Update error: ";
    const char *error = strstr(body, mark);

    result->status = status;
    result->words[0] = '\0';
    if (status == 401) {
        result->outcome = has_password ? PUSH_HTTP_PASSWORD_WRONG : PUSH_HTTP_PASSWORD_ASKED;
    } else if (error != NULL) {
        result->outcome = PUSH_HTTP_REFUSED;
        set_words(result, error + strlen(mark));
    } else if (status == 200 && strstr(body, "Update Success!") != NULL) {
        result->outcome = PUSH_HTTP_OK;
    } else {
        result->outcome = PUSH_HTTP_NO_PAGE;
    }
}

/* ---- the upload ---- */

static int transferred(void *ctx, curl_off_t to_come, curl_off_t come, curl_off_t total,
                       curl_off_t done)
{
    const struct push_http *push = ctx;

    (void)to_come;
    (void)come;
    if (push->sent != NULL && total > 0)
        push->sent(push->ctx, (size_t)done, (size_t)total);
    return 0;
}

/* The digest first: a device of ours then checks it, the original does not mind. */
static bool add_parts(curl_mime *form, const struct push_http *push)
{
    const struct push_image *image = push->image;
    curl_mimepart *md5 = curl_mime_addpart(form);
    curl_mimepart *file = curl_mime_addpart(form);

    return md5 != NULL && file != NULL && curl_mime_name(md5, "md5") == CURLE_OK &&
           curl_mime_data(md5, image->md5, CURL_ZERO_TERMINATED) == CURLE_OK &&
           curl_mime_name(file, image->command == UD_COMMAND_FILESYSTEM ? "filesystem"
                                                                        : "firmware") == CURLE_OK &&
           curl_mime_filename(file, push->file_name) == CURLE_OK &&
           curl_mime_type(file, "application/octet-stream") == CURLE_OK &&
           curl_mime_data(file, (const char *)image->data, image->length) == CURLE_OK;
}

static void set_options(CURL *curl, const struct push_http *push, curl_mime *form,
                        struct answer *answer)
{
    curl_easy_setopt(curl, CURLOPT_URL, push->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, transferred);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, push);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)push->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    /* Silence while the device checks the whole image is no fault. */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     (long)((push->timeout_ms + PUSH_RESULT_MS) / MS_PER_S));
    if (push->user == NULL)
        return;
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC | CURLAUTH_DIGEST);
    curl_easy_setopt(curl, CURLOPT_USERNAME, push->user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, push->password != NULL ? push->password : "");
}

static void judge_failure(CURLcode code, struct push_http_result *result)
{
    const bool is_connected = code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST &&
                              code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL;

    result->outcome = is_connected ? PUSH_HTTP_BROKEN : PUSH_HTTP_NO_CONNECTION;
    set_words(result, curl_easy_strerror(code));
}

void push_http_run(const struct push_http *push, struct push_http_result *result)
{
    CURL *curl = curl_easy_init();
    curl_mime *form = curl != NULL ? curl_mime_init(curl) : NULL;
    struct answer answer = {.length = 0};
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;

    memset(result, 0, sizeof *result);
    if (form != NULL && add_parts(form, push)) {
        set_options(curl, push, form, &answer);
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    /* A device may have answered before it broke the connection off. */
    if (code == CURLE_OK || (status >= 400 && answer.length > 0))
        push_http_judge(status, answer.text, push->user != NULL && push->password != NULL, result);
    else
        judge_failure(code, result);
    curl_mime_free(form);
    curl_easy_cleanup(curl);
}

/* ---- words ---- */

void push_http_explain(const struct push_http_result *result, char text[PUSH_EXPLANATION_MAX])
{
    switch (result->outcome) {
    case PUSH_HTTP_OK:
        snprintf(text, PUSH_EXPLANATION_MAX, "updated; it restarts");
        break;
    case PUSH_HTTP_NO_CONNECTION:
        snprintf(text, PUSH_EXPLANATION_MAX, "there is no connection: %s", result->words);
        break;
    case PUSH_HTTP_BROKEN:
        snprintf(text, PUSH_EXPLANATION_MAX,
                 "the connection broke (%s): look at what it runs, and try again", result->words);
        break;
    case PUSH_HTTP_PASSWORD_ASKED:
        snprintf(text, PUSH_EXPLANATION_MAX,
                 "it asks for a user and a password: give --user and --password-file");
        break;
    case PUSH_HTTP_PASSWORD_WRONG:
        snprintf(text, PUSH_EXPLANATION_MAX, "wrong user or password");
        break;
    case PUSH_HTTP_REFUSED:
        snprintf(text, PUSH_EXPLANATION_MAX, "it did not take the image: %s", result->words);
        break;
    case PUSH_HTTP_NO_PAGE:
    default:
        snprintf(text, PUSH_EXPLANATION_MAX,
                 "it answers with %ld, and takes no uploads at this address: is the path right?",
                 result->status);
        break;
    }
}
