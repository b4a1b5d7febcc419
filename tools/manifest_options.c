#include "tools/manifest_options.h"

#include "host/report.h"
#include "host/sign_manifest.h"

#include <stdio.h>
#include <string.h>

static bool kind_parse(const char *name, enum ud_manifest_kind *kind)
{
    for (*kind = UD_MANIFEST_APPLICATION; *kind <= UD_MANIFEST_FILE_SYSTEM; (*kind)++)
        if (strcmp(name, manifest_kind_name(*kind)) == 0)
            return true;
    return false;
}

static uint16_t chip_of(const struct ud_image_header *header)
{
    return header->chip == UD_CHIP_ESP8266 ? UD_MANIFEST_CHIP_ESP8266 : header->chip_id;
}

/* What it is for: an application has to be sound, files may be anything. */
static int set_kind(const char *kind, const struct image_file *image, struct ud_manifest *manifest)
{
    manifest->kind = UD_MANIFEST_APPLICATION;
    manifest->chip = UD_MANIFEST_CHIP_ANY;
    if (kind && !kind_parse(kind, &manifest->kind))
        return report_usage("--kind takes application or files, not %s", kind);
    if (manifest->kind == UD_MANIFEST_FILE_SYSTEM)
        return EXIT_OK;
    if (image->problem[0] || image->container == CONTAINER_FLASH)
        return report_failure("%s %s; if it is a file system, say --kind files", image->path,
                              image->problem[0] ? image->problem : "is a whole flash");
    manifest->chip = chip_of(&image->report.parts[0].header);
    return EXIT_OK;
}

/* Copies what was asked for, or else described. */
static int set_text(char *out, size_t size, const char *asked, const char *described,
                    const char *what)
{
    const char *text = asked ? asked : described;
    if (text[0] == '\0')
        return report_usage("the file does not say its %s: give --%s", what, what);
    if (strlen(text) >= size)
        return report_usage("--%s takes at most %zu bytes", what, size - 1);
    strcpy(out, text);
    return EXIT_OK;
}

int manifest_options_apply(const struct manifest_options *options, const struct image_file *image,
                           struct ud_manifest *manifest)
{
    const struct ud_image_description *description = &image->description;
    *manifest = (struct ud_manifest){.security_version = (uint32_t)options->security};
    if (options->security > UINT32_MAX)
        return report_usage("--security takes a number of 32 bits");
    int status = set_kind(options->kind, image, manifest);
    if (status == EXIT_OK)
        status = set_text(manifest->product, sizeof manifest->product, options->product,
                          description->project, "product");
    if (status == EXIT_OK)
        status = set_text(manifest->version, sizeof manifest->version, options->version,
                          description->version, "version");
    return status;
}
