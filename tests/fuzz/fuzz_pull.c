/* Whatever a server answers to a device that asks for an update. The first byte chooses
 * how the device is set up, the others are one answer for each connection (records.h). */
#include "fuzz.h"

#include "records.h"

#include "tests/device/pull_rig.h"

#include <string.h>

#define INPUT_MAX 65536u
#define URL       "http://known:secret@" HOST "/update"
#define HOST      "fleet.test"

#define CREDENTIALS "\r\nAuthorization: Basic a25vd246c2VjcmV0\r\n" /* the URL's */

enum setting {
    FOLLOWS = 1,       /* redirects */
    TLS = 2,           /* can do https */
    FILESYSTEM = 4,    /* asks for one */
    VERSION = 8,       /* asks for no more than a version */
    EXPECTS_MD5 = 16,  /* of its own, which is none's */
    FALLS_SILENT = 32, /* the server, instead of closing */
    KEEPS_ALIVE = 64,
};

static void configure(struct pull_rig *rig, uint8_t setting)
{
    rig->config.mode = UD_PULL_SKETCH;
    rig->config.expected_md5 = NULL;
    rig->config.redirects = setting & FOLLOWS ? &ud_pull_follow : NULL;
    rig->config.location = rig->location;
    rig->config.can_tls = setting & TLS;
    rig->config.keep_alive = setting & KEEPS_ALIVE;
    if (setting & FILESYSTEM)
        rig->config.mode = UD_PULL_FILESYSTEM;
    if (setting & VERSION)
        rig->config.mode = UD_PULL_VERSION;
    if (setting & EXPECTS_MD5)
        rig->config.expected_md5 = "00112233445566778899aabbccddeeff";
}

static void require_contained(const struct pull_rig *rig)
{
    const struct ram_flash *flash = &rig->flash;

    require(flash->violations == 0);
    require(flash->changed_end == 0 || (flash->changed_at >= RIG_STAGED_AT &&
                                        flash->changed_end <= RIG_STAGED_AT + RIG_SPACE));
}

static void require_truth(const struct pull_rig *rig, uint8_t setting)
{
    const struct ud_pull *pull = &rig->pull;
    const bool is_ok = ud_pull_result(pull) == UD_PULL_OK;

    require(ud_pull_want(pull) == UD_PULL_FINISHED);
    require(ud_pull_error(pull) == UD_OK || ud_pull_result(pull) == UD_PULL_FAILED);
    require(rig->commits <= 1 && rig->starts <= 1 && rig->ends <= rig->starts);
    require(!ud_updater_is_running(&rig->updater));
    require(rig->connections == rig->closes);
    require(strlen(ud_pull_available_version(pull)) < UD_PULL_VERSION_MAX);
    if (setting & VERSION)
        require(rig->starts == 0);
    else
        require(is_ok == (rig->commits == 1));
    require(!(setting & EXPECTS_MD5) || rig->commits == 0);
    require((setting & FOLLOWS) || rig->connections <= 1);
    require(rig->connections <= UD_PULL_REDIRECT_LIMIT + 1);
    /* Nobody but the server it was meant for is told the password; a redirect may have others. */
    require(strstr(rig->request, "\r\nHost: " HOST "\r\n") != NULL ||
            strstr(rig->request, CREDENTIALS) == NULL);
}

static void play(struct pull_rig *rig, const uint8_t *data, size_t size, struct rig_pieces pieces)
{
    struct record records[RIG_ANSWERS_MAX];
    struct rig_answer answers[RIG_ANSWERS_MAX];
    const uint32_t count = records_split(data + 1, size - 1, records, RIG_ANSWERS_MAX);

    if (rig->flash.bytes == NULL)
        rig_init(rig);
    else
        rig_reset(rig);
    configure(rig, data[0]);
    for (uint32_t i = 0; i < count; i++)
        answers[i] =
            (struct rig_answer){records[i].bytes, records[i].length, (data[0] & FALLS_SILENT) != 0};
    rig_play(rig, URL, answers, count, pieces);
    require_contained(rig);
    require_truth(rig, data[0]);
}

static void require_same(const struct ram_flash *one, const struct ram_flash *other)
{
    require(one->changed_at == other->changed_at && one->changed_end == other->changed_end);
    require(memcmp(one->bytes + one->changed_at, other->bytes + one->changed_at,
                   one->changed_end - one->changed_at) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pull_rig whole, parted;

    if (size < 1 || size > INPUT_MAX)
        return 0;
    play(&whole, data, size, (struct rig_pieces){0});
    play(&parted, data, size, (struct rig_pieces){.step = 1 + data[size / 2] % 97});
    require(ud_pull_result(&parted.pull) == ud_pull_result(&whole.pull));
    require(ud_pull_error(&parted.pull) == ud_pull_error(&whole.pull));
    require(parted.commits == whole.commits && parted.committed_size == whole.committed_size);
    require_same(&parted.flash, &whole.flash);
    return 0;
}
