/* Which devices are meant: terms like chip=ESP8266 version<2.0 tag=lab, of which all must
 * hold.
 *
 *   filter = [term *( SP term )]
 *   term   = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
 *
 * A value has no spaces. With = and !=, one that ends in * stands for all that begin so.
 * version and sdk are compared as versions (version.h), free_space and flash as numbers of
 * bytes; the others take = and != only.
 */
#ifndef SERVER_MODEL_FILTER_H
#define SERVER_MODEL_FILTER_H

#include "server/model/device.h"

#include <stdbool.h>
#include <stddef.h>

#define FILTER_TERMS      8u
#define FILTER_VALUE_SIZE 65
#define FILTER_TEXT_SIZE  257
#define FILTER_ERROR_SIZE 160

enum filter_field {
    FILTER_MAC,
    FILTER_CHIP,
    FILTER_PRODUCT,
    FILTER_GROUP,
    FILTER_CHANNEL,
    FILTER_TAG,
    FILTER_ALIAS,
    FILTER_VERSION,
    FILTER_SDK,
    FILTER_FREE_SPACE,
    FILTER_FLASH,
    FILTER_FIELD_COUNT,
};

enum filter_relation { FILTER_IS, FILTER_IS_NOT, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE };

struct filter_term {
    enum filter_field field;
    enum filter_relation relation;
    char value[FILTER_VALUE_SIZE];
    uint32_t number; /* of the fields that are numbers */
};

/* All zero: every device. */
struct filter {
    char text[FILTER_TEXT_SIZE];
    size_t count;
    struct filter_term terms[FILTER_TERMS];
};

/* A device as filters see it; null where something is not known or not decided. */
struct filter_subject {
    mac_address mac;
    const struct device_facts *facts;
    const char *product, *group, *channel, *version;
    const char *alias;
    const char *tags; /* separated by spaces */
};

/* False, with a line for people, when the text is no filter. */
bool filter_parse(const char *text, struct filter *filter, char error[FILTER_ERROR_SIZE]);

/* What is not known of a device matches != only. */
bool filter_matches(const struct filter *filter, const struct filter_subject *subject);

#endif
