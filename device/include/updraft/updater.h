/* One update session: begin, write, end or abort.
 *
 * Bytes of an image of known size go through a sector buffer into the place a
 * target chose; on the way they are digested and their structure is read; at
 * the end everything is checked before the target commits. The rules, their
 * order and the error numbers are those of the Arduino core's Updater, without
 * its defects (docs/compatibility.md lists them).
 *
 * Callbacks come from inside begin, write, end and abort; they may read the
 * session but not change it. onStart comes last in a begin that succeeds; then
 * onProgress (0, size), one per buffer written, and (size, size); then exactly
 * one of onEnd (committed) or onError.
 */
#ifndef UPDRAFT_UPDATER_H
#define UPDRAFT_UPDATER_H

#include "updraft/digest.h"
#include "updraft/error.h"
#include "updraft/flash.h"
#include "updraft/gunzip.h"
#include "updraft/hex.h"
#include "updraft/image.h"
#include "updraft/manifest.h"
#include "updraft/signature.h"
#include "updraft/target.h"

#include <stdbool.h>
#include <stdint.h>

#define UD_UPDATER_MD5_TEXT (2 * UD_MD5_SIZE + 1) /* with the NUL */

struct ud_updater_events {
    void *ctx;
    void (*start)(void *ctx);
    void (*progress)(void *ctx, uint32_t done, uint32_t total); /* bytes in flash */
    void (*end)(void *ctx);
    void (*error)(void *ctx, int error); /* an enum ud_error */
};

struct ud_updater;

/* Looks into compressed files while they arrive. Named by the program, so that firmware
 * which does not look links no decoder. */
struct ud_updater_look {
    int (*write)(struct ud_updater *updater, const uint8_t *bytes, uint32_t length);
    int (*end)(struct ud_updater *updater, uint32_t image_size);
};
extern const struct ud_updater_look ud_updater_gunzip;

struct ud_updater_config {
    const struct ud_flash *flash;
    struct ud_target target;
    const struct ud_digest_class *md5;
    const struct ud_verifier *verifier;    /* null: signatures are not asked for */
    const struct ud_manifest_terms *terms; /* null: manifests are not looked at. They are worth
                                            * as much as the verifier beside them */
    const struct ud_updater_look *look;    /* &ud_updater_gunzip; null: what is in compressed files
                                            * is left to the bootloader */
    struct ud_gunzip *gunzip;              /* for that: initialised, alive as long */
    bool takes_any_flash_mode;             /* compressed images too, where none can be patched
                                            * in: the chip on the board may not work in it */
    void *buffer;                          /* word-aligned, alive as long as the updater */
    uint32_t buffer_size;                  /* 4096, or 256 where memory is tight; a power of two
                                            * from 64 to 4096. 0: begin fails with UD_ERR_MEMORY */
    struct ud_updater_events events;       /* each callback may be null */
};

/* What is being received. */
enum ud_updater_form {
    UD_FORM_FILES, /* a file system: anything */
    UD_FORM_IMAGE,
    UD_FORM_GZIP, /* one of both, compressed */
    UD_FORM_KEYS, /* a key update: carried out by the verifier, nothing is committed */
};

struct ud_updater {
    int error; /* first error of the session; UD_OK while all is well */
    bool running;
    bool has_expectation;
    uint8_t mode_change; /* bits of header byte 2 that were flipped to patch it */
    enum ud_updater_form form;
    enum ud_command command;
    struct ud_placement placement;
    uint32_t size;     /* bytes promised at begin */
    uint32_t flushed;  /* bytes handed to flash */
    uint32_t buffered; /* bytes waiting in the buffer */
    struct ud_updater_config config;
    uint8_t expected[UD_DIGEST_MAX_SIZE]; /* digests of the received bytes */
    uint8_t actual[UD_DIGEST_MAX_SIZE];
    uint32_t flash_size_found; /* bytes named by the header that UD_ERR_FLASH_CONFIG
                                * or UD_ERR_NEW_FLASH_CONFIG complains about */
    struct ud_digest digest;   /* of the config's class, or of what is expected */
    struct ud_image image;
};

