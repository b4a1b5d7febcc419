#include "image_feed.h"

#include "device/port/bearssl/digest.h"
#include "guard_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void note_segment(void *ctx, const struct ud_image_segment *segment)
{
    struct feed *feed = ctx;

    assert_true(feed->segment_count < FEED_MAX_SEGMENTS);
    /* Field by field, so that what lies between them stays zero. */
    struct ud_image_segment *noted = &feed->segments[feed->segment_count++];
    noted->part = segment->part;
    noted->index = segment->index;
    noted->load_address = segment->load_address;
    noted->length = segment->length;
    noted->offset = segment->offset;
}

struct feed feed_split(const uint8_t *data, uint32_t length, uint32_t first, uint32_t piece)
{
    struct feed feed;
    struct ud_image image;
    struct ud_image_watch watch;
    uint32_t part = first < length ? first : length;

    memset(&feed, 0, sizeof feed);
    ud_image_watch_init(&watch, &ud_sha256);
    watch.ctx = &feed;
    watch.segment = note_segment;
    ud_image_begin(&image, &watch);
    for (uint32_t done = 0; feed.error == UD_OK && done < length;) {
        feed.error = ud_image_write(&image, data + done, part);
        done += part;
        part = piece < length - done ? piece : length - done;
    }
    const int end = ud_image_end(&image);
    if (feed.error != UD_OK)
        assert_int_equal(end, feed.error); /* errors stick */
    feed.error = end;
    feed.report = image.report;
    feed.description = watch.description;
    return feed;
}

struct feed feed_whole(const uint8_t *data, uint32_t length)
{
    return feed_split(data, length, length, length);
}

static void assert_same(const struct feed *a, const struct feed *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

struct feed feed_every_way(const uint8_t *data, uint32_t length)
{
    static const uint32_t pieces[] = {1, 2, 3, 7, 16, 256, 1000};
    const struct feed whole = feed_whole(data, length);
    struct guard_page guard = guard_page_copy(data, length);
    struct feed feed = feed_whole(guard.data, length);

    assert_same(&feed, &whole);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        feed = feed_split(guard.data, length, pieces[i], pieces[i]);
        assert_same(&feed, &whole);
    }
    for (uint32_t split = 0; split <= length; split++) {
        feed = feed_split(guard.data, length, split, length);
        assert_same(&feed, &whole);
    }
    guard_page_free(&guard);
    return whole;
}
