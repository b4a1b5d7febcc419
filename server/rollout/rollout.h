/* A rollout: a release that goes to devices in stages, and stops by itself when
 * it does them no good. Pure: no I/O, and the time is an argument.
 *
 * A device has a place from 0 to 2^32 - 1 in each rollout, by a hash of both. A
 * stage reaches up to a place, found when it opens so that it holds the number
 * of devices asked for; it stays from then on. So a device stays in its stage,
 * and one that appears later joins the one it belongs to.
 */
#ifndef SERVER_ROLLOUT_ROLLOUT_H
#define SERVER_ROLLOUT_ROLLOUT_H

#include "server/model/device.h"
#include "server/model/filter.h"
#include "server/model/release.h"

#include <stdbool.h>
#include <stdint.h>

#define ROLLOUT_STAGES       8u
#define ROLLOUT_ATTEMPTS_MAX 3u
#define ROLLOUT_REASON_SIZE  160
#define ROLLOUT_PLACES       (UINT64_C(1) << 32)

/* Stages add up: one of 5 % and one of 25 % are together 25 % of the devices. */
struct rollout_stage {
    uint32_t devices;      /* reached when it is through, counted; 0 = by percent */
    uint8_t percent;       /* the same as a share of the target, 1 to 100 */
    uint8_t success;       /* percent that must have arrived before the next one opens */
    uint8_t failure;       /* percent that may fail; one more halts the rollout */
    bool needs_approval;   /* waits for an operator before it opens */
    uint32_t time_limit_s; /* open for longer halts the rollout; 0 = none */
    uint64_t end;          /* place of the first device beyond; 0 = not opened yet */
};

/* Who it is for, among the devices of the release's product; "" = any. */
struct rollout_target {
    char group[NAME_SIZE];
    char channel[NAME_SIZE];
    char from[VERSION_SIZE]; /* the version they run */
    char sdk[SDK_VERSION_SIZE];
    struct filter filter;
};

/* Minutes of the day; from > to is a night. Equal: always. */
struct rollout_window {
    uint16_t from_min, to_min;
    int16_t offset_min; /* the time of day less UTC of devices whose own is not known */
};

enum rollout_state {
    ROLLOUT_PLANNED,
    ROLLOUT_RUNNING,
    ROLLOUT_AWAITING, /* an operator's approval of the next stage */
    ROLLOUT_PAUSED,
    ROLLOUT_HALTED, /* by itself */
    ROLLOUT_FINISHED,
    ROLLOUT_CANCELLED,
    ROLLOUT_ROLLED_BACK,
    ROLLOUT_STATE_COUNT,
};

enum rollout_event {
    ROLLOUT_START,
    ROLLOUT_NEXT, /* the next stage opens */
    ROLLOUT_ASK,  /* the next stage needs an approval */
    ROLLOUT_FINISH,
    ROLLOUT_HALT,
    ROLLOUT_APPROVE, /* from here on, an operator's */
    ROLLOUT_PAUSE,
    ROLLOUT_RESUME,
    ROLLOUT_CANCEL,
    ROLLOUT_ROLL_BACK,
    ROLLOUT_EVENT_COUNT,
};

struct rollout {
    uint32_t id;
    uint32_t release_id;
    const struct release *release; /* of release_id, where it is known */
    struct rollout_target target;
    struct rollout_window window;
    uint8_t attempts;        /* downloads that came to nothing until a device has failed */
    uint32_t silence_s;      /* nothing heard after a download: failed, too */
    char channel[NAME_SIZE]; /* whose newest the release becomes in the end; "" = none */
    int64_t start_ms;        /* not before */
    bool downgrade;          /* also for devices that run a newer version */
    uint8_t stage_count;
    struct rollout_stage stages[ROLLOUT_STAGES];

    enum rollout_state state;
    uint8_t stage;                    /* how many are open; the latest is the one before */
    int64_t opened_ms;                /* the latest, or when it was resumed */
    uint32_t forgiven;                /* failures known when it was last resumed */
    uint32_t revision;                /* counts changes: of two at once, the second is refused */
    char reason[ROLLOUT_REASON_SIZE]; /* of a halt */
};

/* What a device's history with the latest rollout that reached it is. */
struct rollout_part {
    uint32_t rollout;   /* id, 0 = none */
    uint32_t before;    /* id of the release it ran when it was offered this one; 0 = unknown */
    uint32_t comebacks; /* whole downloads after which it ran something else */
    int64_t taken_ms;   /* end of a whole download that is not judged yet; 0 = none */
};

/* Its devices, counted. */
struct rollout_tally {
    uint32_t targeted;
    uint32_t open;    /* in open stages and able to take it */
    uint32_t arrived; /* of `open`, as the next two */
    uint32_t failed;
    uint32_t silent;
    uint32_t unfit; /* in open stages, but cannot take it */
};

/* Devices cannot be heard while the server is down, and its clock may be set: what is
 * waited for from them counts from when it last began to listen. */
struct rollout_time {
    int64_t now_ms;       /* UTC, since 1970 */
    int64_t listening_ms; /* since when, without a gap */
};

/* What is to happen by itself; `event` is ROLLOUT_EVENT_COUNT for nothing. */
struct rollout_verdict {
    enum rollout_event event;
    char reason[ROLLOUT_REASON_SIZE]; /* of ROLLOUT_HALT */
};

/* The state an event leads to; ROLLOUT_STATE_COUNT when it is not allowed. */
enum rollout_state rollout_next_state(enum rollout_state state, enum rollout_event event);

/* Carries an event out that is allowed. `end` is where a stage that opens ends:
 * used by ROLLOUT_START, _NEXT and _APPROVE. */
void rollout_carry_out(struct rollout *rollout, enum rollout_event event, uint64_t end,
                       const struct rollout_tally *tally, int64_t now_ms);

struct rollout_verdict rollout_judge(const struct rollout *rollout,
                                     const struct rollout_tally *tally, struct rollout_time time);

/* Where the device stands. */
uint32_t rollout_place(uint32_t rollout, mac_address mac);

/* Devices the stage is to hold, of `targeted`; at least 1. */
uint32_t rollout_stage_size(const struct rollout_stage *stage, uint32_t targeted);

/* The stage a place belongs to, counted from 0; stage_count when it is beyond all
 * that are open. */
uint8_t rollout_stage_of(const struct rollout *rollout, uint32_t place);

/* offset: the device's own. */
bool rollout_is_in_window(const struct rollout_window *window, struct utc_offset offset,
                          int64_t now_ms);

/* Has it been silent for too long since it took the release? */
bool rollout_is_silent(const struct rollout *rollout, const struct rollout_part *part,
                       struct rollout_time time);

/* "running" and so on; null past the last. */
const char *rollout_state_name(enum rollout_state state);

/* It was for all who follow a channel and is through: the channel has the say. */
bool rollout_is_history(const struct rollout *rollout);

#endif
