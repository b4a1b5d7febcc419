#include "host/api_client.h"

#include "host/file.h"
#include "host/pin.h"
#include "host/report.h"
#include "host/text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOT            "/api/v1"
#define ANSWER_LIMIT    (256u * 1024 * 1024)
#define TOKEN_LIMIT     4096
#define CONNECT_SECONDS 10L
#define STALL_SECONDS   60L

/* Part of what a TLS port of ours answers to who speaks plain HTTP. */
#define SAYS_TLS "speaks TLS"

struct api_client {
    CURL *curl;
    char *server;            /* without a slash at its end */
    const char *ca;          /* null: the system's */
    char pin[PIN_TEXT_SIZE]; /* curl's form; empty: none */
    char error[CURL_ERROR_SIZE];
    struct curl_slist *headers;
};

struct buffer {
    char *data;
    size_t length;
    CURL *curl; /* whose answer it is */
    FILE *file; /* null: all goes to data; else what the server gives, but not what it says */
};

/* Is it what was asked for, or a refusal in words? */
static bool is_success(CURL *curl)
{
    long status = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t collect(char *data, size_t size, size_t count, void *ctx)
{
    struct buffer *buffer = ctx;
    const size_t length = size * count;

    if (buffer->file != NULL && is_success(buffer->curl))
        return fwrite(data, 1, length, buffer->file);
    if (length > ANSWER_LIMIT - buffer->length)
        return 0;
    char *larger = realloc(buffer->data, buffer->length + length + 1);
    if (larger == NULL)
        return 0;
    memcpy(larger + buffer->length, data, length);
    buffer->data = larger;
    buffer->length += length;
    return length;
}

/* A token on one line, from a file or the environment. EXIT_OK, or reported. */
static int read_token(const char *path, char **token)
{
    struct file_bytes bytes = {.data = NULL};
    const char *text = path == NULL ? getenv("UPDRAFT_TOKEN") : NULL;

    if (text == NULL && path == NULL)
        path = getenv("UPDRAFT_TOKEN_FILE");
    if (text == NULL && path == NULL)
        return report_usage("no token: give --token-file DATA/operator.token, or set "
                            "UPDRAFT_TOKEN_FILE");
    if (text == NULL) {
        const int result = file_read(path, TOKEN_LIMIT, &bytes);
        if (result != 0)
            return report_failure("%s: %s", path, strerror(-result));
    }
    *token = text != NULL ? strdup(text) : strndup((const char *)bytes.data, bytes.length);
    free(bytes.data);
    if (*token == NULL)
        return report_failure("out of memory");
    (*token)[strcspn(*token, " \t\r\n")] = '\0';
    for (const char *c = *token; *c != '\0'; c++)
        if (!isgraph((unsigned char)*c))
            (*token)[0] = '\0';
    if ((*token)[0] != '\0')
        return EXIT_OK;
    free(*token);
    return report_failure("%s holds no token", path != NULL ? path : "UPDRAFT_TOKEN");
}

static int set_authorization(struct api_client *client, const char *token_file)
{
    char *token = NULL, *header;
    const int status = read_token(token_file, &token);

    if (status != EXIT_OK)
        return status;
    if (asprintf(&header, "Authorization: Bearer %s", token) >= 0) {
        client->headers = curl_slist_append(NULL, header);
        free(header);
    }
    free(token);
    return client->headers != NULL ? EXIT_OK : report_failure("out of memory");
}

static int set_server(struct api_client *client, const char *server)
{
    if (server == NULL)
        server = getenv("UPDRAFT_SERVER");
    if (server == NULL || server[0] == '\0')
        server = API_SERVER_DEFAULT;
    if (strncmp(server, "http://", 7) != 0 && strncmp(server, "https://", 8) != 0)
        return report_usage("the server %s is no URL like %s", server, API_SERVER_DEFAULT);
    client->server = strdup(server);
    if (client->server == NULL)
        return report_failure("out of memory");
    for (size_t end = strlen(server); end > 0 && server[end - 1] == '/'; end--)
        client->server[end - 1] = '\0';
    return EXIT_OK;
}

static int set_trust(struct api_client *client, const struct api_access *access)
{
    const char *pin = access->pin != NULL ? access->pin : getenv("UPDRAFT_SERVER_PIN");
    uint8_t bytes[PIN_SIZE];

    client->ca = access->ca != NULL ? access->ca : getenv("UPDRAFT_CA");
    if (client->ca != NULL && client->ca[0] == '\0')
        client->ca = NULL;
    if (pin == NULL || pin[0] == '\0')
        return EXIT_OK;
    if (!pin_parse(pin, bytes))
        return report_usage("%s is no pin: sha256// and base64, or 64 hexadecimal digits", pin);
    pin_format(bytes, client->pin);
    return EXIT_OK;
}

int api_open(const struct api_access *access, struct api_client **out)
{
    struct api_client *client = calloc(1, sizeof *client);
    int status;

    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (client->curl = curl_easy_init()) == NULL) {
        free(client);
        return report_failure("out of memory");
    }
    status = set_server(client, access->server);
    if (status == EXIT_OK)
        status = set_trust(client, access);
    if (status == EXIT_OK)
        status = set_authorization(client, access->token_file);
    if (status == EXIT_OK)
        *out = client;
    else
        api_close(client);
    return status;
}

