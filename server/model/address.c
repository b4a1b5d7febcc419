#include "server/model/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

static const uint8_t ipv4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

const char *address_format(const uint8_t address[16], char text[ADDRESS_TEXT_SIZE])
{
    const bool is_ipv4 = memcmp(address, ipv4_prefix, sizeof ipv4_prefix) == 0;

    text[0] = '\0';
    inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address + (is_ipv4 ? 12 : 0), text, ADDRESS_TEXT_SIZE);
    return text;
}
