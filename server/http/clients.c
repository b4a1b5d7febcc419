/* Who is connected: the list of them, from accept to close. */
#include "server/http/http_state.h"
#include "server/http/tls.h"

#include "server/model/clock.h"

#include <stdlib.h>
#include <sys/socket.h>

static void add_client(struct http_server *server, struct http_client *client)
{
    client->phase = PHASE_HEADERS;
    client->deadline_ms = clock_monotonic_ms() + server->config.header_ms;
    pthread_mutex_lock(&server->lock);
    client->next = server->clients;
    if (client->next != NULL)
        client->next->previous = client;
    server->clients = client;
    if (server->is_cut)
        shutdown(client->socket, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
}

static void remove_client(struct http_server *server, struct http_client *client)
{
    pthread_mutex_lock(&server->lock);
    if (server->watched == client)
        server->watched = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        server->clients = client->next;
    pthread_mutex_unlock(&server->lock);
    free(client);
}

void http_note_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_lane *lane = ctx;
    struct http_server *server = lane->server;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*socket_context != NULL)
            remove_client(server, *socket_context);
        return;
    }
    struct http_client *client = calloc(1, sizeof *client);
    const int socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (client == NULL) {
        tls_refuse(connection);
        shutdown(socket, SHUT_RDWR);
        return;
    }
    client->socket = socket;
    client->lane = lane;
    client->connection = connection;
    *socket_context = client;
    tls_begin(client, connection);
    add_client(server, client);
}
