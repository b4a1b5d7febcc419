#include "server/release/forms.h"

#include "host/sign.h"
#include "host/sign_manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- joining --- */

/* The MD5 of the image as it was built, which plain and compressed forms share:
 * plain ones are known by that of each flash mode. */
static const uint8_t *built_md5(const struct release_image *image)
{
    const struct release_digests *digests = &image->digests;

    return digests->md5[digests->md5_count > 1 ? image->flash_mode % RELEASE_MD5S : 0];
}

static bool has_same_image(const struct release_image *a, const struct release_image *b)
{
    return a->chip == b->chip && a->image_size == b->image_size && a->flash_mode == b->flash_mode &&
           memcmp(built_md5(a), built_md5(b), UD_MD5_SIZE) == 0;
}

static bool is_same_form(const struct release_file *a, const struct release_file *b)
{
    return a->compressed == b->compressed && a->is_signed == b->is_signed &&
           a->has_signer == b->has_signer && memcmp(a->signer, b->signer, UD_KEY_ID_SIZE) == 0;
}

enum forms_result forms_join(struct release_image *there, const struct release_image *upload)
{
    const struct release_file *file = &upload->files[0];

    if (release_file_of(there, file->sha256) != NULL)
        return FORMS_THERE;
    if (!has_same_image(there, upload) || there->file_count >= RELEASE_FILES)
        return FORMS_OTHER;
    for (uint8_t i = 0; i < there->file_count; i++)
        if (is_same_form(&there->files[i], file))
            return FORMS_OTHER;
    there->files[there->file_count++] = *file;
    /* Devices that run a plain form may report any of these. */
    if (upload->digests.md5_count > there->digests.md5_count)
        there->digests = upload->digests;
    return FORMS_ADDED;
}

/* --- signatures --- */

static int read_all(int descriptor, uint64_t size, struct file_bytes *bytes)
{
    *bytes = (struct file_bytes){malloc(size + 1), 0};
    if (bytes->data == NULL)
        return -ENOMEM;
    while (bytes->length < size) {
        const ssize_t got = pread(descriptor, bytes->data + bytes->length, size - bytes->length,
                                  (off_t)bytes->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            const int error = got < 0 ? -errno : -EIO;
            free(bytes->data);
            *bytes = (struct file_bytes){NULL, 0};
            return error;
        }
        bytes->length += (size_t)got;
    }
    return 0;
}

/* Bytes that are not printable ASCII would be good for neither JSON nor a terminal. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

int forms_read_manifest(int descriptor, const struct release_file *file,
                        struct ud_manifest *manifest)
{
    struct file_bytes bytes;
    bool is_inside;
    const int error = read_all(descriptor, file->size, &bytes);

    memset(manifest, 0, sizeof *manifest);
    if (error != 0)
        return error;
    if (file->is_signed && sign_announced_length(&bytes) > 0)
        bytes.length -= sign_announced_length(&bytes) + SIGN_LENGTH_WORD;
    if (!manifest_find(&bytes, manifest, &is_inside))
        memset(manifest, 0, sizeof *manifest);
    make_printable(manifest->product);
    make_printable(manifest->version);
    free(bytes.data);
    return 0;
}

static bool is_signed_by(const struct key *key, const struct file_bytes *bytes)
{
    size_t length;

    return key != NULL && sign_check(key, bytes, &length) == SIGN_GOOD;
}

int forms_find_signer(int descriptor, const struct key *const keys[], size_t count,
                      struct release_file *file)
{
    char reason[KEY_ERROR_SIZE];
    struct file_bytes bytes;

    if (!file->is_signed)
        return 0;
    const int error = read_all(descriptor, file->size, &bytes);
    if (error != 0)
        return error;
    for (size_t i = 0; i < count && !file->has_signer; i++)
        if (is_signed_by(keys[i], &bytes))
            file->has_signer = key_id(keys[i], file->signer, reason) == 0;
    free(bytes.data);
    return 0;
}

bool forms_is_signer(const struct key *key, const struct release_file *file)
{
    char reason[KEY_ERROR_SIZE];
    uint8_t id[KEY_ID_SIZE];

    return file->has_signer && key_id(key, id, reason) == 0 &&
           memcmp(id, file->signer, KEY_ID_SIZE) == 0;
}

static bool fail(char message[INSPECT_MESSAGE_SIZE], const char *why)
{
    snprintf(message, INSPECT_MESSAGE_SIZE, "%.*s", INSPECT_MESSAGE_SIZE - 1, why);
    return false;
}

static bool write_signed(const struct key *key, const struct file_bytes *plain,
                         struct blob_upload *out, char message[INSPECT_MESSAGE_SIZE])
{
    char reason[KEY_ERROR_SIZE];
    struct file_bytes bytes;

    if (sign_content(key, SIGN_STANDARD, plain, &bytes, reason) != 0)
        return fail(message, reason);
    blob_upload_write(out, bytes.data, bytes.length);
    free(bytes.data);
    const int error = blob_upload_finish(out);
    return error == 0 || fail(message, strerror(-error));
}

static bool make_signed(const struct key *key, const struct blob_upload *plain,
                        struct blob_upload *out, char message[INSPECT_MESSAGE_SIZE])
{
    struct file_bytes bytes;
    const int error = read_all(blob_upload_file(plain), blob_upload_size(plain), &bytes);

    if (error != 0)
        return fail(message, strerror(-error));
    const bool is_made = write_signed(key, &bytes, out, message);
    free(bytes.data);
    return is_made;
}

bool forms_sign(const struct key *key, const struct blob_upload *plain, struct blob_upload *out,
                struct release_image *image, char message[INSPECT_MESSAGE_SIZE])
{
    struct release_image made;

    if (!make_signed(key, plain, out, message) ||
        inspect_file(blob_upload_file(out), blob_upload_size(out), &made, message) != INSPECT_SOUND)
        return false;
    struct release_file *file = &made.files[0];
    const int error = forms_find_signer(blob_upload_file(out), &key, 1, file);
    if (error != 0)
        return fail(message, strerror(-error));
    const uint8_t place = file->compressed ? 1 : 0;
    image->files[1 - place] = image->files[0];
    image->files[place] = *file;
    image->file_count = 2;
    return true;
}
