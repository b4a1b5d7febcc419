/* Network addresses as text. */
#ifndef SERVER_MODEL_ADDRESS_H
#define SERVER_MODEL_ADDRESS_H

#include <stdint.h>

#define ADDRESS_TEXT_SIZE 46 /* the longest IPv6 address and its NUL */

/* "192.168.0.17" for an IPv4 address mapped into IPv6. Returns text. */
const char *address_format(const uint8_t address[16], char text[ADDRESS_TEXT_SIZE]);

#endif
