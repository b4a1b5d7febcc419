#include "server/model/abilities.h"
#include "server/policy/path.h"
#include "server/policy/policy.h"

#include "updraft/hex.h"

#include <stdio.h>
#include <string.h>

static const char *chip_name(const struct device_facts *facts)
{
    const char *name = device_chip_name(facts);

    return name != NULL ? name : "unknown chip";
}

/* What the device runs, as the end of a sentence. */
static void describe_running(const struct device_facts *facts, char *text, size_t size)
{
    if (facts->version[0] != '\0')
        snprintf(text, size, "it runs %s", facts->version);
    else
        snprintf(text, size, "it sends no version and its sketch is another");
}

static void explain_none(const struct policy_decision *decision, const struct policy_device *device,
                         char text[POLICY_REASON_SIZE])
{
    const char *product = policy_product(device);
    const char *channel = device->assignment.channel != NULL ? device->assignment.channel
                          : device->group != NULL && device->group->channel != NULL
                              ? device->group->channel
                              : CHANNEL_DEFAULT;
    const char *pin = device->assignment.pin != NULL ? device->assignment.pin
                      : device->group != NULL        ? device->group->pin
                                                     : NULL;

    if (decision->rule == RULE_NEVER_SEEN)
        snprintf(text, POLICY_REASON_SIZE, "entered by an operator, has not checked in yet");
    else if (decision->rule == RULE_NO_PRODUCT)
        snprintf(text, POLICY_REASON_SIZE, "it has no product: give it one");
    else if (decision->rule == RULE_PIN_NOT_LIVE)
        snprintf(text, POLICY_REASON_SIZE, "pinned to %s, which %s%s%s", pin,
                 decision->target->state == RELEASE_DRAFT ? "is a draft" : "was withdrawn",
                 decision->target->reason[0] != '\0' ? ": " : "", decision->target->reason);
    else if (decision->rule == RULE_NO_SUCH_PIN)
        snprintf(text, POLICY_REASON_SIZE, "pinned to %s, which %s has no release of", pin,
                 product);
    else
        snprintf(text, POLICY_REASON_SIZE, "%s has no release on the channel %s", product, channel);
}

/* A sketch that reports another version than it is published under can never
 * arrive; that is worth saying, being the most common mistake. */
static void explain_held_back(const struct policy_decision *decision,
                              const struct policy_device *device, char text[POLICY_REASON_SIZE])
{
    const struct release *target = decision->next;
    const struct device_facts *facts = device->facts;

    if (decision->rule == RULE_KEYS_HELD)
        snprintf(text, POLICY_REASON_SIZE, "%s is signed by a key that it does not trust yet",
                 target->version);
    else if (policy_runs_image(facts, &target->image.digests))
        snprintf(text, POLICY_REASON_SIZE,
                 "it runs the image of %s, but calls itself %s: publish that image under the "
                 "version it reports",
                 target->version, facts->version);
    else if (decision->rollout != NULL && device->part.rollout == decision->rollout->id &&
             device->part.comebacks >= decision->rollout->attempts)
        snprintf(text, POLICY_REASON_SIZE,
                 "%s was downloaded %u time(s) and it came back without it: retry when the cause "
                 "is found",
                 target->version, device->part.comebacks);
    else
        snprintf(text, POLICY_REASON_SIZE,
                 "%s was offered %u times and did not arrive: retry when the cause is found",
                 target->version, POLICY_OFFERS_MAX);
}

static void explain_no_form(const struct release *target, const struct device_abilities *abilities,
                            char text[POLICY_REASON_SIZE])
{
    char id[2 * UD_KEY_ID_SIZE + 1] = "one of its keys";

    if (!abilities->verifies) {
        snprintf(text, POLICY_REASON_SIZE,
                 "%s is there compressed only, which it does not take: publish the .bin, too",
                 target->version);
        return;
    }
    if (abilities->key_count == 1)
        ud_hex_encode(abilities->keys[0], UD_KEY_ID_SIZE, id);
    snprintf(text, POLICY_REASON_SIZE,
             "it takes files signed by %s only, and %s is not: publish it signed", id,
             target->version);
}

