#include "server/http/tls.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Of the records a client sends, the first begins with this, a handshake's type. */
#define RECORD_HANDSHAKE 0x16

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    return info != NULL ? info->tls_session : NULL;
}

/* Who speaks HTTP to a TLS port hears so in HTTP. All that has arrived is taken
 * first: closing a socket with bytes unread would take the answer back. */
static void answer_plain(int socket)
{
    static const char text[] = "this port speaks TLS: ask https://, not http://\n";
    char answer[256], rest[1024];

    while (recv(socket, rest, sizeof rest, MSG_DONTWAIT) > 0) {
    }
    const int length = snprintf(answer, sizeof answer,
                                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                                "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                sizeof text - 1, text);
    if (send(socket, answer, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
        shutdown(socket, SHUT_WR);
}

static void go_on(struct loop *loop, struct loop_source *source)
{
    const struct http_client *client =
        (struct http_client *)((char *)source - offsetof(struct http_client, handshake));

    loop_resume(loop, client->connection);
}

/* The library (0.9.75) goes round at full speed as long as one of its connections is in the middle
 * of a handshake, taking what it could not read for still to be read; so it is suspended until
 * there is something to read. */
static void await_handshake(struct http_client *client)
{
    struct loop *loop = client->lane->loop;

    client->handshake.ready = go_on;
    loop_suspend(loop, client->connection);
    if (!loop_await(loop, client->socket, &client->handshake, &client->has_waited))
        loop_resume(loop, client->connection); /* at full speed, then */
}

/* How a session reads from its socket. */
static ssize_t pull(gnutls_transport_ptr_t transport, void *data, size_t size)
{
    struct http_client *client = transport;
    const ssize_t length = recv(client->socket, data, size, 0);

    if (length < 0 && errno == EAGAIN && !(client->has_finished && client->have_finished)) {
        await_handshake(client);
        errno = EAGAIN;
    }
    if (length <= 0 || client->has_spoken)
        return length;
    client->has_spoken = true;
    const unsigned char first = *(const unsigned char *)data;
    if (first == RECORD_HANDSHAKE || !isupper(first))
        return length;
    answer_plain(client->socket);
    errno = ECONNABORTED;
    return -1;
}

/* A message that ends one side's part of the handshake. */
static int note_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                         const gnutls_datum_t *message)
{
    struct http_client *client = gnutls_session_get_ptr(session);

    (void)type;
    (void)when;
    (void)message;
    if (incoming != 0)
        client->has_finished = true;
    else
        client->have_finished = true;
    return 0;
}

void tls_begin(struct http_client *client, struct MHD_Connection *connection)
{
    const gnutls_session_t session = session_of(connection);
    gnutls_transport_ptr_t receiving, sending;

    if (session == NULL)
        return;
    gnutls_session_set_ptr(session, client);
    gnutls_transport_get_ptr2(session, &receiving, &sending);
    gnutls_transport_set_ptr2(session, client, sending);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       note_finished);
    /* Who shows a certificate shows it each time. */
    if (client->lane->server->config.client_ca == NULL)
        gnutls_session_ticket_enable_server(session, &client->lane->server->tickets);
}

void tls_refuse(struct MHD_Connection *connection)
{
    const gnutls_session_t session = session_of(connection);

    if (session != NULL)
        gnutls_session_set_ptr(session, NULL);
}

/* GnuTLS 3.7 agrees to a length in TLS 1.2 and then forgets it, unless it is set
 * as the application's own wish. */
void tls_limit_records(struct MHD_Connection *connection)
{
    const gnutls_session_t session = session_of(connection);

    if (session != NULL)
        gnutls_record_set_max_size(session, gnutls_record_get_max_size(session));
}

static bool read_name(const gnutls_datum_t *der, char name[HTTP_CLIENT_NAME_SIZE])
{
    size_t length = HTTP_CLIENT_NAME_SIZE;
    gnutls_x509_crt_t certificate;

    if (gnutls_x509_crt_init(&certificate) < 0)
        return false;
    const bool has_name = gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) >= 0 &&
                          gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
                                                        0, name, &length) >= 0;
    gnutls_x509_crt_deinit(certificate);
    return has_name;
}

bool tls_client_name(struct MHD_Connection *connection, char name[HTTP_CLIENT_NAME_SIZE])
{
    const gnutls_session_t session = session_of(connection);
    char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st for_clients = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                         .data = (unsigned char *)purpose};
    unsigned status = 0, count = 0;

    if (session == NULL || gnutls_certificate_verify_peers(session, &for_clients, 1, &status) < 0 ||
        status != 0)
        return false;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    return chain != NULL && count > 0 && read_name(&chain[0], name);
}

int tls_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                 gnutls_pcert_st **chain, unsigned *count, gnutls_ocsp_data_st **ocsp,
                 unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags)
{
    const struct http_client *client = gnutls_session_get_ptr(session);

    (void)info;
    if (client == NULL)
        return -1;
    const struct certificate_shown shown =
        certificate_shown(client->lane->server->config.certificate);
    *chain = shown.chain;
    *count = shown.count;
    *key = shown.key;
    *ocsp = NULL;
    *ocsp_count = 0;
    *flags = 0; /* all of it stays ours */
    return 0;
}
