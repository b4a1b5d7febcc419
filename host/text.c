#include "host/text.h"

#include <stdio.h>
#include <string.h>

/* Longer words are not worth a guess. */
#define NEAREST_WORD_LIMIT 32

void text_clean(char *text)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f)
            *text = '?';
    }
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

const char *text_size(uint64_t size, char out[TEXT_SIZE_MAX])
{
    static const struct {
        uint64_t bytes;
        const char *name;
    } units[] = {{1u << 20, "MB"}, {1u << 10, "KB"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (size && size % units[i].bytes == 0) {
            snprintf(out, TEXT_SIZE_MAX, "%llu %s", (unsigned long long)(size / units[i].bytes),
                     units[i].name);
            return out;
        }
    snprintf(out, TEXT_SIZE_MAX, "%llu byte%s", (unsigned long long)size, size == 1 ? "" : "s");
    return out;
}

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein distance; b at most NEAREST_WORD_LIMIT characters. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_WORD_LIMIT + 1];
    const size_t width = strlen(b);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            const size_t above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[width];
}

void text_nearest_begin(struct text_nearest *nearest, const char *word)
{
    /* About every third letter may be wrong, and never more than three. */
    const size_t allowed = (strlen(word) + 1) / 3;
    *nearest = (struct text_nearest){.word = word, .distance = (allowed < 3 ? allowed : 3) + 1};
}

void text_nearest_offer(struct text_nearest *nearest, const char *candidate)
{
    if (strlen(candidate) > NEAREST_WORD_LIMIT)
        return;
    const size_t distance = edit_distance(nearest->word, candidate);
    if (distance >= nearest->distance)
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}