static void explain_unfit(const struct policy_decision *decision, const struct device_facts *facts,
                          char text[POLICY_REASON_SIZE])
{
    const struct release *target = decision->next;
    const struct release_image *image = &target->image;
    const struct release_file *file = decision->file;

    if (decision->rule == RULE_NO_STEP)
        snprintf(text, POLICY_REASON_SIZE,
                 "%s can only be reached from %s or later, and there is no release for it on the "
                 "way: publish one",
                 target->version, target->requires);
    else if (decision->rule == RULE_FILE_MISSING)
        snprintf(text, POLICY_REASON_SIZE,
                 "the file of %s is missing or damaged on this server: unless it gets it from "
                 "other nodes' store, publish it again",
                 target->version);
    else if (decision->rule == RULE_OTHER_CHIP)
        snprintf(text, POLICY_REASON_SIZE, "%s is for %s, this is an %s", target->version,
                 image->chip_name, chip_name(facts));
    else if (decision->rule == RULE_FLASH_TOO_SMALL)
        snprintf(text, POLICY_REASON_SIZE,
                 "%s is built for %u bytes of flash, the chip has %u: build it for the chip",
                 target->version, image->flash_size, facts->chip_size);
    else if (decision->rule == RULE_NO_SPACE)
        snprintf(text, POLICY_REASON_SIZE, "%s has %u bytes, there is space for %u%s",
                 target->version, file->size, facts->free_space,
                 facts->chip == UD_CHIP_ESP8266 && !file->compressed
                     ? ": publish it compressed (.bin.gz)"
                     : "");
    else if (decision->rule == RULE_NO_FORM)
        explain_no_form(target, &facts->abilities, text);
    else
        snprintf(text, POLICY_REASON_SIZE,
                 "%s would run into its own compressed file while it is unpacked: it needs a "
                 "smaller image or a larger flash",
                 target->version);
}

static void explain_offered(const struct policy_decision *decision,
                            const struct device_facts *facts, char text[POLICY_REASON_SIZE])
{
    const char *version = decision->next->version;
    char running[80];

    describe_running(facts, running, sizeof running);
    if (decision->rule == RULE_ON_ITS_WAY)
        snprintf(text, POLICY_REASON_SIZE, "%s is on its way: %s", version, running);
    else
        snprintf(text, POLICY_REASON_SIZE, "%s is due: %s", version, running);
    if (decision->next == decision->target)
        return;
    const size_t length = strlen(text);
    snprintf(text + length, POLICY_REASON_SIZE - length, ", and %s needs it first",
             decision->target->version);
}

/* It runs something newer than it should. */
static void explain_ahead(const struct release *target, const struct policy_running *running,
                          char text[POLICY_REASON_SIZE])
{
    const bool is_withdrawn =
        running->release != NULL && running->release->state == RELEASE_WITHDRAWN;

    snprintf(text, POLICY_REASON_SIZE,
             "it runs %s%s, and %s is older: pin it there as a downgrade to take it back",
             running->version, is_withdrawn ? ", which was withdrawn" : "", target->version);
}

static void explain_window(const struct rollout *rollout, const char *version,
                           char text[POLICY_REASON_SIZE])
{
    const struct rollout_window *window = &rollout->window;

    snprintf(text, POLICY_REASON_SIZE,
             "%s waits for its maintenance window, %02u:%02u to %02u:%02u at the device (rollout "
             "%u)",
             version, window->from_min / 60u, window->from_min % 60u, window->to_min / 60u,
             window->to_min % 60u, rollout->id);
}

static const char *load_words(enum policy_load load)
{
    return load == LOAD_SITE_FULL     ? "downloads as may be at its site"
           : load == LOAD_SITE_RATE   ? "bytes a second as may be to its site"
           : load == LOAD_SERVER_RATE ? "bytes a second as may be"
                                      : "downloads as may be at once";
}

