/* What a device that takes uploads says of itself over mDNS, so that the Arduino
 * tools list it. Texts only; the port's responder announces them:
 *
 *   <name>._arduino._tcp.local  SRV  <name>.local, UDP port of uploads
 *                               TXT  the four of ud_service_text()
 */
#ifndef UPDRAFT_SERVICE_H
#define UPDRAFT_SERVICE_H

#include "updraft/image.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_SERVICE_UPLOADS  "_arduino._tcp"
#define UD_SERVICE_BROWSER  "_http._tcp" /* the page for uploads; no TXT */
#define UD_SERVICE_NAME_MAX 19u          /* bytes of a default name, NUL included */
#define UD_SERVICE_TEXTS    4u
#define UD_SERVICE_TEXT_MAX 64u /* bytes of a text, NUL included */

/* The name a device has when it was given none: of the station's MAC address. */
void ud_service_name(enum ud_chip chip, const uint8_t mac[6], char name[UD_SERVICE_NAME_MAX]);

/* The TXT entry of that index, in the cores' order. board is the name in the IDE's
 * list of boards, null for the cores' default; cut if it is too long. */
void ud_service_text(enum ud_chip chip, const char *board, bool needs_password, uint32_t index,
                     char text[UD_SERVICE_TEXT_MAX]);

#endif
