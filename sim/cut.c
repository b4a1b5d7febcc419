#include "sim/cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char phase_letters[] = {[CUT_BEFORE] = 'b', [CUT_TORN] = 't', [CUT_AFTER] = 'a'};

const char *cut_print(const struct cut_plan *plan, char out[CUT_ID_MAX])
{
    char seed[16] = "";

    if (plan->operation == 0) {
        snprintf(out, CUT_ID_MAX, "none");
        return out;
    }
    if (plan->phase == CUT_TORN)
        snprintf(seed, sizeof seed, ":%" PRIu32, plan->seed);
    snprintf(out, CUT_ID_MAX, "%" PRIu64 "%c%s%s", plan->operation, phase_letters[plan->phase],
             seed, plan->keeps_rtc ? "+rtc" : "");
    return out;
}

/* Reads decimal digits, at least one, moving *text past them. */
static bool parse_number(const char **text, uint64_t limit, uint64_t *number)
{
    uint64_t value = 0;

    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        const unsigned digit = (unsigned)(**text - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

static bool parse_phase(const char **text, enum cut_phase *phase)
{
    const char *found = **text == '\0' ? NULL : memchr(phase_letters, **text, sizeof phase_letters);

    if (found == NULL)
        return false;
    *phase = (enum cut_phase)(found - phase_letters);
    (*text)++;
    return true;
}

static bool parse_seed(const char **text, uint32_t *seed)
{
    uint64_t number;

    if (**text != ':')
        return false;
    (*text)++;
    if (!parse_number(text, UINT32_MAX, &number))
        return false;
    *seed = (uint32_t)number;
    return true;
}

bool cut_parse(const char *text, struct cut_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    if (strcmp(text, "none") == 0)
        return true;
    if (!parse_number(&text, UINT64_MAX, &plan->operation) || plan->operation == 0)
        return false;
    if (!parse_phase(&text, &plan->phase))
        return false;
    if (plan->phase == CUT_TORN && !parse_seed(&text, &plan->seed))
        return false;
    plan->keeps_rtc = strcmp(text, "+rtc") == 0;
    return plan->keeps_rtc || *text == '\0';
}

void power_on(struct power *power, const struct cut_plan *plan, jmp_buf *handler)
{
    memset(power, 0, sizeof *power);
    if (plan != NULL)
        power->plan = *plan;
    power->handler = handler;
}

enum power_verdict power_operation(struct power *power)
{
    static const enum power_verdict verdicts[] = {
        [CUT_BEFORE] = POWER_CUT_BEFORE,
        [CUT_TORN] = POWER_CUT_TORN,
        [CUT_AFTER] = POWER_CUT_AFTER,
    };

    if (power->is_off)
        return POWER_CUT_BEFORE;
    power->operations++;
    if (power->operations != power->plan.operation)
        return POWER_ON;
    if (power->plan.phase == CUT_BEFORE)
        power_cut(power);
    return verdicts[power->plan.phase];
}

void power_cut(struct power *power)
{
    power->is_off = true;
    if (power->handler != NULL)
        longjmp(*power->handler, 1);
}
