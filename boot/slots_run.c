#include "boot/slots_run.h"

#include <stddef.h>
#include <string.h>

#define MAX_ROUNDS 8u /* a reset, an ended trial, a failed one, and to spare */

/* ---- Reading ---- */

static bool has_program(const struct slots_run *run, uint8_t subtype)
{
    struct ud_partition partition;

    return ud_partitions_find(&run->table, UD_TYPE_APP, subtype, &partition) == UD_OK;
}

static int look(struct slots_run *run)
{
    const struct slots_run_config *config = &run->config;
    struct slots_view *view = &run->view;
    int error = ud_partitions_slots(&run->table, &view->count);

    if (error != UD_OK)
        return error;
    view->has_factory = has_program(run, UD_APP_FACTORY);
    view->has_test = has_program(run, UD_APP_TEST);
    view->has_trials = config->has_trials;
    view->is_test_held = config->is_test_held;
    error = ud_partitions_find(&run->table, UD_TYPE_DATA, UD_DATA_OTA, &run->otadata);
    if (error != UD_OK)
        run->otadata.size = 0;
    return error == UD_ERR_NOT_FOUND ? UD_OK : error;
}

/* Entries that a cut left in notes are put back: whoever reads next may know none. */
static int read_otadata(struct slots_run *run)
{
    memset(&run->view.otadata, 0, sizeof run->view.otadata);
    if (run->otadata.size == 0)
        return UD_OK;
    (void)!ud_otadata_mend(run->config.flash, run->otadata.offset);
    return ud_otadata_load(run->config.flash, run->otadata.offset, &run->view.otadata);
}

/* ---- Programs ---- */

static int find_program(const struct slots_run *run, int candidate, struct ud_partition *partition)
{
    uint8_t subtype = (uint8_t)(UD_APP_OTA_0 + candidate);

    if (candidate == SLOTS_IS_FACTORY)
        subtype = UD_APP_FACTORY;
    else if (candidate == SLOTS_IS_TEST)
        subtype = UD_APP_TEST;
    return ud_partitions_find(&run->table, UD_TYPE_APP, subtype, partition);
}

static bool would_start(struct slots_run *run, int candidate, struct ud_partition *partition)
{
    const struct slots_run_config *config = &run->config;
    struct ud_slot_terms terms = {
        .sha256 = config->sha256,
        .chip_id = config->chip_id,
        .revision = config->revision,
    };

    if (config->security != NULL &&
        config->security->read(config->security->ctx, &terms.security_version) != 0)
        return false;
    return find_program(run, candidate, partition) == UD_OK &&
           ud_slot_verify(&terms, config->flash, partition, &run->image) == UD_OK;
}

/* The first candidate that would start is the one that does. */
static int start(struct slots_run *run, int first)
{
    int8_t candidates[SLOTS_MAX_CANDIDATES];
    const uint32_t count = slots_order(&run->view, first, candidates);

    for (uint32_t i = 0; i < count; i++)
        if (would_start(run, candidates[i], &run->result->partition)) {
            run->result->has_fallen_back = candidates[i] != first;
            return UD_OK;
        }
    return UD_ERR_NOT_FOUND;
}

static int named_slot(const struct slots_run *run)
{
    const struct ud_otadata *otadata = &run->view.otadata;
    const int active = ud_otadata_active(otadata);

    return (int)ud_otadata_slot(otadata->entries[active].seq, run->view.count);
}

static int set_state(struct slots_run *run, int index, enum ud_ota_state state)
{
    return ud_otadata_replace(run->config.flash, run->otadata.offset, index,
                              run->view.otadata.entries[index].seq, state);
}

/* ---- Actions: UD_ERR_STATE when it is to be decided again ---- */

static bool is_setting(const struct slots_run *run, const struct ud_partition *partition)
{
    const char *const *label = run->config.settings;

    if (label == NULL || partition->type != UD_TYPE_DATA)
        return false;
    while (*label != NULL && strcmp(*label, partition->label) != 0)
        label++;
    return *label != NULL;
}

