/* Reverse proxies in front of the server, whose word on who asks is taken. */
#ifndef SERVER_HTTP_PROXIES_H
#define SERVER_HTTP_PROXIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_PROXIES_MAX 16

/* Addresses are IPv6, or IPv4 mapped into it. */
struct http_network {
    uint8_t address[16];
    unsigned bits; /* of the address that count, up to 128 */
};

struct http_proxies {
    struct http_network networks[HTTP_PROXIES_MAX];
    size_t count;
};

/* "10.0.0.5,10.1.0.0/16,fd00::/8". False when it is not that, or too many. */
bool http_proxies_parse(const char *text, struct http_proxies *proxies);

bool http_proxies_have(const struct http_proxies *proxies, const uint8_t address[16]);

/* The one who asks: of X-Forwarded-For, to which each proxy appends who asked it, the last
 * that is no proxy. `address` is the other end of the connection, which is one, and is
 * replaced. What comes before something that is no address is not believed. */
void http_proxies_trace(const struct http_proxies *proxies, const char *forwarded,
                        uint8_t address[16]);

#endif
