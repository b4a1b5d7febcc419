#include "tools/push.h"

#include "host/number.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *port)
{
    uint64_t number;

    if (!number_read(text, strlen(text), UINT16_MAX, &number) || number == 0)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* The end of the host in text, which starts at *start, and where the port does,
 * null if there is none. */
static const char *host_end(const char *text, const char **start, const char **port)
{
    const char *colon = strchr(text, ':');
    const char *bracket = strchr(text, ']');

    *start = text;
    *port = NULL;
    if (text[0] == '[' && bracket != NULL && (bracket[1] == '\0' || bracket[1] == ':')) {
        *start = text + 1;
        *port = bracket[1] == ':' ? bracket + 2 : NULL;
        return bracket;
    }
    if (colon == NULL || strchr(colon + 1, ':') != NULL) /* more than one: an IPv6 address */
        return text + strlen(text);
    *port = colon + 1;
    return colon;
}

bool push_host_parse(const char *text, char host[PUSH_HOST_MAX], uint16_t *port)
{
    const char *start, *port_text;
    const char *end = host_end(text, &start, &port_text);
    const size_t length = (size_t)(end - start);

    if (length == 0 || length >= PUSH_HOST_MAX)
        return false;
    memcpy(host, start, length);
    host[length] = '\0';
    return port_text == NULL || parse_port(port_text, port);
}

const char *push_resolve(const char *host, uint16_t port, struct push_address *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[8];

    snprintf(service, sizeof service, "%u", port);
    const int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0)
        return gai_strerror(error);
    memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
    address->length = found->ai_addrlen;
    freeaddrinfo(found);
    return NULL;
}
