#include "server/http/certificate.h"

#include "server/model/clock.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CHAIN_MAX 8u

/* Both files are replaced one after the other, and each is written in pieces. */
#define SETTLE_MS 1000

#define DAY_SECONDS  (24 * 60 * 60)
#define WARN_SECONDS (14 * DAY_SECONDS)

/* One pair of files as it was read. */
struct generation {
    struct generation *before;
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned count;
    gnutls_privkey_t key;
    time_t expires;
    char text[120]; /* "P-256, for updates.example.com, until 2027-02-01" */
};

struct stamp {
    struct timespec changed[2]; /* of chain and key */
    ino_t node[2];
    off_t size[2];
};

struct certificate {
    char *chain_path;
    char *key_path;
    struct stamp taken;       /* of what was last read, whether it could be used or not */
    struct stamp seen;        /* at the last look */
    int64_t seen_ms;          /* since when it has been so */
    time_t warned;            /* of its end */
    pthread_mutex_t lock;     /* of the following */
    struct generation *shown; /* the newest; owns those before */
};

static struct stamp look(const struct certificate *certificate)
{
    const char *const paths[2] = {certificate->chain_path, certificate->key_path};
    struct stamp stamp;
    struct stat status;

    memset(&stamp, 0, sizeof stamp); /* compared as bytes */
    for (unsigned i = 0; i < 2; i++) {
        if (stat(paths[i], &status) != 0)
            continue;
        stamp.changed[i] = status.st_mtim;
        stamp.node[i] = status.st_ino;
        stamp.size[i] = status.st_size;
    }
    return stamp;
}

static bool is_same(const struct stamp *one, const struct stamp *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

static void free_generation(struct generation *generation)
{
    for (unsigned i = 0; i < generation->count; i++)
        gnutls_pcert_deinit(&generation->chain[i]);
    if (generation->key != NULL)
        gnutls_privkey_deinit(generation->key);
    free(generation);
}

/* What a person wants to know of the first certificate; and when it ends. */
static void describe(struct generation *generation, gnutls_x509_crt_t first)
{
    char name[64] = "";
    size_t length = sizeof name;
    unsigned bits = 0;
    struct tm end;

    if (gnutls_x509_crt_get_subject_alt_name(first, 0, name, &length, NULL) < 0) {
        length = sizeof name;
        if (gnutls_x509_crt_get_dn_by_oid(first, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &length) <
            0)
            snprintf(name, sizeof name, "?");
    }
    name[sizeof name - 1] = '\0';
    const int algorithm = gnutls_x509_crt_get_pk_algorithm(first, &bits);
    generation->expires = gnutls_x509_crt_get_expiration_time(first);
    gmtime_r(&generation->expires, &end);
    snprintf(generation->text, sizeof generation->text, "%s-%u, for %s, until %04d-%02d-%02d",
             algorithm == GNUTLS_PK_EC ? "P" : gnutls_pk_algorithm_get_name(algorithm), bits, name,
             end.tm_year + 1900, end.tm_mon + 1, end.tm_mday);
}

static int take_chain(struct generation *generation, gnutls_x509_crt_t *certificates,
                      unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const int result = gnutls_pcert_import_x509(&generation->chain[i], certificates[i], 0);
        if (result < 0)
            return result;
        generation->count++;
    }
    describe(generation, certificates[0]);
    return 0;
}

