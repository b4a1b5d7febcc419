#include "tools/devices_exchange.h"

#include "host/csv.h"
#include "host/file.h"
#include "host/report.h"
#include "tools/operate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* In one request: an import of that size stays far below what a server takes. */
#define BATCH 100u

#define FILE_LIMIT (256u * 1024 * 1024)

enum kind { KIND_TEXT, KIND_TAGS, KIND_NUMBER, KIND_FLAG };

static const struct {
    const char *name;
    enum kind kind;
    bool is_for_people; /* not imported */
} columns[] = {
    {"mac", KIND_TEXT, false},
    {"product", KIND_TEXT, false},
    {"group", KIND_TEXT, false},
    {"channel", KIND_TEXT, false},
    {"pin", KIND_TEXT, false},
    {"downgrade", KIND_FLAG, false},
    {"tags", KIND_TAGS, false},
    {"alias", KIND_TEXT, false},
    {"notes", KIND_TEXT, false},
    {"utc_offset_minutes", KIND_NUMBER, false},
    {"decommissioned", KIND_FLAG, false},
    {"version", KIND_TEXT, true},
    {"state", KIND_TEXT, true},
    {"last_seen", KIND_TEXT, true},
};

#define COLUMNS (sizeof columns / sizeof columns[0])

/* --- out --- */

static void put_value(FILE *file, const json_t *value, bool is_first)
{
    char number[24];

    if (json_is_string(value)) {
        csv_put(file, json_string_value(value), is_first);
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        csv_put(file, number, is_first);
    } else if (json_is_array(value)) {
        char *text = operate_join(value);
        csv_put(file, text != NULL ? text : "", is_first);
        free(text);
    } else {
        csv_put(file, json_is_true(value) ? "true" : "", is_first);
    }
}

/* Devices choose what they call their version, and spreadsheets take some words for formulas. */
static void put_column(FILE *file, size_t column, const json_t *value)
{
    const char *text = columns[column].is_for_people ? json_string_value(value) : NULL;
    char quoted[80];

    if (text == NULL || text[0] == '\0' || strchr("=+-@", text[0]) == NULL) {
        put_value(file, value, column == 0);
        return;
    }
    snprintf(quoted, sizeof quoted, "'%s", text);
    csv_put(file, quoted, column == 0);
}

static void write_head(FILE *file)
{
    for (size_t i = 0; i < COLUMNS; i++)
        csv_put(file, columns[i].name, i == 0);
    putc('\n', file);
}

struct rows {
    FILE *file;
    bool has_head;
};

static bool write_rows(void *ctx, const json_t *devices)
{
    struct rows *rows = ctx;
    const json_t *device;
    size_t row;

    if (!rows->has_head)
        write_head(rows->file);
    rows->has_head = true;
    json_array_foreach(devices, row, device)
    {
        for (size_t i = 0; i < COLUMNS; i++)
            put_column(rows->file, i, json_object_get(device, columns[i].name));
        putc('\n', rows->file);
    }
    return true;
}

/* What of a device there are columns for. */
static json_t *kept(json_t *device)
{
    json_t *object = json_object();
    bool is_whole = object != NULL;

    for (size_t i = 0; i < COLUMNS; i++) {
        json_t *value = json_object_get(device, columns[i].name);
        if (value != NULL)
            is_whole = json_object_set(object, columns[i].name, value) == 0 && is_whole;
    }
    if (is_whole)
        return object;
    json_decref(object);
    return NULL;
}

static int write_devices(struct api_client *client, const struct devices_choice *choice, FILE *file,
                         bool as_json)
{
    struct rows rows = {.file = file};

    return as_json
               ? devices_write_json(client, choice, file, JSON_COMPACT | JSON_PRESERVE_ORDER, kept)
               : devices_each_page(client, choice, write_rows, &rows);
}

static int write_as_it_comes(struct api_client *client, const struct devices_choice *choice,
                             FILE *file, const char *name, bool as_json)
{
    const int status = write_devices(client, choice, file, as_json);

    if (status == EXIT_OK && (fflush(file) != 0 || ferror(file)))
        return report_failure("%s: %s", name, strerror(errno));
    return status;
}

/* A device, a pipe, a link to either: nothing that could be replaced. */
static int write_to(struct api_client *client, const struct devices_choice *choice,
                    const char *path, bool as_json)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return report_failure("%s: %s", path, strerror(errno));
    const int status = write_as_it_comes(client, choice, file, path, as_json);
    if (fclose(file) != 0 && status == EXIT_OK)
        return report_failure("%s: %s", path, strerror(errno));
    return status;
}

static int replace(struct api_client *client, const struct devices_choice *choice, const char *path,
                   bool as_json, unsigned mode)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);

    if (file == NULL)
        return report_failure("out of memory");
    int status = write_devices(client, choice, file, as_json);
    if (fclose(file) != 0 && status == EXIT_OK)
        status = report_failure("out of memory");
    const int error = status == EXIT_OK ? file_write_atomic(path, text, length, mode) : 0;
    free(text);
    return error == 0 ? status : report_failure("%s: %s", path, strerror(-error));
}

int devices_export(struct api_client *client, const struct devices_choice *choice, const char *path,
                   bool as_json)
{
    struct stat there;

    if (path == NULL)
        return write_as_it_comes(client, choice, stdout, "stdout", as_json);
    if (lstat(path, &there) != 0)
        return replace(client, choice, path, as_json, 0666);
    if (!S_ISREG(there.st_mode))
        return write_to(client, choice, path, as_json);
    return replace(client, choice, path, as_json, there.st_mode & 0777);
}

