#include "host/mac.h"

#include <stdio.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool mac_parse(const char *text, mac_address *mac)
{
    mac_address value = 0;

    for (int i = 0; i < 6; i++, text += 2) {
        if (i > 0 && *text != ':' && *text != '-')
            return false;
        text += i > 0;
        const int high = digit_value(text[0]);
        const int low = high < 0 ? -1 : digit_value(text[1]);
        if (low < 0)
            return false;
        value = value << 8 | (mac_address)(high << 4 | low);
    }
    if (*text != '\0')
        return false;
    *mac = value;
    return true;
}

const char *mac_format(mac_address mac, char text[MAC_TEXT_SIZE])
{
    snprintf(text, MAC_TEXT_SIZE, "%02X:%02X:%02X:%02X:%02X:%02X", (unsigned)(mac >> 40 & 0xff),
             (unsigned)(mac >> 32 & 0xff), (unsigned)(mac >> 24 & 0xff),
             (unsigned)(mac >> 16 & 0xff), (unsigned)(mac >> 8 & 0xff), (unsigned)(mac & 0xff));
    return text;
}
