#include "pull_parts.h"

#include <stddef.h>
#include <string.h>

static uint32_t space(const struct ud_pull_config *config)
{
    return config->mode == UD_PULL_FILESYSTEM ? config->filesystem_space
                                              : config->identity.free_space;
}

int ud_pull_image_judge(const struct ud_pull *pull)
{
    if (pull->is_encoded)
        return UD_ERR_HTTP_ENCODING;
    if (pull->length_state == UD_PULL_FIELD_TOO_LARGE)
        return UD_ERR_HTTP_TOO_LARGE;
    if (pull->length_state != UD_PULL_FIELD_GOOD || pull->content_length == 0)
        return UD_ERR_HTTP_NO_LENGTH;
    if (pull->content_length > space(&pull->config))
        return UD_ERR_HTTP_TOO_LARGE;
    if (pull->config.expected_md5 == NULL && pull->md5_state == UD_PULL_FIELD_BAD)
        return UD_ERR_HTTP_BAD_MD5;
    return UD_OK;
}

static int judge_first_bytes(const struct ud_pull *pull)
{
    const struct ud_pull_config *config = &pull->config;
    const uint8_t *first = pull->first;

    if (config->mode == UD_PULL_FILESYSTEM || first[0] == UD_IMAGE_GZIP_MAGIC0)
        return UD_OK;
    if (first[0] == UD_KEY_UPDATE_MAGIC0 &&
        ud_verifier_takes_keys(config->updater->config.verifier))
        return UD_OK;
    if (first[0] != UD_IMAGE_MAGIC)
        return UD_ERR_HTTP_BAD_HEADER;
    if (config->auto_map || pull->first_length < sizeof pull->first)
        return UD_OK;
    const uint32_t flash_size = ud_image_flash_size(config->chip, first[3] >> 4);
    return flash_size > config->identity.chip_size ? UD_ERR_HTTP_FLASH_SIZE : UD_OK;
}

/* The server's digest, unless the caller knows better; there may be none. */
static int expect_digest(const struct ud_pull *pull)
{
    struct ud_updater *updater = pull->config.updater;

    if (pull->config.expected_md5 != NULL)
        return ud_updater_expect_md5(updater, pull->config.expected_md5);
    return pull->md5_state == UD_PULL_FIELD_GOOD
               ? ud_updater_expect(updater, updater->config.md5, pull->md5)
               : UD_OK;
}

static int begin_session(struct ud_pull *pull)
{
    struct ud_updater *updater = pull->config.updater;
    int error = judge_first_bytes(pull);

    if (error != UD_OK)
        return error;
    error = ud_updater_begin(updater,
                             pull->config.mode == UD_PULL_FILESYSTEM ? UD_COMMAND_FILESYSTEM
                                                                     : UD_COMMAND_FIRMWARE,
                             pull->content_length);
    if (error != UD_OK)
        return error;
    pull->owns_session = true;
    error = expect_digest(pull);
    return error == UD_OK ? ud_updater_write(updater, pull->first, pull->first_length) : error;
}

/* Collects the first bytes, which decide whether the updater begins at all.
 * Returns the bytes taken. */
static uint32_t take_first_bytes(struct ud_pull *pull, const uint8_t *bytes, uint32_t length,
                                 int *error)
{
    const uint32_t wanted =
        pull->content_length < sizeof pull->first ? pull->content_length : sizeof pull->first;
    const uint32_t missing = wanted - pull->first_length;
    const uint32_t taken = length < missing ? length : missing;

    if (taken == 0)
        return 0;
    memcpy(pull->first + pull->first_length, bytes, taken);
    pull->first_length = (uint8_t)(pull->first_length + taken);
    if (pull->first_length == wanted)
        *error = begin_session(pull);
    return taken;
}

int ud_pull_image_write(struct ud_pull *pull, const uint8_t *bytes, uint32_t length)
{
    int error = UD_OK;
    const uint32_t first = take_first_bytes(pull, bytes, length, &error);

    if (error == UD_OK && length > first)
        error = ud_updater_write(pull->config.updater, bytes + first, length - first);
    if (error != UD_OK)
        return error;
    pull->body_received += length;
    return pull->body_received == pull->content_length ? ud_updater_end(pull->config.updater)
                                                       : UD_OK;
}
