/* What a device can take, as text: in the headers x-ESP8266-abilities and
 * x-ESP32-abilities, and in the database.
 *
 *   abilities = item *( SP item )
 *   item      = "gzip"            takes compressed files
 *             | "retry"           understands 503 with Retry-After
 *             | "chip=" number    which ESP32 it is, as image headers have it
 *             | "ring=" number    takes key updates; the number of its last one, 0 = none
 *             | "keys=" [ids]     takes files signed by one of these keys only
 *   ids       = id *( "," id )    an id is 16 hexadecimal digits, docs/trust.md
 *
 * Items that are not known here are skipped. More than DEVICE_KEYS_MAX keys count
 * as none: the device is left to judge.
 */
#ifndef SERVER_MODEL_ABILITIES_H
#define SERVER_MODEL_ABILITIES_H

#include "server/model/device.h"

#define ABILITIES_SIZE 88 /* the longest text made here, with its NUL */

/* False when the text is malformed; abilities is then all zero. */
bool abilities_parse(const char *text, struct device_abilities *abilities);

/* "ESP32-C3": which chip it is, as far as it tells; null when nothing is known of it. */
const char *device_chip_name(const struct device_facts *facts);

/* Empty when nothing was told. Returns text. */
const char *abilities_format(const struct device_abilities *abilities, char text[ABILITIES_SIZE]);

#endif