static int read_chain(const char *path, struct generation *generation)
{
    gnutls_x509_crt_t *certificates = NULL;
    gnutls_datum_t pem = {NULL, 0};
    unsigned count = 0;

    int result = gnutls_load_file(path, &pem);
    if (result < 0)
        return result;
    result = gnutls_x509_crt_list_import2(&certificates, &count, &pem, GNUTLS_X509_FMT_PEM,
                                          GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    gnutls_free(pem.data);
    if (result < 0)
        return result;
    result = count <= CHAIN_MAX ? take_chain(generation, certificates, count)
                                : GNUTLS_E_SHORT_MEMORY_BUFFER;
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(certificates[i]);
    gnutls_free(certificates);
    return result;
}

static int read_key(const char *path, struct generation *generation)
{
    gnutls_datum_t pem = {NULL, 0};

    int result = gnutls_load_file(path, &pem);
    if (result < 0)
        return result;
    result = gnutls_privkey_init(&generation->key);
    if (result >= 0)
        result =
            gnutls_privkey_import_x509_raw(generation->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return result;
}

static bool is_pair(const struct generation *generation)
{
    uint8_t ours[64], theirs[64];
    size_t ours_length = sizeof ours, theirs_length = sizeof theirs;
    gnutls_pubkey_t public;

    if (gnutls_pubkey_init(&public) < 0)
        return false;
    const bool has_ids =
        gnutls_pubkey_import_privkey(public, generation->key, 0, 0) >= 0 &&
        gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, ours, &ours_length) >= 0 &&
        gnutls_pubkey_get_key_id(generation->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, theirs,
                                 &theirs_length) >= 0;
    gnutls_pubkey_deinit(public);
    return has_ids && ours_length == theirs_length && memcmp(ours, theirs, ours_length) == 0;
}

static struct generation *refuse(struct generation *generation, char note[CERTIFICATE_NOTE_SIZE],
                                 const char *path, const char *reason)
{
    snprintf(note, CERTIFICATE_NOTE_SIZE, "%.150s: %s", path, reason);
    free_generation(generation);
    return NULL;
}

static struct generation *read_files(const char *chain_path, const char *key_path,
                                     char note[CERTIFICATE_NOTE_SIZE])
{
    struct generation *generation = calloc(1, sizeof *generation);

    if (generation == NULL) {
        snprintf(note, CERTIFICATE_NOTE_SIZE, "out of memory");
        return NULL;
    }
    int result = read_chain(chain_path, generation);
    if (result == GNUTLS_E_FILE_ERROR)
        return refuse(generation, note, chain_path, "cannot be read");
    if (result < 0)
        return refuse(generation, note, chain_path,
                      "no PEM certificate, with its issuers after it in order, at most 8");
    result = read_key(key_path, generation);
    if (result == GNUTLS_E_FILE_ERROR)
        return refuse(generation, note, key_path, "cannot be read");
    if (result == GNUTLS_E_DECRYPTION_FAILED)
        return refuse(generation, note, key_path,
                      "the key is encrypted; a server needs one that is not");
    if (result < 0)
        return refuse(generation, note, key_path, "no PEM private key");
    if (!is_pair(generation))
        return refuse(generation, note, key_path, "the key is not the certificate's");
    return generation;
}

static void show(struct certificate *certificate, struct generation *generation)
{
    pthread_mutex_lock(&certificate->lock);
    generation->before = certificate->shown;
    certificate->shown = generation;
    pthread_mutex_unlock(&certificate->lock);
    certificate->warned = 0;
}

static bool read_and_show(struct certificate *certificate, char note[CERTIFICATE_NOTE_SIZE])
{
    struct generation *generation =
        read_files(certificate->chain_path, certificate->key_path, note);

    if (generation == NULL)
        return false;
    show(certificate, generation);
    snprintf(note, CERTIFICATE_NOTE_SIZE, "certificate: %s", generation->text);
    return true;
}

struct certificate *certificate_open(const char *chain_path, const char *key_path,
                                     char note[CERTIFICATE_NOTE_SIZE])
{
    struct certificate *certificate = calloc(1, sizeof *certificate);

    snprintf(note, CERTIFICATE_NOTE_SIZE, "out of memory");
    if (certificate == NULL)
        return NULL;
    pthread_mutex_init(&certificate->lock, NULL);
    certificate->chain_path = strdup(chain_path);
    certificate->key_path = strdup(key_path);
    if (certificate->chain_path != NULL && certificate->key_path != NULL) {
        certificate->taken = certificate->seen = look(certificate);
        if (read_and_show(certificate, note))
            return certificate;
    }
    certificate_free(certificate);
    return NULL;
}

void certificate_free(struct certificate *certificate)
{
    while (certificate->shown != NULL) {
        struct generation *before = certificate->shown->before;
        free_generation(certificate->shown);
        certificate->shown = before;
    }
    pthread_mutex_destroy(&certificate->lock);
    free(certificate->chain_path);
    free(certificate->key_path);
    free(certificate);
}

/* Have the files changed, and settled? */
static bool has_news(struct certificate *certificate)
{
    const int64_t now = clock_monotonic_ms();
    const struct stamp stamp = look(certificate);

    if (!is_same(&stamp, &certificate->seen)) {
        certificate->seen = stamp;
        certificate->seen_ms = now;
        return false;
    }
    return !is_same(&stamp, &certificate->taken) && now - certificate->seen_ms >= SETTLE_MS;
}

static void take_news(struct certificate *certificate, char note[CERTIFICATE_NOTE_SIZE])
{
    char reason[CERTIFICATE_NOTE_SIZE];

    certificate->taken = certificate->seen = look(certificate);
    if (read_and_show(certificate, reason))
        snprintf(note, CERTIFICATE_NOTE_SIZE, "new %.200s", reason);
    else
        snprintf(note, CERTIFICATE_NOTE_SIZE,
                 "the certificate before is kept, as the new one cannot be used: %.200s", reason);
}

/* Once a day, from two weeks before its end on. */
static bool warns(struct certificate *certificate, char note[CERTIFICATE_NOTE_SIZE])
{
    const time_t now = (time_t)(clock_now_ms() / 1000);
    const time_t left = certificate->shown->expires - now;

    if (left > WARN_SECONDS || now - certificate->warned < DAY_SECONDS)
        return false;
    certificate->warned = now;
    if (left <= 0)
        snprintf(note, CERTIFICATE_NOTE_SIZE, "the certificate has expired: %s",
                 certificate->shown->text);
    else
        snprintf(note, CERTIFICATE_NOTE_SIZE, "the certificate ends in %ld days: %s",
                 (long)(left / DAY_SECONDS), certificate->shown->text);
    return true;
}

bool certificate_refresh(struct certificate *certificate, bool is_forced,
                         char note[CERTIFICATE_NOTE_SIZE])
{
    if (!has_news(certificate) && !is_forced)
        return warns(certificate, note);
    take_news(certificate, note);
    return true;
}

struct certificate_shown certificate_shown(struct certificate *certificate)
{
    pthread_mutex_lock(&certificate->lock);
    struct generation *generation = certificate->shown;
    pthread_mutex_unlock(&certificate->lock);
    return (struct certificate_shown){generation->chain, generation->count, generation->key};
}