static void explain_waiting(const struct policy_decision *decision,
                            const struct policy_device *device, char text[POLICY_REASON_SIZE])
{
    const struct rollout *rollout = decision->rollout;
    const char *version = decision->target->version;

    if (decision->rule == RULE_BUSY)
        snprintf(text, POLICY_REASON_SIZE, "%s is due, but as many %s go on", version,
                 load_words(device->load));
    else if (decision->rule == RULE_FILES_FIRST)
        snprintf(text, POLICY_REASON_SIZE,
                 "%s waits for its file system, which goes first: the device has to ask for it",
                 decision->next->version);
    else if (decision->rule == RULE_KEYS_FIRST)
        snprintf(text, POLICY_REASON_SIZE, "%s waits for key update %u, which goes first",
                 decision->next->version, decision->keys.update->number);
    else if (decision->rule == RULE_OUTSIDE_WINDOW)
        explain_window(rollout, version, text);
    else if (decision->rule == RULE_NOT_IN_ROLLOUT)
        snprintf(text, POLICY_REASON_SIZE, "%s is given out by rollout %u, which is not for it",
                 version, rollout->id);
    else if (decision->rule == RULE_STAGE_TO_COME)
        snprintf(text, POLICY_REASON_SIZE,
                 "%s reaches it in a later stage of rollout %u: %u of %u are open", version,
                 rollout->id, rollout->stage, rollout->stage_count);
    else
        snprintf(text, POLICY_REASON_SIZE, "%s is given out by rollout %u, which is %s%s%s",
                 version, rollout->id, rollout_state_name(rollout->state),
                 rollout->reason[0] != '\0' ? ": " : "", rollout->reason);
}

/* What a rollout holds back from a device that is otherwise as it should be. */
static void explain_later(const struct rollout *rollout, const struct policy_device *device,
                          const struct policy_catalogue *catalogue, char text[POLICY_REASON_SIZE])
{
    const size_t length = strlen(text);
    const bool has_failed = policy_standing(device, rollout, catalogue) == STANDING_FAILED;
    const bool is_open = rollout->state == ROLLOUT_RUNNING || rollout->state == ROLLOUT_AWAITING;

    snprintf(text + length, POLICY_REASON_SIZE - length, "; rollout %u of %s %s%s%s", rollout->id,
             rollout->release->version, is_open ? "reaches it later" : "is ",
             is_open ? "" : rollout_state_name(rollout->state),
             has_failed ? ", and failed here" : "");
}

/* A key update it does not take, whatever becomes of the release. */
static void explain_keys_held(const struct policy_keys *keys, char text[POLICY_REASON_SIZE])
{
    const size_t length = strlen(text);

    snprintf(text + length, POLICY_REASON_SIZE - length,
             "; key update %u was offered %u times and its ring did not take it: is it signed by "
             "a key the device trusts, and for its product?",
             keys->update->number, keys->offers);
}

const char *policy_explain(const struct policy_decision *decision,
                           const struct policy_device *device,
                           const struct policy_catalogue *catalogue, char text[POLICY_REASON_SIZE])
{
    const struct policy_running running = policy_running(device, catalogue);

    switch (decision->state) {
    case STATE_CURRENT:
        snprintf(text, POLICY_REASON_SIZE, "it runs %s%s", decision->target->version,
                 decision->rule == RULE_SAME_DIGEST ? ", going by the digest of its sketch" : "");
        break;
    case STATE_FAILING:
        explain_held_back(decision, device, text);
        break;
    case STATE_UNFIT:
        explain_unfit(decision, device->facts, text);
        break;
    case STATE_WAITING:
        explain_waiting(decision, device, text);
        break;
    case STATE_DUE:
    case STATE_UPDATING:
        explain_offered(decision, device->facts, text);
        break;
    case STATE_DECOMMISSIONED:
        snprintf(text, POLICY_REASON_SIZE, "it is decommissioned");
        break;
    case STATE_AHEAD:
        explain_ahead(decision->target, &running, text);
        break;
    case STATE_UNASSIGNED:
    case STATE_NEVER_SEEN:
    case STATE_NO_RELEASE:
    case STATE_COUNT:
    default:
        explain_none(decision, device, text);
        break;
    }
    if (decision->later != NULL && decision->state != STATE_DECOMMISSIONED)
        explain_later(decision->later, device, catalogue, text);
    if (decision->keys.rule == RULE_KEYS_HELD)
        explain_keys_held(&decision->keys, text);
    return text;
}
