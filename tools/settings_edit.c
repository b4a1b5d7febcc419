#include "tools/settings_edit.h"

#include "host/file.h"
#include "host/report.h"
#include "tools/device.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LIMIT        4096u
#define CERTIFICATE_LIMIT 65536u

static const char no_room[] = "there is no room for all these settings";

/* ---- Values from files ---- */

char *settings_edit_read_line(const char *path)
{
    struct file_bytes bytes;
    const int error = file_read(path, LINE_LIMIT, &bytes);

    if (error != 0) {
        report_failure("%s: %s", path, strerror(-error));
        return NULL;
    }
    const char *end = memchr(bytes.data, '\n', bytes.length);
    const size_t length = end != NULL ? (size_t)(end - (char *)bytes.data) : bytes.length;
    char *line = strndup((char *)bytes.data, length);
    free(bytes.data);
    if (line == NULL)
        report_failure("out of memory");
    return line;
}

/* ---- Settings with a text ---- */

static const char *expected(const struct settings_field *field)
{
    switch ((enum settings_kind)field->kind) {
    case SETTINGS_LABEL:
        return "letters, digits and hyphens";
    case SETTINGS_URL:
        return "a URL like http://10.0.2.2:8080/update";
    case SETTINGS_SECONDS:
        return field->least == 0 ? "0 to 86400 seconds" : "1 to 86400 seconds";
    case SETTINGS_PORT:
        return "a port, or 0 for none";
    case SETTINGS_SWITCH:
        return "on or off";
    case SETTINGS_DIGEST:
        return "64 hexadecimal digits";
    case SETTINGS_TEXT:
    case SETTINGS_SECRET:
    default:
        return "a text";
    }
}

static int set(struct settings_record *record, const struct settings_field *field, const char *text)
{
    const int error = settings_set(record, field, text);

    if (error == UD_ERR_SPACE)
        return report_failure("%s", no_room);
    if (error == UD_OK)
        return EXIT_OK;
    const unsigned longest = field->room - 1u;
    if (field->kind <= SETTINGS_URL && strlen(text) > longest)
        return report_failure("%s takes at most %u characters", field->name, longest);
    return report_failure("%s takes %s", field->name, expected(field));
}

int settings_edit_set(struct settings_record *record, enum settings_tag tag, const char *text)
{
    for (size_t i = 0; i < SETTINGS_FIELDS; i++)
        if (settings_fields[i].tag == tag)
            return set(record, &settings_fields[i], text);
    return report_failure("no setting has the tag %d", (int)tag);
}

static int set_value(struct settings_record *record, const struct settings_field *field,
                     const char *value)
{
    if (value[0] != '@')
        return set(record, field, value);
    char *line = settings_edit_read_line(value + 1);
    if (line == NULL)
        return EXIT_FAILED;
    const int status = set(record, field, line);
    free(line);
    return status;
}

/* ---- Keys and certificates ---- */

static int add(struct settings_record *record, enum settings_tag tag, const struct ud_key_der *der)
{
    const struct settings_item item = {(uint16_t)tag, der->length, der->bytes};

    return settings_record_add(record, &item) == UD_OK ? EXIT_OK : report_failure("%s", no_room);
}

static int check_keys(const struct settings_record *record)
{
    struct settings_item item;
    uint32_t offset = 0;
    uint32_t bytes = 0;

    while (settings_record_next(record, &offset, &item))
        bytes += item.tag == SETTINGS_KEY ? item.length : 0;
    return bytes <= SETTINGS_KEYS_MAX
               ? EXIT_OK
               : report_failure("a device holds %u bytes of keys, as three of RSA-2048 have, and "
                                "these have %u",
                                SETTINGS_KEYS_MAX, bytes);
}

static int add_keys(struct settings_record *record, const struct option_list *paths)
{
    struct device_trust trust;
    int status = device_trust_open(&trust, paths);

    for (size_t i = 0; i < trust.count && status == EXIT_OK; i++)
        status = add(record, SETTINGS_KEY, &trust.keys[i]);
    device_trust_close(&trust);
    return status == EXIT_OK ? check_keys(record) : status;
}