void api_close(struct api_client *client)
{
    curl_slist_free_all(client->headers);
    curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    free(client->server);
    free(client);
}

/* Appends one parameter; false, and *text null, when memory is out. */
static bool append(char **text, const char *separator, const struct api_parameter *parameter)
{
    char *longer = NULL;
    char *escaped = curl_easy_escape(NULL, parameter->value, 0);
    const int length =
        escaped != NULL ? asprintf(&longer, "%s%s%s=%s", *text, separator, parameter->name, escaped)
                        : -1;

    curl_free(escaped);
    free(*text);
    *text = length >= 0 ? longer : NULL;
    return *text != NULL;
}

char *api_path(const char *path, const struct api_parameter *parameters)
{
    char *text = strdup(path);
    const char *separator = "?";

    for (; text != NULL && parameters != NULL && parameters->name != NULL; parameters++) {
        if (parameters->value == NULL)
            continue;
        if (!append(&text, separator, parameters))
            break;
        separator = "&";
    }
    return text;
}

/* The server's own words for a refusal, or the bare status. */
static int report_refusal(long status, json_t *answer)
{
    const char *error = json_string_value(json_object_get(answer, "error"));
    char *clean = strdup(error != NULL ? error : "");

    if (clean == NULL || error == NULL)
        report_failure("the server answered %ld: is it an Updraft server?", status);
    else {
        text_clean(clean);
        report_failure("%s", clean);
    }
    free(clean);
    return EXIT_FAILED;
}

static int report_no_answer(CURLcode code, const struct api_client *client)
{
    const char *what = client->error[0] != '\0' ? client->error : curl_easy_strerror(code);

    if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
        return report_failure("%s has another key than the pinned one", client->server);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return report_failure("%s: %s; --ca FILE says who vouches for it, --server-pin PIN what "
                              "its key is",
                              client->server, what);
    if (code == CURLE_SSL_CONNECT_ERROR)
        return report_failure("%s does not answer in TLS (%s): is it http://?", client->server,
                              what);
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return report_failure("%s: %s; is updraft serve up there? --server URL or "
                              "UPDRAFT_SERVER says where it is",
                              client->server, curl_easy_strerror(code));
    return report_failure("%s: %s", client->server, curl_easy_strerror(code));
}

/* A connection closed within the head of an answer is no error to curl. The server says
 * how long its answers are, but for 204, which have no body. */
