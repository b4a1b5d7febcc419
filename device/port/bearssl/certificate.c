#include "certificate.h"

#include <string.h>

#define DAYS_TO_1970 719528u
#define DAY_S        86400u

#define TAG_VERSION     0xa0
#define TAG_UTC_TIME    0x17 /* YYMMDDhhmmssZ, of 1950 to 2049 */
#define TAG_TIME        0x18 /* YYYYMMDDhhmmssZ */
#define UTC_TIME_LENGTH 13u
#define TIME_LENGTH     15u

/* ---- Time ---- */

struct ud_bearssl_moment ud_bearssl_moment(uint64_t unix_s)
{
    return (struct ud_bearssl_moment){(uint32_t)(unix_s / DAY_S) + DAYS_TO_1970,
                                      (uint32_t)(unix_s % DAY_S)};
}

bool ud_bearssl_is_before(const struct ud_bearssl_moment *one,
                          const struct ud_bearssl_moment *other)
{
    return one->days < other->days || (one->days == other->days && one->seconds < other->seconds);
}

static bool is_leap(uint32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Of digits that are some; month from 1 on. */
static uint32_t days_of(uint32_t year, uint32_t month, uint32_t day)
{
    static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const uint32_t leap_years = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;

    return 365 * year + leap_years + before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

static bool are_digits(const uint8_t *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static uint32_t two_digits(const uint8_t *text)
{
    return (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
}

bool ud_bearssl_certificate_start(const struct ud_bearssl_certificate *certificate,
                                  struct ud_bearssl_moment *start)
{
    const uint8_t *digits = certificate->time + 2;
    const bool is_short = certificate->time[0] == TAG_UTC_TIME;
    const uint32_t length = is_short ? UTC_TIME_LENGTH : TIME_LENGTH;

    if (certificate->time_length < 2 + length || certificate->time[1] != length ||
        (!is_short && certificate->time[0] != TAG_TIME) || !are_digits(digits, length - 1))
        return false;
    uint32_t year = two_digits(digits);
    if (is_short)
        year += year < 50 ? 2000 : 1900;
    else
        year = 100 * year + two_digits(digits += 2);
    const uint32_t month = two_digits(digits + 2);
    if (month < 1 || month > 12)
        return false;
    start->days = days_of(year, month, two_digits(digits + 4));
    start->seconds =
        two_digits(digits + 6) * 3600 + two_digits(digits + 8) * 60 + two_digits(digits + 10);
    return true;
}

/* ---- Elements ---- */

enum step {
    OUTER,
    INNER,
    VERSION,
    SERIAL,
    ALGORITHM,
    ISSUER,
    VALIDITY,
    SUBJECT,
    KEY,
    DONE,
    BAD,
};

enum header { AT_TAG, AT_LENGTH, IN_LENGTH, WHOLE };

static void begin_element(struct ud_bearssl_certificate *certificate, enum step step)
{
    certificate->step = (uint8_t)step;
    certificate->header = AT_TAG;
    certificate->left = 0;
}

void ud_bearssl_certificate_begin(struct ud_bearssl_certificate *certificate)
{
    memset(certificate, 0, sizeof *certificate);
    br_sha256_init(&certificate->key);
    begin_element(certificate, OUTER);
}

/* The element's header is whole. The first two are only entered; where there is no
 * version, the serial number is in its place. */
static void enter(struct ud_bearssl_certificate *certificate)
{
    certificate->header = WHOLE;
    if (certificate->step == VERSION && certificate->tag != TAG_VERSION)
        certificate->step = SERIAL;
    if (certificate->step == OUTER || certificate->step == INNER || certificate->left == 0)
        begin_element(certificate, (enum step)(certificate->step + 1));
}

static void add_to_header(struct ud_bearssl_certificate *certificate, uint8_t byte)
{
    if (certificate->step == KEY)
        br_sha256_update(&certificate->key, &byte, 1);
    if (certificate->header == AT_TAG) {
        certificate->tag = byte;
        certificate->header = AT_LENGTH;
    } else if (certificate->header == AT_LENGTH && byte < 0x80) {
        certificate->left = byte;
        enter(certificate);
    } else if (certificate->header == AT_LENGTH) {
        certificate->length_bytes = byte & 0x7f;
        certificate->header = IN_LENGTH;
        if (certificate->length_bytes < 1 || certificate->length_bytes > 3)
            certificate->step = BAD;
    } else {
        certificate->left = certificate->left << 8 | byte;
        if (--certificate->length_bytes == 0)
            enter(certificate);
    }
}

/* Takes some of the content; returns how much. */
static uint32_t add_to_content(struct ud_bearssl_certificate *certificate, const uint8_t *data,
                               uint32_t length)
{
    const uint32_t count = length < certificate->left ? length : certificate->left;

    if (certificate->step == KEY)
        br_sha256_update(&certificate->key, data, count);
    for (uint32_t i = 0; certificate->step == VALIDITY && i < count &&
                         certificate->time_length < sizeof certificate->time;
         i++)
        certificate->time[certificate->time_length++] = data[i];
    certificate->left -= count;
    if (certificate->left == 0)
        begin_element(certificate, (enum step)(certificate->step + 1));
    return count;
}

void ud_bearssl_certificate_add(struct ud_bearssl_certificate *certificate, const uint8_t *data,
                                uint32_t length)
{
    while (length > 0 && certificate->step < DONE) {
        uint32_t count = 1;

        if (certificate->header == WHOLE)
            count = add_to_content(certificate, data, length);
        else
            add_to_header(certificate, *data);
        data += count;
        length -= count;
    }
}

bool ud_bearssl_certificate_pin(const struct ud_bearssl_certificate *certificate,
                                uint8_t pin[UD_SHA256_SIZE])
{
    br_sha256_out(&certificate->key, pin);
    return certificate->step == DONE;
}
