/* A device under any bytes at all: what must hold, whatever they are. For the property
 * test and the fuzz target.
 */
#ifndef FORM_ABUSE_H
#define FORM_ABUSE_H

#include <stddef.h>
#include <stdint.h>

#define FORM_ABUSE_SETTINGS 2u /* bytes at the start that are no part of the request */

/* Plays bytes to a device: the first two choose login and pieces, the others are what
 * a client sends. Aborts the program unless
 *   - flash is as it was outside of where updates go, and no rule of flash was broken;
 *   - there is an order for the bootloader only if the answer was a success;
 *   - without the password no session began;
 *   - the connection ends in a bounded time, and the next request is answered. */
void form_abuse(const uint8_t *data, size_t length);

#endif