static bool is_cut_off(CURL *curl, long status)
{
    curl_off_t announced = -1, got = 0;

    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    curl_easy_getinfo(curl, CURLINFO_SIZE_DOWNLOAD_T, &got);
    return status != 204 && announced < 0 && got == 0;
}

static int judge(CURLcode code, const struct api_client *client, struct buffer *buffer,
                 json_t **answer, long *out_status)
{
    long status = 0;

    *answer = NULL;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (out_status != NULL)
        *out_status = status;
    /* A refused upload may end before all of it was sent, with an answer. */
    if (code != CURLE_OK && status < 400)
        return report_no_answer(code, client);
    if (status < 300 && is_cut_off(client->curl, status))
        return report_failure("%s closed the connection before it had answered: look whether it "
                              "was done, and try again",
                              client->server);
    if (status == 400 && buffer->data != NULL &&
        memmem(buffer->data, buffer->length, SAYS_TLS, strlen(SAYS_TLS)) != NULL)
        return report_failure("%s answers in TLS only: give https://", client->server);
    json_t *body = json_loadb(buffer->data != NULL ? buffer->data : "", buffer->length, 0, NULL);
    if (status < 200 || status > 299) {
        report_refusal(status, body);
        json_decref(body);
        return EXIT_FAILED;
    }
    if (body == NULL && buffer->length > 0)
        return report_failure("%s does not answer in JSON: is it an Updraft server?",
                              client->server);
    *answer = body;
    return EXIT_OK;
}

static void set_tls(struct api_client *client)
{
    CURL *curl = client->curl;

    client->error[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    if (client->ca != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->ca);
    if (client->pin[0] == '\0')
        return;
    curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, client->pin);
    if (client->ca == NULL) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* Sends what the handle was set up for. */
static int perform(struct api_client *client, const char *path, FILE *out, json_t **answer,
                   long *status)
{
    CURL *curl = client->curl;
    struct buffer buffer = {.curl = curl, .file = out};
    char *url;

    if (asprintf(&url, "%s" ROOT "%s", client->server, path) < 0)
        return report_failure("out of memory");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &buffer);
    set_tls(client);
    const int result = judge(curl_easy_perform(curl), client, &buffer, answer, status);
    curl_easy_reset(curl);
    free(buffer.data);
    free(url);
    return result;
}

int api_call(struct api_client *client, const char *method, const char *path, const json_t *body,
             json_t **answer, long *status)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;

    if (body != NULL && text == NULL)
        return report_failure("out of memory");
    if (text != NULL)
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    else if (strcmp(method, "POST") == 0)
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    const int result = perform(client, path, NULL, answer, status);
    free(text);
    return result;
}

int api_get_file(struct api_client *client, const char *path, FILE *out, uint64_t *size)
{
    json_t *answer = NULL;
    const int result = perform(client, path, out, &answer, NULL);
    const off_t end = ftello(out);

    *size = end > 0 ? (uint64_t)end : 0;
    json_decref(answer);
    return result;
}

static size_t read_file(char *buffer, size_t size, size_t count, void *ctx)
{
    const struct api_upload *upload = ctx;
    const size_t got = fread(buffer, 1, size * count, upload->file);

    return got == 0 && ferror(upload->file) ? CURL_READFUNC_ABORT : got;
}

static int note_progress(void *ctx, curl_off_t to_get, curl_off_t got, curl_off_t to_send,
                         curl_off_t sent)
{
    const struct api_upload *upload = ctx;

    (void)to_get;
    (void)got;
    (void)to_send;
    if (upload->progress != NULL)
        upload->progress(upload->ctx, (uint64_t)sent);
    return 0;
}

int api_post_file(struct api_client *client, const char *path, const struct api_upload *upload,
                  json_t **answer, long *status)
{
    struct api_upload copy = *upload;
    CURL *curl = client->curl;

    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)upload->size);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_file);
    curl_easy_setopt(curl, CURLOPT_READDATA, &copy);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, note_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &copy);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    return perform(client, path, NULL, answer, status);
}
