/* MAC addresses: a device's name, kept as a number of 48 bits. */
#ifndef HOST_MAC_H
#define HOST_MAC_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t mac_address;

#define MAC_TEXT_SIZE 18 /* "5C:CF:7F:00:00:01" and its NUL */

/* Six pairs of hexadecimal digits of either case between ':' or '-'. False, and
 * *mac untouched, for anything else. */
bool mac_parse(const char *text, mac_address *mac);

/* Upper case with ':'. Returns text. */
const char *mac_format(mac_address mac, char text[MAC_TEXT_SIZE]);

#endif
