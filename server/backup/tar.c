#include "server/backup/tar.h"

#include <string.h>

/* Offset and size of the fields: POSIX pax, "ustar Interchange Format". */
#define NAME_AT       0u
#define MODE_AT       100u
#define OWNER_AT      108u
#define GROUP_AT      116u
#define SIZE_AT       124u
#define SIZE_SIZE     12u
#define TIME_AT       136u
#define CHECKSUM_AT   148u
#define CHECKSUM_SIZE 8u
#define TYPE_AT       156u
#define MAGIC_AT      257u

static unsigned checksum(const uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;

    for (unsigned i = 0; i < TAR_BLOCK; i++)
        sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_SIZE ? ' ' : block[i];
    return sum;
}

/* The lowest digits, with leading zeros; what follows is zero already. */
static void put_octal(char *field, unsigned digits, uint64_t number)
{
    for (; digits > 0; number /= 8)
        field[--digits] = (char)('0' + number % 8);
}

bool tar_encode(const struct tar_entry *entry, unsigned mode, int64_t time_s,
                uint8_t block[TAR_BLOCK])
{
    char *fields = (char *)block;
    const size_t length = strlen(entry->name);

    if (length == 0 || length >= TAR_NAME_SIZE || entry->size > TAR_FILE_MAX)
        return false;
    memset(block, 0, TAR_BLOCK);
    memcpy(fields + NAME_AT, entry->name, length);
    put_octal(fields + MODE_AT, 7, mode & 07777u);
    put_octal(fields + OWNER_AT, 7, 0);
    put_octal(fields + GROUP_AT, 7, 0);
    put_octal(fields + SIZE_AT, 11, entry->size);
    put_octal(fields + TIME_AT, 11, time_s > 0 ? (uint64_t)time_s : 0);
    fields[TYPE_AT] = '0';
    memcpy(fields + MAGIC_AT,
           "ustar\0"
           "00",
           8); /* and version 00 */
    put_octal(fields + CHECKSUM_AT, 6, checksum(block));
    fields[CHECKSUM_AT + 7] = ' ';
    return true;
}

/* Octal digits, ended by a space, a NUL or the end of the field. */
static bool read_octal(const uint8_t *field, unsigned size, uint64_t *number)
{
    unsigned digits = 0;

    *number = 0;
    while (digits < size && field[digits] >= '0' && field[digits] <= '7')
        *number = *number * 8 + (uint64_t)(field[digits++] - '0');
    return digits > 0 && (digits == size || field[digits] == ' ' || field[digits] == '\0');
}

static bool is_zero(const uint8_t block[TAR_BLOCK])
{
    for (unsigned i = 0; i < TAR_BLOCK; i++)
        if (block[i] != 0)
            return false;
    return true;
}

enum tar_result tar_decode(const uint8_t block[TAR_BLOCK], struct tar_entry *entry)
{
    uint64_t sum;

    if (is_zero(block))
        return TAR_END;
    if (memcmp(block + MAGIC_AT, "ustar", 5) != 0 || block[TYPE_AT] != '0' ||
        !read_octal(block + CHECKSUM_AT, CHECKSUM_SIZE, &sum) || sum != checksum(block) ||
        !read_octal(block + SIZE_AT, SIZE_SIZE, &entry->size) || entry->size > TAR_FILE_MAX)
        return TAR_BAD;
    memcpy(entry->name, block + NAME_AT, TAR_NAME_SIZE - 1);
    entry->name[TAR_NAME_SIZE - 1] = '\0';
    return entry->name[0] != '\0' ? TAR_ENTRY : TAR_BAD;
}

unsigned tar_padding(uint64_t size)
{
    return (TAR_BLOCK - (unsigned)(size % TAR_BLOCK)) % TAR_BLOCK;
}