/* --- in --- */

static json_t *tags_of(const char *text)
{
    json_t *array = json_array();

    for (size_t length; *text != '\0'; text += length + (text[length] == ',')) {
        length = strcspn(text, ",");
        json_array_append_new(array, json_stringn(text, length));
    }
    return array;
}

/* Spreadsheets write TRUE. What is neither the server refuses. */
static json_t *flag_of(const char *text)
{
    const bool is_true = strcasecmp(text, "true") == 0;

    return is_true || text[0] == '\0' || strcasecmp(text, "false") == 0 ? json_boolean(is_true)
                                                                        : json_string(text);
}

/* What an empty field means is that nothing is decided. */
static json_t *value_of(enum kind kind, const char *text)
{
    char *end;
    const long number = strtol(text, &end, 10);

    if (kind == KIND_TAGS)
        return tags_of(text);
    if (kind == KIND_FLAG)
        return flag_of(text);
    if (text[0] == '\0')
        return json_null();
    return kind == KIND_NUMBER && *end == '\0' ? json_integer(number) : json_string(text);
}

/* The place of a column in `columns`; COLUMNS when there is none of that name. */
static size_t column_named(const char *name)
{
    size_t i = 0;

    while (i < COLUMNS && strcmp(columns[i].name, name) != 0)
        i++;
    return i;
}

static json_t *device_of(const struct csv_row *head, const struct csv_row *row)
{
    json_t *device = json_object();

    for (size_t i = 0; i < head->count && i < row->count; i++) {
        const size_t column = column_named(head->fields[i]);
        json_object_set_new(device, columns[column].name,
                            value_of(columns[column].kind, row->fields[i]));
    }
    return device;
}

static bool is_head(const struct csv_row *head, const char *path)
{
    bool has_mac = false;

    for (size_t i = 0; i < head->count; i++) {
        if (column_named(head->fields[i]) == COLUMNS) {
            report_failure("%s: there is no column called %.40s", path, head->fields[i]);
            return false;
        }
        has_mac = has_mac || strcmp(head->fields[i], "mac") == 0;
    }
    if (!has_mac)
        report_failure("%s: its first line names no column mac", path);
    return has_mac;
}

/* Null, and reported, when it is malformed. */
static json_t *read_csv(char *text, const char *path)
{
    json_t *devices = json_array();
    struct csv_row head, row;
    size_t line = 1;
    int status = csv_next(&text, &line, &head);

    if (status == 1 && !is_head(&head, path))
        status = -3;
    while (status == 1 && (status = csv_next(&text, &line, &row)) == 1) {
        if (row.count > 1 || row.fields[0][0] != '\0')
            json_array_append_new(devices, device_of(&head, &row));
        free(row.fields);
    }
    free(head.fields);
    if (status == -1)
        report_failure("%s: line %zu: a quote does not end", path, line);
    if (status == 0)
        return devices;
    json_decref(devices);
    return NULL;
}

static json_t *read_json(const char *text, const char *path)
{
    json_error_t error;
    json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    json_t *devices = json_incref(json_object_get(whole, "devices"));

    if (whole == NULL)
        report_failure("%s: line %d: %s", path, error.line, error.text);
    else if (devices == NULL)
        report_failure("%s: it is no list of devices: {\"devices\": [...]}", path);
    json_decref(whole);
    return devices;
}

/* What is there for people only the server does not take. */
static void drop_columns(json_t *device)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns[i].is_for_people)
            json_object_del(device, columns[i].name);
}

static int send_batch(struct api_client *client, const json_t *devices, size_t from,
                      size_t *new_count)
{
    json_t *batch = json_array(), *answer = NULL;

    for (size_t i = from; i < json_array_size(devices) && i < from + BATCH; i++) {
        drop_columns(json_array_get(devices, i));
        json_array_append(batch, json_array_get(devices, i));
    }
    json_t *body = json_pack("{so}", "devices", batch);
    const int status = api_call(client, "POST", "/devices/import", body, &answer, NULL);
    *new_count += (size_t)json_integer_value(json_object_get(answer, "new"));
    json_decref(body);
    json_decref(answer);
    if (status != EXIT_OK && from > 0)
        report_failure("the first %zu devices are entered", from);
    return status;
}

static int send_all(struct api_client *client, const json_t *devices)
{
    const size_t count = json_array_size(devices);
    size_t new_count = 0;
    int status = EXIT_OK;

    for (size_t from = 0; from < count && status == EXIT_OK; from += BATCH)
        status = send_batch(client, devices, from, &new_count);
    if (status == EXIT_OK)
        printf("%zu device(s) imported, %zu of them new\n", count, new_count);
    return status;
}

int devices_import(struct api_client *client, const char *path)
{
    struct file_bytes bytes;
    const int result = file_read(path, FILE_LIMIT, &bytes);

    if (result != 0)
        return report_failure("%s: %s", path, strerror(-result));
    char *text = calloc(1, bytes.length + 1);
    if (text == NULL) {
        free(bytes.data);
        return report_failure("out of memory");
    }
    memcpy(text, bytes.data, bytes.length);
    free(bytes.data);
    json_t *devices =
        text[strspn(text, " \r\n\t")] == '{' ? read_json(text, path) : read_csv(text, path);
    const int status = devices != NULL ? send_all(client, devices) : EXIT_FAILED;
    json_decref(devices);
    free(text);
    return status;
}
