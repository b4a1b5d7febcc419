/* When power goes away: plans that can be written down and replayed, and the
 * supply that carries one out.
 *
 * Operations are programs and erases, counted from 1 since the supply was
 * switched on; reading changes nothing and is not counted. A plan's id is
 *
 *   12b          before operation 12: it does not happen
 *   12t:4711     in the middle of it; the seed settles which bits made it
 *   12a          right after it
 *   12a+rtc      the same, but a reset: RTC memory keeps its content
 *   none         never
 */
#ifndef SIM_CUT_H
#define SIM_CUT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum cut_phase { CUT_BEFORE, CUT_TORN, CUT_AFTER };

struct cut_plan {
    uint64_t operation; /* 0: never */
    enum cut_phase phase;
    uint32_t seed; /* torn only */
    bool keeps_rtc;
};

#define CUT_ID_MAX 40 /* bytes of the longest id, NUL included */

/* Writes the plan's id; returns out. */
const char *cut_print(const struct cut_plan *plan, char out[CUT_ID_MAX]);

/* False when text is not exactly one id; plan is then unspecified. */
bool cut_parse(const char *text, struct cut_plan *plan);

/* The supply of one device. What is powered asks it before each operation. */
struct power {
    struct cut_plan plan;
    uint64_t operations; /* begun since power_on, the one cut included */
    bool is_off;
    jmp_buf *handler; /* longjmp'ed to, with 1, when power goes; null: operations
                       * fail from then on, as seen by a program that lives on */
};

enum power_verdict {
    POWER_ON,         /* do it */
    POWER_CUT_BEFORE, /* power is off: do nothing */
    POWER_CUT_TORN,   /* do half, then call power_cut() */
    POWER_CUT_AFTER,  /* do it, then call power_cut() */
};

/* Switches on, with operations counted from 1 again. plan null: never cut. */
void power_on(struct power *power, const struct cut_plan *plan, jmp_buf *handler);

/* Counts an operation that is about to happen and says what becomes of it. At
 * POWER_CUT_BEFORE the supply is off already; with a handler the cut itself does not
 * return. While it is off operations are neither counted nor does the handler see them. */
enum power_verdict power_operation(struct power *power);

/* Switches off. Does not return when there is a handler. */
void power_cut(struct power *power);

#endif
