/* Two slots and more: programs side by side in flash, of which OTA data says which
 * one starts. The other target for an updater, and what ESP-IDF's esp_ota_* offer.
 *
 * An update goes into a slot that does not run. Once it is there whole, the OTA data
 * name it; after a restart it is on trial where the bootloader knows of that
 * (has_rollback), until it confirms itself.
 *
 * Formats are ESP-IDF's; docs/slots.md says where behaviour differs and why. In
 * short: nothing is erased before what comes is known to be for this chip; the entry
 * that decides is never one that a power cut can lose; what is confirmed is the
 * program that runs, and not another; and before a slot is overwritten no entry
 * names it any more.
 */
#ifndef UPDRAFT_SLOTS_H
#define UPDRAFT_SLOTS_H

#include "updraft/digest.h"
#include "updraft/flash.h"
#include "updraft/image.h"
#include "updraft/otadata.h"
#include "updraft/partitions.h"
#include "updraft/slot_image.h"
#include "updraft/target.h"

#include <stdbool.h>
#include <stdint.h>

/* The lowest security version that may start, kept where it only goes up (eFuses). */
struct ud_security {
    void *ctx;
    int (*read)(void *ctx, uint32_t *version);
    int (*raise)(void *ctx, uint32_t version); /* to at least that; 0 or negative */
};

struct ud_slots_config {
    const struct ud_flash *flash;
    uint32_t table_address;               /* 0: UD_PARTITIONS_OFFSET */
    const struct ud_digest_class *md5;    /* null: tables without an MD5 are taken */
    const struct ud_digest_class *sha256; /* of images */
    uint16_t chip_id;                     /* as image headers have it */
    uint16_t revision;                    /* of the chip, major * 100 + minor */
    uint32_t running_address;             /* in flash: any of the running program */
    bool has_rollback;                    /* the bootloader tries new programs */
    const struct ud_security *security;   /* null: any version may start */
};

struct ud_slots_write;

struct ud_slots {
    struct ud_slots_config config;
    struct ud_partitions table;
    struct ud_partition running;
    struct ud_partition otadata;   /* size 0: there is none */
    uint32_t count;                /* of slots */
    struct ud_slots_write *writes; /* under way */
    struct ud_slot_image image;    /* being verified */
};

/* Reads the table. UD_ERR_ARGUMENT for a port or digest missing; what
 * ud_partitions_open() says; UD_ERR_NOT_FOUND too when no program's partition holds
 * running_address. */
UD_MUST_CHECK int ud_slots_init(struct ud_slots *slots, const struct ud_slots_config *config);

/* esp_err_t of an error, as esp_ota_* give it: 0x102 and so on; -1 for what has no
 * number there. */
int32_t ud_slots_error_number(int error);

/* ---- Which partitions ---- */

/* The one that starts next. Without OTA data it is factory. UD_ERR_NOT_FOUND. */
UD_MUST_CHECK int ud_slots_boot(const struct ud_slots *slots, struct ud_partition *partition);

static inline const struct ud_partition *ud_slots_running(const struct ud_slots *slots)
{
    return &slots->running;
}

/* The slot after `from` (null: after the running one), the first after the last and
 * after any program that is in no slot; never the running one: UD_ERR_NOT_FOUND. */
UD_MUST_CHECK int ud_slots_next(const struct ud_slots *slots, const struct ud_partition *from,
                                struct ud_partition *partition);

/* The slot whose program rejected itself or did not confirm itself, if it is still
 * whole; of two the one tried last. UD_ERR_NOT_FOUND. */
UD_MUST_CHECK int ud_slots_last_invalid(struct ud_slots *slots, struct ud_partition *partition);

/* What the newest entry about a slot says. UD_ERR_ARGUMENT for null, UD_ERR_NO_SLOT
 * for what is no slot, UD_ERR_NO_RECORD. */
UD_MUST_CHECK int ud_slots_state(const struct ud_slots *slots, const struct ud_partition *partition,
                                 enum ud_ota_state *state);

/* UD_ERR_NO_SLOT for what is no program's partition, UD_ERR_NOT_FOUND without a
 * description. */
UD_MUST_CHECK int ud_slots_description(const struct ud_slots *slots,
                                       const struct ud_partition *partition,
                                       struct ud_image_description *description);

/* Is the image in that partition whole, and for this chip? slot_image.h. */
UD_MUST_CHECK int ud_slots_verify(struct ud_slots *slots, const struct ud_partition *partition);

/* SHA-256 that names a program: the appended one, or else that of all of it. Errors
 * as ud_slots_verify(). */
UD_MUST_CHECK int ud_slots_digest(struct ud_slots *slots, const struct ud_partition *partition,
                                  uint8_t digest[UD_SHA256_SIZE]);

/* Do header and description (null: none) suit this chip? UD_ERR_ARGUMENT for a type
 * that is neither program nor bootloader, UD_ERR_CHIP, UD_ERR_REVISION,
 * UD_ERR_SECURITY. */
UD_MUST_CHECK int ud_slots_check_image(const struct ud_slots *slots, uint8_t type,
                                       const struct ud_image_header *header,
                                       const struct ud_image_description *description);

/* ---- What starts ---- */

/* Makes the program in `partition` the one that starts. One that runs and is settled
 * stays as it is; factory, by removing what the OTA data say.
 * UD_ERR_ARGUMENT   null, or neither slot nor factory
 * UD_ERR_NOT_FOUND  there are no OTA data
 * UD_ERR_SECURITY   too old; it stays where it is
 * UD_ERR_IMAGE, UD_ERR_MAGIC, UD_ERR_CHIP, UD_ERR_REVISION: it would not start */
