/* The questions the policy asks about a device, in its order, and where the answer was
 * found: what an operator sees who asks why.
 */
#ifndef SERVER_POLICY_TRACE_H
#define SERVER_POLICY_TRACE_H

#include "server/policy/policy.h"

#define POLICY_QUESTIONS 15u

struct policy_question {
    const char *name; /* "in-service" and so on, as the operator API has it */
    const char *words;
};

/* The index-th question; index < POLICY_QUESTIONS. */
const struct policy_question *policy_question(unsigned index);

/* The index of the question that the rule is the answer to; those before it were passed,
 * those after it not asked. */
unsigned policy_question_of(enum policy_rule rule);

/* Where a device's target comes from: "pin", "group-pin", "rollout" or "channel"; null when
 * it has none. */
const char *policy_source(const struct policy_decision *decision, const struct assignment *own,
                          const char *group_pin);

#endif
