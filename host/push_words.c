#include "host/push.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* What to try, by words in the device's own text: the numbers differ from chip to
 * chip. */
static const struct hint {
    const char *words; /* null ends the table */
    const char *advice;
} hints[] = {
    {"Not Enough Space", "it does not fit beside the running program: compress it (updraft image "
                         "--help), or build it smaller"},
    {"bootstrapping", "it was started by the serial loader: reset it once by hand, then try again"},
    {"MD5", "it was damaged on the way: try again"},
    {"Signature", "sign it with the key this device knows (updraft sign --help)"},
    {"Flash config", "it is built for a larger flash chip than this device has"},
    {"Magic", "it is no firmware for this chip; a file system image needs --filesystem"},
    {"another chip", "build it for this device's chip"},
    {"already running", "another update is under way: wait for it"},
    {"Bad Size", "the image is empty"},
    {"Stream Read Timeout", "the network is too slow or lossy: try again nearer to the device"},
    {NULL, NULL},
};

static const char *advice_for(const char *words)
{
    for (const struct hint *hint = hints; hint->words != NULL; hint++) {
        if (strstr(words, hint->words) != NULL)
            return hint->advice;
    }
    return NULL;
}

/* The device's own words, its number, and the advice there is. */
static void explain_error(const struct push *push, const char *before, char *text)
{
    const char *advice = advice_for(push->words);
    char number[24] = "";

    if (push->number >= 0)
        snprintf(number, sizeof number, " (%d)", push->number);
    snprintf(text, PUSH_EXPLANATION_MAX, "%s: %s%s%s%s", before, push->words, number,
             advice != NULL ? "; " : "", advice != NULL ? advice : "");
}

static void refused(const struct push *push, char *text)
{
    explain_error(push, "it refused the upload", text);
}

static void failed(const struct push *push, char *text)
{
    explain_error(push, "it did not take the image", text);
}

static void bad_answer(const struct push *push, char *text)
{
    explain_error(push, "it does not keep to the protocol of uploads: it says", text);
}

static void no_listener(const struct push *push, char *text)
{
    if (push->error == EADDRNOTAVAIL)
        snprintf(text, PUSH_EXPLANATION_MAX,
                 "%s is no address of this computer that such a device could connect to",
                 push->config.bind_to);
    else
        snprintf(text, PUSH_EXPLANATION_MAX,
                 "TCP port %u cannot be had for the device to connect to: %s; name a free one with "
                 "--connect-port",
                 push->config.listen_port, strerror(push->error));
}

static void no_route(const struct push *push, char *text)
{
    snprintf(text, PUSH_EXPLANATION_MAX, "nothing can be sent there: %s", strerror(push->error));
}

static unsigned udp_port(const struct push *push)
{
    const struct sockaddr_storage *address = &push->config.device.socket;

    return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)address)->sin6_port);
}

static void port_closed(const struct push *push, char *text)
{
    snprintf(text, PUSH_EXPLANATION_MAX,
             "nothing takes uploads on its UDP port %u; ESP8266 devices use 8266, ESP32 devices "
             "3232, unless their program says otherwise",
             udp_port(push));
}

static void no_answer(const struct push *push, char *text)
{
    snprintf(text, PUSH_EXPLANATION_MAX,
             "no answer from UDP port %u; is it switched on, in this network, and running a "
             "program that takes uploads?",
             udp_port(push));
}

static void no_connection(const struct push *push, char *text)
{
    snprintf(text, PUSH_EXPLANATION_MAX,
             "it accepted, but did not connect to TCP port %u of this computer; a firewall may be "
             "in the way: open one port, and name it with --connect-port",
             push->port);
}

static void cut_short(const struct push *push, char *text)
{
    snprintf(text, PUSH_EXPLANATION_MAX,
             "%s after %zu of %zu bytes; its old program still runs: try again",
             push->outcome == PUSH_STALLED ? "it stopped taking the image" : "the connection broke",
             push->done, push->config.image->length);
}

static const struct explanation {
    const char *words; /* where they are always the same */
    void (*explain)(const struct push *push, char *text);
} explanations[] = {
    [PUSH_PENDING] = {"still under way", NULL},
    [PUSH_OK] = {"updated", NULL},
    [PUSH_NO_LISTENER] = {NULL, no_listener},
    [PUSH_NO_ROUTE] = {NULL, no_route},
    [PUSH_PORT_CLOSED] = {NULL, port_closed},
    [PUSH_NO_ANSWER] = {NULL, no_answer},
    [PUSH_BAD_ANSWER] = {NULL, bad_answer},
    [PUSH_PASSWORD_ASKED] = {"it asks for a password; give it with --password-file FILE or in "
                             "UPDRAFT_PASSWORD",
                             NULL},
    [PUSH_PASSWORD_WRONG] = {"wrong password", NULL},
    [PUSH_NO_VERDICT] = {"no answer to the password; try again", NULL},
    [PUSH_REFUSED] = {NULL, refused},
    [PUSH_NO_CONNECTION] = {NULL, no_connection},
    [PUSH_STALLED] = {NULL, cut_short},
    [PUSH_BROKEN] = {NULL, cut_short},
    [PUSH_FAILED] = {NULL, failed},
    [PUSH_NO_RESULT] = {"it took the whole image and fell silent; whether it runs the new program "
                        "is unknown: look at its version",
                        NULL},
    [PUSH_GONE] = {"it took the whole image and closed the connection without a result; whether it "
                   "runs the new program is unknown: look at its version",
                   NULL},
    [PUSH_CANCELLED] = {"cancelled", NULL},
};

void push_explain(const struct push *push, char text[PUSH_EXPLANATION_MAX])
{
    const struct explanation *explanation = &explanations[push->outcome];

    if (explanation->explain != NULL)
        explanation->explain(push, text);
    else
        snprintf(text, PUSH_EXPLANATION_MAX, "%s", explanation->words);
}
