#include "server/policy/trace.h"

static const struct policy_question questions[POLICY_QUESTIONS] = {
    {"in-service", "Is it in service?"},
    {"seen", "Has it ever checked in?"},
    {"product", "Does it have a product?"},
    {"target", "Is there a live release for it?"},
    {"other", "Does it run something else than that?"},
    {"way", "May the release be installed over what it runs?"},
    {"fit", "Does a form of the release fit: chip, flash, space, signature?"},
    {"rollout", "Does no rollout hold it back?"},
    {"failures", "Has it not failed this release too often?"},
    {"load", "May one more download begin?"},
    {"on-its-way", "Is nothing on its way to it already?"},
    {"window", "Is it within the maintenance window?"},
    {"keys", "Does it have the key updates that go first?"},
    {"files", "Does it have the file system that goes first?"},
    {"offer", "Nothing speaks against it: the release is offered."},
};

static const unsigned char asked_by[RULE_COUNT] = {
    [RULE_DECOMMISSIONED] = 0,  [RULE_NEVER_SEEN] = 1,      [RULE_NO_PRODUCT] = 2,
    [RULE_NO_SUCH_PIN] = 3,     [RULE_PIN_NOT_LIVE] = 3,    [RULE_NO_RELEASE] = 3,
    [RULE_SAME_VERSION] = 4,    [RULE_SAME_DIGEST] = 4,     [RULE_DOWNGRADE] = 5,
    [RULE_NO_STEP] = 5,         [RULE_FILE_MISSING] = 6,    [RULE_OTHER_CHIP] = 6,
    [RULE_FLASH_TOO_SMALL] = 6, [RULE_NO_SPACE] = 6,        [RULE_NO_ROOM_TO_INFLATE] = 6,
    [RULE_NO_FORM] = 6,         [RULE_NOT_IN_ROLLOUT] = 7,  [RULE_STAGE_TO_COME] = 7,
    [RULE_ROLLOUT_STOPPED] = 7, [RULE_HELD_BACK] = 8,       [RULE_BUSY] = 9,
    [RULE_ON_ITS_WAY] = 10,     [RULE_OUTSIDE_WINDOW] = 11, [RULE_KEYS_HELD] = 6,
    [RULE_KEYS_FIRST] = 12,     [RULE_FILES_FIRST] = 13,    [RULE_DUE] = 14,
};

const struct policy_question *policy_question(unsigned index)
{
    return &questions[index];
}

unsigned policy_question_of(enum policy_rule rule)
{
    return (unsigned)rule < RULE_COUNT ? asked_by[rule] : 0;
}

const char *policy_source(const struct policy_decision *decision, const struct assignment *own,
                          const char *group_pin)
{
    if (decision->target == NULL)
        return NULL;
    if (own->pin != NULL)
        return "pin";
    if (group_pin != NULL)
        return "group-pin";
    return decision->rollout != NULL ? "rollout" : "channel";
}
