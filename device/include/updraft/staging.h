/* The ESP8266's single slot: new images wait below the file system until the
 * bootloader copies them over the running one.
 */
#ifndef UPDRAFT_STAGING_H
#define UPDRAFT_STAGING_H

#include "updraft/digest.h"
#include "updraft/eboot.h"
#include "updraft/flash.h"
#include "updraft/layout.h"
#include "updraft/target.h"

#include <stdbool.h>
#include <stdint.h>

/* Where orders for the bootloader are left. Named by the program, so that firmware with a
 * stock bootloader links nothing for ours. */
struct ud_staging_orders;
extern const struct ud_staging_orders ud_staging_journal; /* in flash, where power cuts leave them:
                                                           * only our bootloader looks there */

struct ud_staging_config {
    const struct ud_flash *flash; /* size is the real chip's */
    const struct ud_rtc *rtc;
    struct ud_layout layout;  /* as the running program was linked */
    bool filesystem_in_place; /* write file systems straight to their place: then a cut
                               * leaves half of one, and the old one is gone. Otherwise
                               * they are staged for the bootloader to copy, which takes
                               * room for a second one and ends at 4 MB (UD_ERR_SPACE) */
    bool auto_map;            /* layout chosen at boot: header sizes bind nobody */
    const struct ud_staging_orders *orders; /* &ud_staging_journal; null: in RTC memory */
    /* Strapping pins as GPI bits 16..19 show them; null means flash boot. */
    uint32_t (*straps)(void *ctx);
    void *straps_ctx;
};

struct ud_staging {
    struct ud_staging_config config;
};

/* UD_ERR_ARGUMENT for a missing port, or a layout that is not one of layout.h.
 * The chip may be smaller than the layout says: begin reports that. */
UD_MUST_CHECK int ud_staging_init(struct ud_staging *staging,
                                  const struct ud_staging_config *config);

/* The target for an updater's config; staging must outlive it. */
struct ud_target ud_staging_target(struct ud_staging *staging);

/* Bytes of the running program in flash, bootloader included. */
UD_MUST_CHECK int ud_staging_sketch_size(const struct ud_staging *staging, uint32_t *size);

/* Bytes between the running program and the file system (or the 4 MB that a stock
 * bootloader can read), in whole sectors: the largest firmware that can be staged. 0
 * when the program reaches past it. Less while the program is on trial: the one
 * before it is kept there. */
UD_MUST_CHECK int ud_staging_free_space(const struct ud_staging *staging, uint32_t *space);

/* Would our bootloader have room to keep the running program while another is tried,
 * which is staged in `size` bytes and is `output_size` bytes long once decompressed
 * (both the same: not compressed)? Without that it stays, whether it works or not:
 * to be asked before an update begins. */
UD_MUST_CHECK int ud_staging_has_way_back(const struct ud_staging *staging, uint32_t size,
                                          uint32_t output_size, bool *has_way_back);

/* Digest (MD5: ESP.getSketchMD5()) of flash [0, sketch size), read through
 * `buffer` of buffer_size bytes, word-aligned; out takes methods->size bytes. */
UD_MUST_CHECK int ud_staging_sketch_digest(const struct ud_staging *staging,
                                           const struct ud_digest_class *methods, void *buffer,
                                           uint32_t buffer_size, uint8_t *out);

#endif
