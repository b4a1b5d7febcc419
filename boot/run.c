#include "boot/run.h"

#include "updraft/image.h"
#include "updraft/trial.h"

#include <string.h>

#define GZIP_MIN_SIZE 18u /* header and trailer */
#define GZIP_MAGIC    (UD_IMAGE_GZIP_MAGIC1 << 8 | UD_IMAGE_GZIP_MAGIC0)

struct boot {
    const struct boot_config *config;
    struct boot_work *work;
    struct boot_result *result;
    struct ud_eboot_command command;
    struct ud_trial trial;
};

static void tell(const struct boot *boot, enum boot_step step)
{
    boot->config->step(boot->config->ctx, step, boot->result);
}

/* ---- The facts ---- */

static unsigned journal_facts(struct boot *boot)
{
    static const uint8_t facts[] = {
        [UD_JOURNAL_NONE] = 0,
        [UD_JOURNAL_DEBRIS] = BOOT_DEBRIS,
        [UD_JOURNAL_ORDERED] = BOOT_JOURNAL,
        [UD_JOURNAL_PLANNED] = BOOT_JOURNAL | BOOT_PLANNED,
    };
    struct boot_work *work = boot->work;
    enum ud_journal_state state;

    if (ud_journal_load(work->flash, &state, &work->order, &work->plan) != UD_OK)
        return 0;
    if (ud_journal_is_marked(work->flash, UD_JOURNAL_VERIFIED))
        return facts[state] | BOOT_VERIFIED;
    return facts[state];
}

static unsigned command_facts(struct boot *boot)
{
    if (ud_eboot_load(boot->config->rtc, &boot->command) != UD_OK)
        return 0;
    return boot->command.action == UD_EBOOT_COPY_RAW ? BOOT_COPY : BOOT_LOAD;
}

static unsigned trial_facts(struct boot *boot)
{
    static const uint8_t facts[] = {
        [UD_TRIAL_NONE] = 0,
        [UD_TRIAL_OPEN] = BOOT_TRIAL,
        [UD_TRIAL_SPENT] = BOOT_SPENT,
    };

    ud_trial_load(boot->work->flash, boot_program_end(boot->work->flash), &boot->trial);
    return facts[boot->trial.state];
}

/* ---- An update ---- */

/* Looks at both ends of the source: the magic, and the length in the trailer. */
static int look_at_source(const struct ud_flash *flash, struct boot_task *task)
{
    const struct ud_journal_order *order = &task->order;
    uint16_t magic;
    int error = boot_read_bytes(flash, order->source, &magic, sizeof magic);

    task->output_size = order->size;
    task->is_gzip = order->size >= GZIP_MIN_SIZE && magic == GZIP_MAGIC;
    if (error == UD_OK && task->is_gzip)
        error = boot_read_bytes(flash, order->source + order->size - 4, &task->output_size,
                                sizeof task->output_size);
    return error;
}

/* Once the source may have been overwritten, the plan tells what it was. */
static bool is_gzip(const struct boot_work *work)
{
    return work->plan.output_size != work->order.size;
}

static int plan(struct boot *boot)
{
    struct boot_work *work = boot->work;
    struct boot_task task = {
        .order = work->order,
        .running_size = boot_program_end(work->flash),
        .flash_size = work->flash->size,
    };

    boot->result->reason = BOOT_BAD_SOURCE;
    if (look_at_source(work->flash, &task) != UD_OK)
        return UD_ERR_FLASH_READ;
    boot->result->reason = boot_plan(&task, &work->plan);
    return boot->result->reason == BOOT_FEASIBLE ? ud_journal_plan(work->flash, &work->plan)
                                                 : UD_ERR_IMAGE;
}

/* What a trial needs is done only where the image asks for one. */
static int mark_checked(const struct boot_work *work)
{
    int error = UD_OK;

    if (work->check.wants_trial && work->plan.keep != UD_JOURNAL_NO_KEEP)
        error = ud_journal_mark(work->flash, UD_JOURNAL_TRIAL);
    return error != UD_OK ? error : ud_journal_mark(work->flash, UD_JOURNAL_VERIFIED);
}

