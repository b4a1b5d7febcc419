#include "host/tls_look.h"

#include "host/tcp.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const tls_suites[] = {
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    NULL,
};

struct target {
    const char *host;
    unsigned port;
    unsigned seconds;
};

/* ---- One handshake ---- */

static bool is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static SSL *start(SSL_CTX *context, const struct target *target, int descriptor)
{
    SSL *ssl = SSL_new(context);

    if (ssl == NULL)
        return NULL;
    if (!is_address(target->host))
        SSL_set_tlsext_host_name(ssl, target->host);
    if (SSL_set_fd(ssl, descriptor) == 1 && SSL_connect(ssl) == 1)
        return ssl;
    SSL_free(ssl);
    return NULL;
}

/* What a handshake is to be. */
struct trial {
    int version;
    const char *suites;                            /* null: any */
    uint8_t record;                                /* TLSEXT_max_fragment_length_*, or 0 */
    void (*take)(SSL *ssl, struct tls_look *look); /* sees one that worked; may be null */
};

static bool set_up(SSL_CTX *context, const struct trial *trial)
{
    return SSL_CTX_set_min_proto_version(context, trial->version) == 1 &&
           SSL_CTX_set_max_proto_version(context, trial->version) == 1 &&
           (trial->suites == NULL || SSL_CTX_set_cipher_list(context, trial->suites) == 1) &&
           SSL_CTX_set_tlsext_max_fragment_length(context, trial->record) == 1;
}

static bool shake(const struct target *target, const struct trial *trial, struct tls_look *look,
                  const char **why)
{
    const int descriptor = tcp_connect(target->host, target->port, target->seconds, why);
    SSL_CTX *context = descriptor >= 0 ? SSL_CTX_new(TLS_client_method()) : NULL;
    SSL *ssl = NULL;

    if (context != NULL && set_up(context, trial))
        ssl = start(context, target, descriptor);
    if (ssl == NULL && descriptor >= 0)
        *why = ERR_peek_error() != 0 ? ERR_reason_error_string(ERR_peek_error())
                                     : "the other end closed the connection";
    if (ssl != NULL && trial->take != NULL)
        trial->take(ssl, look);
    if (ssl != NULL)
        SSL_shutdown(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
    if (descriptor >= 0)
        close(descriptor);
    return ssl != NULL;
}

/* ---- What it shows ---- */

static time_t time_of(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

static void add_name(struct tls_look *look, const char *name)
{
    const size_t length = strlen(look->names);

    snprintf(look->names + length, sizeof look->names - length, "%s%s", length > 0 ? ", " : "",
             name);
}

static void take_names(X509 *certificate, struct tls_look *look)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    char common[80] = "";

    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS)
            add_name(look, (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                              sizeof common);
    if (look->names[0] == '\0')
        add_name(look, common);
}

static void take_key(X509 *certificate, struct tls_look *look)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);

    look->key_is_ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
    look->key_bits = (unsigned)EVP_PKEY_get_bits(key);
    snprintf(look->key, sizeof look->key, "%s-%u",
             look->key_is_ec ? "P" : EVP_PKEY_get0_type_name(key), look->key_bits);
    if (!pin_of_key(key, look->pin))
        memset(look->pin, 0, sizeof look->pin);
}

static void take_chain(SSL *ssl, struct tls_look *look)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);

    for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
        X509 *certificate = sk_X509_value(chain, i);
        const time_t ends = time_of(X509_get0_notAfter(certificate));
        look->chain_count++;
        look->chain_bytes += (size_t)i2d_X509(certificate, NULL);
        if (i == 0 || ends < look->chain_ends)
            look->chain_ends = ends;
        if (i > 0)
            continue;
        look->begins = time_of(X509_get0_notBefore(certificate));
        look->ends = ends;
        take_names(certificate, look);
        take_key(certificate, look);
    }
}

static void take_agreement(SSL *ssl, struct tls_look *look)
{
    const uint8_t record = SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl));

    if (record != TLSEXT_max_fragment_length_DISABLED && record <= TLS_LOOK_LENGTHS)
        look->agrees[record - TLSEXT_max_fragment_length_512] = true;
}

static void look_at_12(const struct target *target, struct tls_look *look, const char **why)
{
    for (unsigned i = 0; tls_suites[i] != NULL; i++) {
        const struct trial trial = {TLS1_2_VERSION, tls_suites[i], 0,
                                    look->suites == 0 ? take_chain : NULL};
        if (shake(target, &trial, look, why))
            look->suites |= 1u << i;
    }
    for (unsigned i = 0; i < TLS_LOOK_LENGTHS; i++) {
        const struct trial trial = {TLS1_2_VERSION, NULL,
                                    (uint8_t)(TLSEXT_max_fragment_length_512 + i), take_agreement};
        shake(target, &trial, look, why);
    }
}

bool tls_look(const char *host, unsigned port, unsigned seconds, struct tls_look *look,
              const char **why)
{
    const struct target target = {host, port, seconds};
    struct trial any = {.version = TLS1_2_VERSION};

    memset(look, 0, sizeof *look);
    look->has_12 = shake(&target, &any, look, why);
    if (look->has_12)
        look_at_12(&target, look, why);
    any.version = TLS1_3_VERSION;
    any.take = look->chain_count == 0 ? take_chain : NULL;
    look->has_13 = shake(&target, &any, look, why);
    any.version = TLS1_2_VERSION;
    if (look->has_12 && look->chain_count == 0)
        shake(&target, &any, look, why);
    return look->chain_count > 0;
}