/* Checks and copies config. UD_ERR_ARGUMENT for a missing flash, target or md5,
 * a bad buffer, terms without a judge or a product, or a look without a decoder.
 * Nothing is started. */
UD_MUST_CHECK int ud_updater_init(struct ud_updater *updater,
                                  const struct ud_updater_config *config);

/* Starts a session for exactly `size` bytes. In this order:
 * UD_ERR_BUSY (a session runs; it goes on undisturbed, no callback),
 * UD_ERR_BOOT_MODE, UD_ERR_SIZE, UD_ERR_FLASH_CONFIG, UD_ERR_SPACE or
 * UD_ERR_COMMAND, UD_ERR_MEMORY. Touches no flash. */
UD_MUST_CHECK int ud_updater_begin(struct ud_updater *updater, enum ud_command command,
                                   uint32_t size);

/* Expects this digest of the received bytes, in place of what was expected before. Call
 * after begin; an MD5 is not consulted when a verifier is set. Another digest than the one before,
 * which is MD5 at first, can be asked for until the first byte. UD_ERR_STATE after that,
 * and when not running. */
UD_MUST_CHECK int ud_updater_expect(struct ud_updater *updater,
                                    const struct ud_digest_class *methods, const uint8_t *digest);

/* The same for an MD5 of 32 hexadecimal digits of either case, else UD_ERR_ARGUMENT and
 * the expectation stays as it was. */
UD_MUST_CHECK int ud_updater_expect_md5(struct ud_updater *updater, const char *md5);

/* Takes the next bytes. The first buffer is judged before the first erase:
 * UD_ERR_MAGIC, UD_ERR_CHIP, UD_ERR_NEW_FLASH_CONFIG, UD_ERR_GZIP_PLACE; so is the
 * image in a compressed one as far as it comes out of that buffer, UD_ERR_FLASH_MODE and
 * UD_ERR_GZIP besides, and the rest as it comes; then what an earlier update
 * left waiting in its place is withdrawn (UD_ERR_COMMIT). More bytes than promised:
 * UD_ERR_SPACE, nothing of this call is written. UD_ERR_FLASH_* when the chip
 * fails. Any error ends the session. UD_ERR_STATE when not running and no
 * error is remembered; else the remembered error. */
UD_MUST_CHECK int ud_updater_write(struct ud_updater *updater, const void *data, uint32_t length);

/* The size of a session begun with room to spare becomes what arrived. For
 * senders that cannot tell the size beforehand; call right before end. */
UD_MUST_CHECK int ud_updater_truncate(struct ud_updater *updater);

/* Checks everything and commits. In this order: UD_ERR_NO_DATA,
 * UD_ERR_UNFINISHED, UD_ERR_SIGNATURE or UD_ERR_MD5 or UD_ERR_SHA256, what the terms or,
 * about a key update, the key ring refuse (manifest.h, keys.h), UD_ERR_IMAGE, about a
 * compressed one UD_ERR_GZIP and UD_ERR_SPACE, a re-read of what is in flash (UD_ERR_FLASH_READ;
 * UD_ERR_FLASH_WRITE when it is not what was received), UD_ERR_COMMIT. Ends the session either way.
 */
UD_MUST_CHECK int ud_updater_end(struct ud_updater *updater);

/* Gives up with `error` (negative; UD_ERR_ABORTED, UD_ERR_TIMEOUT, …), which
 * becomes the session's error unless it has one. No effect when not running. */
void ud_updater_abort(struct ud_updater *updater, int error);

static inline bool ud_updater_is_running(const struct ud_updater *updater)
{
    return updater->running;
}

/* Bytes received so far, buffered ones included, and bytes still to come. */
uint32_t ud_updater_progress(const struct ud_updater *updater);
uint32_t ud_updater_remaining(const struct ud_updater *updater);

#endif