int settings_edit_trust(struct settings_record *record, const struct option_list *paths)
{
    settings_record_remove(record, SETTINGS_KEY);
    return add_keys(record, paths);
}

static X509 *parse_certificate(const struct file_bytes *bytes)
{
    const unsigned char *der = bytes->data;
    BIO *memory = BIO_new_mem_buf(bytes->data, (int)bytes->length);
    X509 *certificate = memory != NULL ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;

    BIO_free(memory);
    return certificate != NULL ? certificate : d2i_X509(NULL, &der, (long)bytes->length);
}

static int take_certificate(struct settings_record *record, X509 *certificate, const char *path)
{
    unsigned char *der = NULL;
    const int length = certificate != NULL ? i2d_X509(certificate, &der) : -1;

    if (length <= 0)
        return report_failure("%s is no certificate, PEM or DER", path);
    int status = EXIT_OK;
    if ((unsigned)length > SETTINGS_CA_MAX)
        status = report_failure("%s: a device holds certificates of up to %u bytes, and this one "
                                "has %d",
                                path, SETTINGS_CA_MAX, length);
    settings_record_remove(record, SETTINGS_CA);
    if (status == EXIT_OK)
        status = add(record, SETTINGS_CA, &(struct ud_key_der){der, (uint32_t)length});
    OPENSSL_free(der);
    return status;
}

static int set_certificate(struct settings_record *record, const char *path)
{
    struct file_bytes bytes;
    const int error = file_read(path, CERTIFICATE_LIMIT, &bytes);

    if (error != 0)
        return report_failure("%s: %s", path, strerror(-error));
    X509 *certificate = parse_certificate(&bytes);
    const int status = take_certificate(record, certificate, path);
    X509_free(certificate);
    free(bytes.data);
    return status;
}

/* ---- By name ---- */

static const struct {
    const char *name;
    enum settings_tag tag;
} blobs[] = {{"key", SETTINGS_KEY}, {"ca", SETTINGS_CA}};

/* 0: none has that name. */
static enum settings_tag blob_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof blobs / sizeof blobs[0]; i++)
        if (strlen(blobs[i].name) == length && memcmp(blobs[i].name, name, length) == 0)
            return blobs[i].tag;
    return 0;
}

static int set_blob(struct settings_record *record, enum settings_tag tag, const char *value)
{
    const struct option_list path = {.count = 1, .values = {value}};

    if (*value == '\0') {
        settings_record_remove(record, (uint16_t)tag);
        return EXIT_OK;
    }
    return tag == SETTINGS_CA ? set_certificate(record, value) : add_keys(record, &path);
}

static int no_such(const char *name, size_t length)
{
    return report_usage("there is no setting %.*s; updraft settings --help lists them", (int)length,
                        name);
}

int settings_edit_assign(struct settings_record *record, const char *assignment)
{
    const char *sign = strchr(assignment, '=');

    if (sign == NULL)
        return report_usage("%s is no NAME=VALUE", assignment);
    const size_t length = (size_t)(sign - assignment);
    const struct settings_field *field = settings_field_named(assignment, (uint32_t)length);
    if (field != NULL)
        return set_value(record, field, sign + 1);
    const enum settings_tag tag = blob_named(assignment, length);
    return tag != 0 ? set_blob(record, tag, sign + 1) : no_such(assignment, length);
}

int settings_edit_unset(struct settings_record *record, const char *name)
{
    const size_t length = strlen(name);
    const struct settings_field *field = settings_field_named(name, (uint32_t)length);
    const enum settings_tag tag = field != NULL ? field->tag : blob_named(name, length);

    if (tag == 0)
        return no_such(name, length);
    settings_record_remove(record, (uint16_t)tag);
    return EXIT_OK;
}
