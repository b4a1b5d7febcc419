/* TLS under HTTP: what each connection's session needs beyond what the library
 * does. */
#ifndef SERVER_HTTP_TLS_H
#define SERVER_HTTP_TLS_H

#include "server/http/http_state.h"

#include <gnutls/abstract.h>

/* 1.2 for BearSSL, which has no newer; which cipher is the client's choice, as
 * some are costly for small ones. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* A connection begins: before its handshake. */
void tls_begin(struct http_client *client, struct MHD_Connection *connection);

/* One that has no client: its handshake fails. */
void tls_refuse(struct MHD_Connection *connection);

/* Before an answer: keeps its records to the length the client asked for. */
void tls_limit_records(struct MHD_Connection *connection);

/* As http_client_name(), where clients are asked for certificates. */
bool tls_client_name(struct MHD_Connection *connection, char name[HTTP_CLIENT_NAME_SIZE]);

/* The library's callback for the certificate to show. */
int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                 gnutls_pcert_st **chain, unsigned *count, gnutls_ocsp_data_st **ocsp,
                 unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags);

#endif
