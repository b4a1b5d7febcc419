/* The forms of a release's image: plain or compressed, unsigned or signed. All
 * have the same image inside; each is there once for each key.
 */
#ifndef SERVER_RELEASE_FORMS_H
#define SERVER_RELEASE_FORMS_H

#include "host/keys.h"
#include "server/blobs/blobs.h"
#include "server/model/release.h"
#include "server/release/inspect.h"
#include "updraft/manifest.h"

enum forms_result {
    FORMS_THERE, /* it has these bytes already */
    FORMS_ADDED, /* the last of its files is new */
    FORMS_OTHER, /* another image, or a form that is there with other bytes */
};

/* Adds the one file of `upload` to the image that is there, if they fit together. */
enum forms_result forms_join(struct release_image *there, const struct release_image *upload);

/* What a file's manifest says, its texts made printable; they are "" when it has
 * none. 0, or a negative errno when the descriptor could not be read. */
int forms_read_manifest(int descriptor, const struct release_file *file,
                        struct ud_manifest *manifest);

/* Sets the file's signer if it is one of the keys; null ones are passed over.
 * 0, or a negative errno when the descriptor could not be read. */
int forms_find_signer(int descriptor, const struct key *const keys[], size_t count,
                      struct release_file *file);

bool forms_is_signer(const struct key *key, const struct release_file *file);

/* Makes the signed form of an image with one file: writes it to `out` and adds it.
 * A plain signed file, which every device can take, becomes the first; behind gzip a
 * signature is only for devices that tell they take it. False with a line in
 * message. */
bool forms_sign(const struct key *key, const struct blob_upload *plain, struct blob_upload *out,
                struct release_image *image, char message[INSPECT_MESSAGE_SIZE]);

#endif