UD_MUST_CHECK int ud_slots_set_boot(struct ud_slots *slots, const struct ud_partition *partition);

/* The same for a program that was verified already. */
UD_MUST_CHECK int ud_slots_set_boot_unchecked(struct ud_slots *slots,
                                              const struct ud_partition *partition);

/* For the running program: it works, and stays. Where the bootloader fell back on it,
 * the entry that decides becomes one about it. Afterwards its security version is the
 * least that starts. UD_OK also when nobody asked, and for factory.
 * UD_ERR_STATE: a power cut had kept the bootloader from an entry, which is in its
 * place again: another program was to run, and does after a restart. */
UD_MUST_CHECK int ud_slots_confirm(struct ud_slots *slots);

/* Another program would start if the running one were rejected? */
UD_MUST_CHECK int ud_slots_can_go_back(struct ud_slots *slots, bool *can);

/* For the running program: it does not work. After a restart the one before runs.
 * UD_ERR_NO_RECORD when no entry is about it, UD_ERR_NO_WAY_BACK. */
UD_MUST_CHECK int ud_slots_reject(struct ud_slots *slots);

/* Removes the entry that does not decide. UD_ERR_NO_RECORD if there is none, or it is
 * about the running program. */
UD_MUST_CHECK int ud_slots_forget_last(struct ud_slots *slots);

/* The same, and erases the slot it was about. */
UD_MUST_CHECK int ud_slots_erase_last(struct ud_slots *slots);

/* ---- Writing a partition piece by piece ---- */

#define UD_SLOTS_SIZE_UNKNOWN    0xffffffffu /* 0 means the same: all is erased */
#define UD_SLOTS_SIZE_SEQUENTIAL 0xfffffffeu /* erased as it is written */
#define UD_SLOTS_PAGE            256u

/* One write under way; memory is the caller's, until end or abort. */
struct ud_slots_write {
    struct ud_slots *slots; /* null: none is under way */
    struct ud_slots_write *next;
    struct ud_partition partition;
    struct ud_partition final;
    bool has_final;
    bool copies;
    bool is_sequential;
    bool is_open;        /* flash has been touched, or a part was written before */
    uint32_t erase_size; /* bytes to erase at first */
    uint32_t flushed;    /* bytes in flash, counted from the partition's start */
    uint32_t held;       /* bytes behind them in page */
    uint32_t written;    /* bytes, wherever they went */
    uint32_t page[UD_SLOTS_PAGE / sizeof(uint32_t)];
};

/* Begins to write a slot, or a partition that holds no program. Touches no flash.
 * UD_ERR_ARGUMENT     null, or a program's partition that is no slot
 * UD_ERR_NOT_FOUND    not in the table
 * UD_ERR_RUNNING      the running program's
 * UD_ERR_UNCONFIRMED  the running program has to confirm itself first
 * UD_ERR_BUSY         it is being written already
 * UD_ERR_SPACE        size is more than the partition has */
UD_MUST_CHECK int ud_slots_begin(struct ud_slots *slots, struct ud_slots_write *write,
                                 const struct ud_partition *partition, uint32_t size);

/* Goes on from `offset` bytes into a partition that was begun before. Errors as
 * above, and UD_ERR_ARGUMENT for an offset beyond it or amid a word. */
UD_MUST_CHECK int ud_slots_resume(struct ud_slots *slots, struct ud_slots_write *write,
                                  const struct ud_partition *partition, bool is_sequential,
                                  uint32_t offset);

/* Before the first byte: what is written is meant for `final`, and copied there at the
 * end if asked for. Not for programs, which start where they are (UD_ERR_ARGUMENT).
 * UD_ERR_STATE later; UD_ERR_NOT_FOUND, UD_ERR_RUNNING. */
UD_MUST_CHECK int ud_slots_set_final(struct ud_slots_write *write, const struct ud_partition *final,
                                     bool copies);

/* Takes the next bytes. Before anything is erased a program's head is judged
 * (slot_image.h), a table's magic (UD_ERR_MAGIC). UD_ERR_SPACE beyond the end. When it
 * returns all whole words are in flash, but for the first UD_SLOT_HEAD bytes of a program:
 * from there on ud_slots_resume() goes on after a restart. */
UD_MUST_CHECK int ud_slots_put(struct ud_slots_write *write, const void *data, uint32_t length);

/* Puts bytes anywhere, in any order; nothing is judged before the end. UD_ERR_STATE
 * when it is erased as it is written. */
UD_MUST_CHECK int ud_slots_put_at(struct ud_slots_write *write, const void *data, uint32_t length,
                                  uint32_t offset);

/* Ends it, whatever comes out: verifies a program, bootloader or table, and copies it
 * if that was asked for. UD_ERR_NOT_FOUND when none is under way, UD_ERR_ARGUMENT when
 * nothing was written, UD_ERR_IMAGE, … */
UD_MUST_CHECK int ud_slots_end(struct ud_slots_write *write);

/* UD_ERR_NOT_FOUND when none is under way. Erases nothing. */
UD_MUST_CHECK int ud_slots_abort(struct ud_slots_write *write);

/* ---- As an updater's target ---- */

/* Firmware goes to the next slot, a file system to the first SPIFFS, LittleFS or FAT
 * partition. slots must outlive it. */
struct ud_target ud_slots_target(struct ud_slots *slots);

#endif
