#include "pull_rig.h"

#include "device/port/bearssl/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- a target that takes everything ---- */

static int ready(void *ctx)
{
    (void)ctx;
    return UD_OK;
}

static int place(void *ctx, enum ud_command command, uint32_t size, struct ud_placement *placement)
{
    (void)ctx;
    (void)command;
    placement->start = RIG_STAGED_AT;
    placement->capacity = RIG_SPACE;
    placement->flash_mode = UD_KEEP_FLASH_MODE;
    return size <= RIG_SPACE ? UD_OK : UD_ERR_SPACE;
}

static int open_place(void *ctx, const struct ud_placement *placement, const uint8_t *first,
                      uint32_t length)
{
    (void)ctx;
    (void)placement;
    (void)first;
    (void)length;
    return UD_OK;
}

static int commit(void *ctx, enum ud_command command, const struct ud_placement *placement,
                  uint32_t size)
{
    struct pull_rig *rig = ctx;

    (void)command;
    (void)placement;
    if (rig->commit_error != UD_OK)
        return rig->commit_error;
    rig->commits++;
    rig->committed_size = size;
    return UD_OK;
}

static const struct ud_target_class target_class = {ready, place, open_place, commit};

/* ---- the updater's events ---- */

static void started(void *ctx)
{
    ((struct pull_rig *)ctx)->starts++;
}

static void ended(void *ctx)
{
    ((struct pull_rig *)ctx)->ends++;
}

static void failed(void *ctx, int error)
{
    struct pull_rig *rig = ctx;

    rig->errors++;
    rig->session_error = error;
}

/* ---- life ---- */

static void begin_updater(struct pull_rig *rig)
{
    const struct ud_updater_config config = {
        .flash = &rig->flash.port,
        /* Images without a bootloader: short enough to be parted at every byte. */
        .target = {&target_class, rig, UD_CHIP_ESP8266, .part_count = 1},
        .md5 = &ud_md5,
        .buffer = rig->buffer,
        .buffer_size = sizeof rig->buffer,
        .events = {.ctx = rig, .start = started, .end = ended, .error = failed},
    };

    assert_int_equal(ud_updater_init(&rig->updater, &config), UD_OK);
}

void rig_init(struct pull_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    assert_int_equal(ram_flash_init(&rig->flash, RIG_FLASH_SIZE), 0);
    begin_updater(rig);
    rig->config = (struct ud_pull_config){
        .chip = UD_CHIP_ESP8266,
        .identity = {.free_space = RIG_SPACE, .chip_size = 4u << 20},
        .updater = &rig->updater,
        .filesystem_space = RIG_SPACE,
    };
}

void rig_free(struct pull_rig *rig)
{
    ram_flash_free(&rig->flash);
}

void rig_reset(struct pull_rig *rig)
{
    const struct ud_pull_config config = rig->config;
    const struct ram_flash flash = rig->flash;

    memset(rig, 0, sizeof *rig);
    rig->flash = flash;
    ram_flash_renew(&rig->flash, NULL);
    begin_updater(rig);
    rig->config = config;
}

/* ---- playing ---- */

static void note_endpoint(struct pull_rig *rig)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(&rig->pull);

    memcpy(rig->host, endpoint.host, strlen(endpoint.host) + 1);
    rig->port = endpoint.port;
}

void rig_connect(struct pull_rig *rig, const char *url)
{
    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
    assert_int_equal(ud_pull_begin(&rig->pull, url, rig->now_ms), UD_OK);
    assert_int_equal(ud_pull_want(&rig->pull), UD_PULL_CONNECT);
    note_endpoint(rig);
    ud_pull_connected(&rig->pull, rig->now_ms);
}

void rig_take_request(struct pull_rig *rig)
{
    rig->request_length = 0;
    while (ud_pull_want(&rig->pull) & UD_PULL_SEND) {
        uint32_t length;
        const void *bytes = ud_pull_send_buffer(&rig->pull, &length);

        assert_in_range(length, 1, UD_PULL_LINE_MAX);
        assert_in_range(rig->request_length + length, 1, sizeof rig->request - 1);
        memcpy(rig->request + rig->request_length, bytes, length);
        rig->request_length += length;
        ud_pull_sent(&rig->pull, length, rig->now_ms);
    }
    rig->request[rig->request_length] = '\0';
}

static void close_others(struct pull_rig *rig)
{
    if ((ud_pull_want(&rig->pull) & UD_PULL_CLOSE_OTHERS) == 0)
        return;
    rig->others_closed++;
    ud_pull_others_closed(&rig->pull, rig->now_ms);
}

void rig_receive(struct pull_rig *rig, const void *bytes, uint32_t length, struct rig_pieces pieces)
{
    const uint8_t *next = bytes;

    for (uint32_t position = 0; position < length;) {
        const uint32_t left = length - position;
        uint32_t piece = pieces.step != 0 && pieces.step < left ? pieces.step : left;

        if (position < pieces.split && piece > pieces.split - position)
            piece = pieces.split - position;
        ud_pull_received(&rig->pull, next + position, piece, rig->now_ms);
        close_others(rig);
        position += piece;
    }
}

static void connect_next(struct pull_rig *rig, uint32_t answers)
{
    note_endpoint(rig);
    if (rig->connections == answers) {
        ud_pull_connection_failed(&rig->pull);
        return;
    }
    rig->connections++;
    ud_pull_connected(&rig->pull, rig->now_ms);
}

/* The whole answer, then closing or silence, whichever the engine still hears. */
static void play_answer(struct pull_rig *rig, const struct rig_answer *answer,
                        struct rig_pieces pieces)
{
    rig_receive(rig, answer->bytes, answer->length, pieces);
    if ((ud_pull_want(&rig->pull) & UD_PULL_RECEIVE) == 0)
        return;
    if (!answer->then_silent) {
        ud_pull_peer_closed(&rig->pull);
        return;
    }
    rig->now_ms = ud_pull_deadline(&rig->pull);
    ud_pull_tick(&rig->pull, rig->now_ms);
}

void rig_play(struct pull_rig *rig, const char *url, const struct rig_answer *answers,
              uint32_t count, struct rig_pieces pieces)
{
    unsigned want;

    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
    if (ud_pull_begin(&rig->pull, url, rig->now_ms) != UD_OK)
        return;
    while (((want = ud_pull_want(&rig->pull)) & UD_PULL_FINISHED) == 0) {
        if (want & UD_PULL_CONNECT) {
            connect_next(rig, count);
        } else if (want & UD_PULL_SEND) {
            rig_take_request(rig);
        } else if (want & UD_PULL_RECEIVE) {
            play_answer(rig, &answers[rig->connections - 1], pieces);
        } else {
            rig->closes++;
            ud_pull_closed(&rig->pull, rig->now_ms);
        }
    }
}
