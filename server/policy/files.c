/* File systems: which one a device gets that asks for it. */
#include "server/policy/fit.h"
#include "server/policy/path.h"

/* Whose file system it is to have; null = none's. */
static const struct release *find_release(const struct policy_device *device,
                                          const struct policy_decision *decision,
                                          const struct policy_catalogue *catalogue)
{
    if (decision->rule == RULE_FILES_FIRST)
        return decision->next;
    if (decision->state == STATE_DECOMMISSIONED)
        return NULL;
    const struct release *release = policy_running(device, catalogue).release;
    return release != NULL && release->state == RELEASE_LIVE && release->image.fs_count > 0
               ? release
               : NULL;
}

struct policy_files policy_decide_files(const struct policy_device *device,
                                        const struct policy_decision *decision,
                                        const struct policy_catalogue *catalogue)
{
    struct policy_files files = {.release = find_release(device, decision, catalogue),
                                 .rule = RULE_NO_RELEASE};

    if (files.release == NULL)
        return files;
    const bool was_offered = device->files.offered == files.release->id;
    const enum policy_rule fit = policy_judge_files(device->facts, files.release, &files.file);
    if (device->files.release == files.release->id)
        files.rule = RULE_SAME_VERSION;
    else if (fit != RULE_DUE)
        files.rule = fit;
    else if (was_offered && device->files.offers >= POLICY_OFFERS_MAX)
        files.rule = RULE_HELD_BACK;
    else
        files.rule = device->load == LOAD_LIGHT ? RULE_DUE : RULE_BUSY;
    return files;
}
