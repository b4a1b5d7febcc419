#include "tools/publish_forms.h"

#include "host/gzip.h"
#include "host/report.h"
#include "host/sign.h"
#include "host/sign_manifest.h"

#include <stdlib.h>
#include <string.h>

/* What of a file is published: itself, and that compressed. */
struct contents {
    struct file_bytes plain;
    struct file_bytes packed; /* owned; empty when not asked for */
};

static int compress(const struct image_file *image, struct file_bytes *packed)
{
    if (image->container == CONTAINER_GZIP)
        return report_usage("%s is compressed already: leave --gzip out", image->path);
    return gzip_smallest(&image->file, packed) == 0 ? EXIT_OK : report_failure("out of memory");
}

static void append(struct publish_forms *forms, struct file_bytes bytes)
{
    forms->forms[forms->count++] = bytes;
}

static int append_copy(struct publish_forms *forms, const struct file_bytes *bytes)
{
    uint8_t *data = malloc(bytes->length);
    if (!data)
        return report_failure("out of memory");
    memcpy(data, bytes->data, bytes->length);
    append(forms, (struct file_bytes){data, bytes->length});
    return EXIT_OK;
}

/* Compressed first: stock devices are to get that, and where it does not fit, or
 * is not taken, the plain one. */
static int make_unsigned(const struct contents *contents, struct publish_forms *forms)
{
    int status = EXIT_OK;
    if (contents->packed.data)
        status = append_copy(forms, &contents->packed);
    return status == EXIT_OK ? append_copy(forms, &contents->plain) : status;
}

/* manifest: null for none. */
static int append_signed(const struct ud_manifest *manifest, const struct file_bytes *content,
                         const char *path, struct publish_forms *forms)
{
    char error[KEY_ERROR_SIZE];
    struct file_bytes with_manifest = {NULL, 0}, signed_file;
    int result = 0;
    if (manifest)
        result = manifest_attach(manifest, content, &with_manifest, error);
    if (result == 0)
        result = sign_content(&forms->key, SIGN_STANDARD, manifest ? &with_manifest : content,
                              &signed_file, error);
    free(with_manifest.data);
    if (result != 0)
        return report_failure("%s: %s", path, error);
    append(forms, signed_file);
    return EXIT_OK;
}

/* Plain first, which every device can take; a signature behind gzip is only for
 * those that tell they do. */
static int make_signed(const struct publish_forms_options *options, const struct image_file *image,
                       const struct contents *contents, struct publish_forms *forms)
{
    const struct ud_manifest *manifest = NULL;
    struct ud_manifest made;
    int status = EXIT_OK;
    if (image->trailer.signature)
        return report_failure("%s is signed already: leave --sign out", image->path);
    if (options->manifest.is_wanted) {
        status = manifest_options_apply(&options->manifest, image, &made);
        manifest = &made;
    }
    if (status == EXIT_OK)
        status = append_signed(manifest, &contents->plain, image->path, forms);
    if (status == EXIT_OK && contents->packed.data)
        status = append_signed(manifest, &contents->packed, image->path, forms);
    return status;
}

static int make(const struct publish_forms_options *options, const struct image_file *image,
                struct publish_forms *forms)
{
    struct contents contents = {image->file, {NULL, 0}};
    int status = options->gzip ? compress(image, &contents.packed) : EXIT_OK;
    if (status == EXIT_OK)
        status = options->sign ? make_signed(options, image, &contents, forms)
                               : make_unsigned(&contents, forms);
    free(contents.packed.data);
    return status;
}

static int read_key(const struct publish_forms_options *options, struct publish_forms *forms)
{
    char error[KEY_ERROR_SIZE];
    const struct manifest_options *manifest = &options->manifest;
    if (!options->sign && (manifest->is_wanted || manifest->security))
        return report_usage("--manifest and --security go with --sign");
    if (options->sign && key_read_private(options->sign, &forms->key, error) != 0)
        return report_failure("%s", error);
    forms->is_signed = options->sign != NULL;
    return EXIT_OK;
}

int publish_forms_make(const struct publish_forms_options *options, const char *path,
                       struct publish_forms *forms)
{
    struct image_file image;
    *forms = (struct publish_forms){.count = 0};
    int status = read_key(options, forms);
    if (status != EXIT_OK)
        return status;
    const int result = image_file_open(&image, path);
    status =
        result ? report_failure("%s: %s", path, strerror(-result)) : make(options, &image, forms);
    image_file_close(&image);
    if (status != EXIT_OK)
        publish_forms_free(forms);
    return status;
}

void publish_forms_free(struct publish_forms *forms)
{
    for (size_t i = 0; i < forms->count; i++)
        free(forms->forms[i].data);
    if (forms->is_signed)
        key_free(&forms->key);
}