/* Up to here nothing that runs has been touched: whatever fails, the update is
 * dropped and the old program starts. */
static bool prepare(struct boot *boot)
{
    struct boot_work *work = boot->work;
    int error = plan(boot);

    /* The journal has it now. Left alone, it would be met again. */
    (void)!ud_eboot_clear(boot->config->rtc);

    if (error == UD_OK) {
        work->is_gzip = is_gzip(work);
        tell(boot, BOOT_STEP_CHECK);
        error = boot_check(work);
    }
    if (error == UD_OK)
        error = mark_checked(work);
    boot->result->error = error;
    if (error == UD_OK)
        return true;
    (void)!ud_journal_clear(work->flash);
    return false;
}

/* The trial is in place before the journal forgets the update. */
static int finish(struct boot_work *work, bool is_trial)
{
    int error = UD_OK;

    if (is_trial)
        error = ud_trial_begin(work->flash, boot_program_end(work->flash), work->plan.keep,
                               work->plan.keep_size);
    return error != UD_OK ? error : ud_journal_clear(work->flash);
}

/* False when flash failed: what is left is done at the next boot. */
static bool carry_out(struct boot *boot)
{
    struct boot_work *work = boot->work;
    const bool is_trial = ud_journal_is_marked(work->flash, UD_JOURNAL_TRIAL);

    work->is_gzip = is_gzip(work);
    if (!is_trial)
        work->plan.keep_size = 0;
    tell(boot, BOOT_STEP_COPY);
    int error = boot_copy(work);
    if (error == UD_OK)
        error = finish(work, is_trial);
    boot->result->error = error;
    boot->result->is_copied = error == UD_OK;
    return error == UD_OK;
}

static bool adopt(struct boot *boot)
{
    const struct ud_journal_order order = {
        boot->command.source,
        boot->command.destination,
        boot->command.size,
    };

    boot->result->error = ud_journal_order(boot->work->flash, &order);
    return boot->result->error == UD_OK;
}

/* The order is given before the trial's last word on it: it is given once. */
static bool roll_back(struct boot *boot)
{
    const struct ud_journal_order order = {boot->trial.keep, BOOT_PROGRAM, boot->trial.keep_size};

    boot->result->error = ud_journal_order(boot->work->flash, &order);
    boot->result->is_returned = true;
    return ud_trial_count(boot->work->flash, &boot->trial) == UD_OK && boot->result->error == UD_OK;
}

/* ---- The boot ---- */

/* Does what was decided. True when there is something else to decide. */
static bool act(struct boot *boot)
{
    switch (boot->result->action) {
    case BOOT_RESUME:
        if (carry_out(boot))
            return true;
        boot->result->outcome = BOOT_RESTARTS;
        return false;
    case BOOT_BEGIN:
        return prepare(boot);
    case BOOT_ADOPT:
        return adopt(boot);
    case BOOT_CLEAN:
        return ud_journal_clear(boot->work->flash) == UD_OK;
    case BOOT_ROLL_BACK:
        return roll_back(boot);
    case BOOT_TRY:
        (void)!ud_trial_count(boot->work->flash, &boot->trial);
        return false;
    case BOOT_START_AT:
        boot->result->base = boot->command.destination;
        (void)!ud_eboot_clear(boot->config->rtc);
        return false;
    case BOOT_START:
    default:
        return false;
    }
}

void boot_run(const struct boot_config *config, struct boot_result *result)
{
    struct boot boot = {.config = config, .work = config->work, .result = result};

    memset(result, 0, sizeof *result);
    boot.work->flash = config->flash;
    do {
        result->action =
            boot_decide(journal_facts(&boot) | command_facts(&boot) | trial_facts(&boot));
        tell(&boot, BOOT_STEP_ACTION);
    } while (act(&boot));
    tell(&boot, BOOT_STEP_END);
}
