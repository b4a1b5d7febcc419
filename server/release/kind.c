#include "server/release/kind.h"

#include "updraft/image.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *start;
    size_t length;
    const char *objection;
} kinds[] = {
    {"\x7f"
     "ELF",
     4, "it is an ELF file, the linker's output: take the .bin made from it"},
    {"PK\x03\x04", 4, "it is a zip archive: take the .bin inside"},
    {"BZh", 3, "it is compressed with bzip2: devices unpack gzip only"},
    {"\xfd"
     "7zXZ",
     5, "it is compressed with xz: devices unpack gzip only"},
    {"\x28\xb5\x2f\xfd", 4, "it is compressed with zstd: devices unpack gzip only"},
    {"\xea\x04", 2, "it is an image for Espressif's own boot loader (EA): take an Arduino .bin"},
    {"UDku", 4,
     "it is a key update, no firmware: updraft key show reads it, updraft publish takes it"},
    {":", 1, "it is an Intel HEX file: take the .bin"},
    {"\xff\xff\xff\xff", 4,
     "it starts with blank flash: take the firmware's .bin, not a flash dump"},
};

static bool is_markup(const uint8_t *start, size_t length)
{
    static const char *const tags[] = {"<!doctype", "<html", "<?xml", "<head"};

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (length >= strlen(tags[i]) &&
            strncasecmp((const char *)start, tags[i], strlen(tags[i])) == 0)
            return true;
    return false;
}

static bool is_text(const uint8_t *start, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (start[i] > '~' ||
            (start[i] < ' ' && start[i] != '\n' && start[i] != '\r' && start[i] != '\t'))
            return false;
    return true;
}

const char *kind_objection(const uint8_t *start, size_t length)
{
    if (length == 0)
        return "it is empty";
    if (start[0] == UD_IMAGE_MAGIC)
        return NULL;
    if (start[0] == UD_IMAGE_GZIP_MAGIC0 && (length < 2 || start[1] == UD_IMAGE_GZIP_MAGIC1))
        return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (length >= kinds[i].length && memcmp(start, kinds[i].start, kinds[i].length) == 0)
            return kinds[i].objection;
    if (is_markup(start, length))
        return "it is a web page: the download probably went to a login or error page";
    if (is_text(start, length))
        return "it is text: take the .bin that was built";
    return "it starts with neither E9 nor gzip's 1F 8B: not a firmware image";
}