static int reset(struct slots_run *run)
{
    struct ud_partition partition;

    for (uint32_t i = 0; i < run->table.count; i++)
        if (ud_partitions_get(&run->table, i, &partition) == UD_OK && is_setting(run, &partition))
            (void)!ud_flash_erase(run->config.flash, partition.offset,
                                  ud_flash_round_up(partition.size));
    if (run->otadata.size != 0)
        (void)!ud_otadata_erase(run->config.flash, run->otadata.offset);
    run->view.is_reset_held = false;
    return UD_ERR_STATE;
}

static int start_test(struct slots_run *run)
{
    /* Whoever holds the pin wants it or nothing, but a dead device helps nobody. */
    if (would_start(run, SLOTS_IS_TEST, &run->result->partition))
        return UD_OK;
    run->view.is_test_held = false;
    return UD_ERR_STATE;
}

static int end_trial(struct slots_run *run)
{
    const int index = run->view.otadata.entries[0].state == UD_OTA_PENDING ? 0 : 1;

    run->result->has_ended_trial = true;
    if (set_state(run, index, UD_OTA_ABORTED) != UD_OK)
        return start(run, SLOTS_IS_FACTORY);
    return UD_ERR_STATE;
}

/* Verified first: a program that cannot start is not tried. */
static int try(struct slots_run *run)
{
    const int active = ud_otadata_active(&run->view.otadata);
    const bool is_whole = would_start(run, named_slot(run), &run->result->partition);
    const int error = set_state(run, active, is_whole ? UD_OTA_PENDING : UD_OTA_ABORTED);

    if (error != UD_OK)
        return start(run, named_slot(run));
    return is_whole ? UD_OK : UD_ERR_STATE;
}

/* What has confirmed itself sets the least version that starts from now on: it did so
 * itself, unless power went away before. */
static int start_named(struct slots_run *run)
{
    const struct ud_security *security = run->config.security;
    const struct ud_otadata *otadata = &run->view.otadata;
    const int active = ud_otadata_active(otadata);
    const int error = start(run, named_slot(run));

    if (error == UD_OK && security != NULL && !run->result->has_fallen_back &&
        otadata->entries[active].state == UD_OTA_VALID && run->image.parser.report.has_description)
        (void)!security->raise(security->ctx, run->image.watch.description.secure_version);
    return error;
}

static int start_factory(struct slots_run *run)
{
    return start(run, SLOTS_IS_FACTORY);
}

/* The bootloader of a device that is new: from now on the OTA data say what started. */
static int adopt(struct slots_run *run)
{
    const int error = start(run, 0);
    const struct ud_partition *partition = &run->result->partition;

    if (error == UD_OK && run->otadata.size != 0 && ud_partition_is_slot(partition))
        (void)!ud_otadata_select(run->config.flash, run->otadata.offset,
                                 (uint32_t)partition->subtype - UD_APP_OTA_0, run->view.count,
                                 UD_OTA_VALID);
    return error;
}

static int start_any(struct slots_run *run)
{
    return start(run, 0);
}

static int (*const acts[])(struct slots_run *run) = {
    [SLOTS_RESET] = reset, [SLOTS_START_TEST] = start_test,   [SLOTS_END_TRIAL] = end_trial,
    [SLOTS_TRY] = try,     [SLOTS_START_NAMED] = start_named, [SLOTS_START_FACTORY] = start_factory,
    [SLOTS_ADOPT] = adopt, [SLOTS_START_ANY] = start_any,
};

int slots_run(struct slots_run *run, const struct slots_run_config *config,
              struct slots_result *result)
{
    int error;

    memset(run, 0, sizeof *run);
    memset(result, 0, sizeof *result);
    run->config = *config;
    run->result = result;
    const uint32_t address =
        config->table_address != 0 ? config->table_address : UD_PARTITIONS_OFFSET;
    error = ud_partitions_open(&run->table, config->flash, address, config->md5);
    if (error == UD_OK)
        error = look(run);
    if (error != UD_OK)
        return error;
    run->view.is_reset_held = config->is_reset_held;
    for (uint32_t round = 0; round < MAX_ROUNDS; round++) {
        error = read_otadata(run);
        if (error != UD_OK)
            return error;
        result->action = slots_decide(slots_facts(&run->view));
        error = acts[result->action](run);
        if (error != UD_ERR_STATE)
            return error;
    }
    return start(run, SLOTS_IS_FACTORY);
}
