/* A device that takes uploads, under any datagrams and bytes. The first byte says whether
 * it has a password, which nobody knows; each record (records.h) is what happens next:
 *   I…  a datagram from one host       S…  from another
 *   T…  bytes on the connection        W   time passes
 *   C   the connection's other end is closed, F: it cannot be opened */
#include "fuzz.h"

#include "device/port/bearssl/digest.h"
#include "records.h"

#include "tests/device/espota_rig.h"

#include <string.h>

#define INPUT_MAX   65536u
#define RECORDS_MAX 64u
#define WAITS_MAX   200

enum setting { PASSWORD = 1, SHA256 = 2 };

static void hear(struct espota_rig *rig, uint8_t host, const struct record *record)
{
    const struct ud_espota_peer from = espota_rig_peer(host, RIG_INVITER_PORT);

    ud_espota_datagram(&rig->espota, &from, record->bytes + 1, record->length - 1, rig->random,
                       rig->now_ms);
}

static void happen(struct espota_rig *rig, const struct record *record)
{
    if (record->length == 0)
        return;
    switch (record->bytes[0]) {
    case 'I':
        hear(rig, RIG_INVITER, record);
        break;
    case 'S':
        hear(rig, RIG_STRANGER, record);
        break;
    case 'T':
        espota_rig_receive(rig, record->bytes + 1, record->length - 1, 0);
        break;
    case 'W':
        espota_rig_wait(rig);
        break;
    case 'C':
        ud_espota_peer_closed(&rig->espota, rig->now_ms);
        break;
    case 'F':
        ud_espota_connection_failed(&rig->espota);
        break;
    default:
        break;
    }
    espota_rig_serve(rig);
    if (record->bytes[0] != 'F' && (ud_espota_want(&rig->espota) & UD_ESPOTA_CONNECT))
        ud_espota_connected(&rig->espota, rig->now_ms);
    if (ud_espota_want(&rig->espota) & UD_ESPOTA_CLOSE)
        ud_espota_closed(&rig->espota);
    espota_rig_forget(rig);
}

/* Whatever happened, it takes invitations again, or restarts after a success. */
static void require_recovery(struct espota_rig *rig)
{
    for (int waits = 0; espota_rig_wait(rig); waits++) {
        require(waits < WAITS_MAX);
        if (ud_espota_want(&rig->espota) & UD_ESPOTA_CONNECT)
            ud_espota_connection_failed(&rig->espota);
        if (ud_espota_want(&rig->espota) & UD_ESPOTA_CLOSE)
            ud_espota_closed(&rig->espota);
        espota_rig_serve(rig);
        espota_rig_forget(rig);
    }
    const unsigned want = ud_espota_want(&rig->espota);
    require(want == 0 || want == UD_ESPOTA_RESTART);
    require(want == 0 || rig->ends == 1);
    require(!ud_updater_is_running(&rig->device.updater));
}

static void require_contained(const struct espota_rig *rig, uint8_t setting)
{
    const struct updater_rig *device = &rig->device;

    require(device->flash.violations == 0);
    require(memcmp(device->flash.bytes, device->before, device->running.length) == 0);
    require(!(setting & PASSWORD) || (device->starts == 0 && rig->ends == 0));
    require(rig->ends <= device->ends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct espota_rig rig;
    struct record records[RECORDS_MAX];

    if (size < 1 || size > INPUT_MAX)
        return 0;
    if (rig.device.before == NULL)
        espota_rig_init(&rig);
    else
        espota_rig_renew(&rig);
    if (data[0] & PASSWORD) {
        rig.config.digest = data[0] & SHA256 ? &ud_sha256 : &ud_md5;
        rig.config.password_hash =
            data[0] & SHA256 ? "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
                             : "c0ffee00c0ffee00c0ffee00c0ffee00";
    }
    espota_rig_start(&rig);
    memset(rig.random, data[0], sizeof rig.random);
    const uint32_t count = records_split(data + 1, size - 1, records, RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        happen(&rig, &records[i]);
    require_recovery(&rig);
    require_contained(&rig, data[0]);
    return 0;
}
