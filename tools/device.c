/* `updraft device`: virtual ESP8266 or ESP32 devices that boot from flash files, ask a
 * server, update and restart; or with --qemu one that runs the flash file's own code.
 */
#include "tools/device.h"

#include "host/options.h"
#include "host/report.h"
#include "tools/command.h"
#include "updraft/url.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAC_DEFAULT            "5C:CF:7F:00:00:01"
#define CHIP_DEFAULT           "esp8266"
#define LAYOUT_DEFAULT         "4M2M"
#define POLL_DEFAULT_S         10ul
#define TLS_RECORD_DEFAULT     4096ul
#define TRIAL_DEFAULT_S        60ul
#define SECONDS_LIMIT          86400ul
#define UPLOAD_ADDRESS_DEFAULT "127.0.0.1"
#define COUNT_LIMIT            30000ul      /* mappings a process may have, with room to spare */
#define MAC_MULTICAST          (1ull << 40) /* no station has such an address */
#define MAC_LAST               0xffffffull  /* the part that counts up */

#define ROWS_MAX 64u

struct rows {
    struct option_row rows[ROWS_MAX]; /* ended by one that is all zero */
    size_t count;
};

static void add_rows(struct rows *rows, const struct option_row *more, size_t count)
{
    for (size_t i = 0; i < count && rows->count < ROWS_MAX - 1; i++)
        rows->rows[rows->count++] = more[i];
}

static void add_device_rows(struct rows *rows, struct device_order *order)
{
    const struct option_row more[] = {
        {"url", 'u', OPTION_TEXT, &order->url, "URL", "what to ask"},
        {"flash", 'f', OPTION_TEXT, &order->flash, "FILE",
         "the flash of one device; made if it does not exist"},
        {"dir", 'd', OPTION_TEXT, &order->dir, "DIR", "flash files of several, named by MAC"},
        {"app", 'a', OPTION_TEXT, &order->app, "FILE", "firmware that new devices run at first"},
        {"count", 'n', OPTION_NUMBER, &order->count, "N", "how many (default 1)"},
        {"mac", 'm', OPTION_TEXT, &order->mac, "MAC",
         "of the first; the others count up (default " MAC_DEFAULT ")"},
        {"chip", 'c', OPTION_TEXT, &order->chip, "CHIP",
         "esp8266 (default), esp32, esp32-c3, esp32-s3, …"},
        {"table", 0, OPTION_TEXT, &order->table, "FILE",
         "an ESP32's partition table, CSV or binary (default the Arduino core's)"},
        {"layout", 'l', OPTION_TEXT, &order->layout, "NAME",
         "flash size and file system (default " LAYOUT_DEFAULT ")"},
    };

    add_rows(rows, more, sizeof more / sizeof more[0]);
}

static void add_life_rows(struct rows *rows, struct device_order *order)
{
    const struct option_row more[] = {
        {"poll", 'p', OPTION_NUMBER, &order->poll_s, "SECONDS",
         "from one check-in to the next (default 10)"},
        {"once", 0, OPTION_FLAG, &order->once, NULL, "check in, take what comes, restart, end"},
        {"until", 0, OPTION_TEXT, &order->until, "VERSION",
         "end when all run it and the server knows; with --qemu when the board says it"},
        {"stage", 0, OPTION_FLAG, &order->stage, NULL,
         "end when an update is staged: what boots the flash file next carries it out"},
        {"hangs", 0, OPTION_TEXT, &order->hangs, "VERSION",
         "a program of that version hangs when it is started, and the watchdog restarts the chip"},
        {"timeout", 't', OPTION_NUMBER, &order->timeout_s, "SECONDS", "give up after that time"},
        {"speed", 0, OPTION_TEXT, &order->speed, "real|fast",
         "take the time a flash chip takes, or none (default fast)"},
        {"ca", 0, OPTION_TEXT, &order->ca, "FILE",
         "https: PEM certificates of whom the server's must come from, or the server's own"},
        {"pin", 0, OPTION_TEXT, &order->pin, "PIN",
         "https: the server's key must be this one, sha256//… as tls-check prints it"},
        {"tls-record", 0, OPTION_NUMBER, &order->tls_record, "BYTES",
         "https: memory for the server's records, which it is asked to keep to (default 4096)"},
        {"no-clock", 0, OPTION_FLAG, &order->lacks_clock, NULL,
         "https: as a device that does not know the time"},
        {"redirects", 0, OPTION_FLAG, &order->redirects, NULL, "follow them"},
        {"user", 0, OPTION_TEXT, &order->user, "NAME", "for Basic authorization"},
        {"password-file", 0, OPTION_TEXT, &order->password_file, "FILE", "its password"},
    };

    add_rows(rows, more, sizeof more / sizeof more[0]);
}

static void add_upload_rows(struct rows *rows, struct device_order *order)
{
    const struct option_row more[] = {
        {"uploads", 0, OPTION_NUMBER, &order->upload_port, "PORT",
         "take uploads from UDP port PORT on, a port for each device"},
        {"upload-address", 0, OPTION_TEXT, &order->upload_address, "ADDRESS",
         "where (default " UPLOAD_ADDRESS_DEFAULT "); others are announced by mDNS"},
        {"page", 0, OPTION_NUMBER, &order->page_port, "PORT",
         "serve the page for uploads by browser from TCP port PORT on, a port for each device"},
        {"page-user", 0, OPTION_TEXT, &order->page_user, "NAME",
         "who may use it, with the uploads' password"},
        {"upload-password-file", 0, OPTION_TEXT, &order->upload_password_file, "FILE",
         "their password"},
        {"upload-sha256", 0, OPTION_FLAG, &order->upload_sha256, NULL,
         "proved by SHA-256, as ESP32 devices have it"},
    };

    add_rows(rows, more, sizeof more / sizeof more[0]);
}

static void add_trust_rows(struct rows *rows, struct device_order *order)
{
    const struct option_row more[] = {
        {"trust", 0, OPTION_LIST, &order->trusted, "FILE",
         "take only updates that the key signed whose public part this is; for each key once"},
        {"manifest", 0, OPTION_FLAG, &order->wants_manifest, NULL,
         "take only what says that it is for their program's project"},
        {"product", 0, OPTION_TEXT, &order->product, "NAME", "or for this one"},
        {"in-place", 0, OPTION_FLAG, &order->in_place, NULL,
         "write file systems straight to their place, not by way of the bootloader"},
    };

    add_rows(rows, more, sizeof more / sizeof more[0]);
}

static void add_board_rows(struct rows *rows, struct device_order *order)
{
    const struct option_row more[] = {
        {"json", 0, OPTION_FLAG, &order->json, NULL, "print events, one JSON object a line"},
        {"qemu", 0, OPTION_FLAG, &order->qemu, NULL, "run one board's own code, under QEMU"},
        {"trial", 0, OPTION_NUMBER, &order->trial_s, "SECONDS",
         "with --qemu --url: a program on trial restarts when its server has not answered it for "
         "so "
         "long (default 60; 0: never)"},
        {"cut", 0, OPTION_TEXT, &order->cut, "PLAN",
         "with --qemu: power goes before, in or after a flash operation: 12b, 12t:7, 12a+rtc"},
        {"set", 0, OPTION_LIST, &order->settings, "NAME=VALUE",
         "with --qemu: a setting of the board's program, as for updraft settings"},
        {"tap", 0, OPTION_TEXT, &order->tap, "INTERFACE",
         "with --qemu: the board is on the network of that interface, made by ip tuntap"},
        {"rom", 0, OPTION_TEXT, &order->rom, "FILE", "with --qemu: another rom.elf for the board"},
    };

    add_rows(rows, more, sizeof more / sizeof more[0]);
}

static enum options_result parse(int argc, char **argv, struct device_order *order)
{
    struct rows rows = {0};
    const struct command_usage usage = {
        "updraft device",
        "--url URL [--flash FILE | --dir DIR] [--app FILE] [--count N] [--uploads PORT]\n"
        "         [--page PORT]\n"
        "       updraft device --qemu [--url URL] [--page PORT] [--flash FILE] [--app FILE]\n"
        "         [--tap INTERFACE] [--cut PLAN]",
        "Runs virtual ESP8266 or ESP32 devices until SIGINT. They ask the server as the Arduino "
        "core does,\n"
        "stage what they get, and boot it through the bootloader's own code. With --qemu one "
        "board\n"
        "runs what is in its flash on the chip's own instruction set, and shows its console;\n"
        "what it is to ask, take and trust goes to its settings in flash. Without --flash or "
        "--dir\n"
        "flash is forgotten in the end.",
        rows.rows};
    int operands;

    add_device_rows(&rows, order);
    add_life_rows(&rows, order);
    add_upload_rows(&rows, order);
    add_trust_rows(&rows, order);
    add_board_rows(&rows, order);
    const enum options_result result = options_parse(&usage, argc, argv, &operands);

    if (result != OPTIONS_OK || operands == 0)
        return result;
    report_usage("%s is not expected: the server's address goes after --url", argv[1]);
    return OPTIONS_BAD;
}

/* EXIT_OK, or reported. */
static int check_url(const struct device_order *order)
{
    struct ud_url url;

    if (order->url == NULL && (order->upload_port != 0 || order->page_port != 0))
        return EXIT_OK;
    if (order->url == NULL)
        return report_usage("--url is missing: what the devices are to ask; or --uploads PORT,"
                            " or --page PORT");
    if (ud_url_parse(order->url, &url) != UD_OK)
        return report_usage("%s is no URL like http://127.0.0.1:8266/update", order->url);
    return device_tls_check(order);
}

static int check_macs(struct device_order *order)
{
    if (!mac_parse(order->mac, &order->first_mac))
        return report_usage("%s is no MAC address like " MAC_DEFAULT, order->mac);
    if (order->first_mac & MAC_MULTICAST)
        return report_usage("%s is a group address, no device's", order->mac);
    if (order->count == 0 || order->count > COUNT_LIMIT)
        return report_usage("--count takes 1 to %lu", COUNT_LIMIT);
    if (order->count - 1 > MAC_LAST - (order->first_mac & MAC_LAST))
        return report_usage("there are not %lu addresses from %s on", order->count, order->mac);
    return EXIT_OK;
}

static int check_flash(const struct device_order *order)
{
    if (order->flash != NULL && order->dir != NULL)
        return report_usage("--flash or --dir, not both");
    if (order->flash != NULL && order->count > 1)
        return report_usage("--flash is for one device; --dir DIR holds the files of %lu",
                            order->count);
    if (order->flash == NULL && order->dir == NULL && order->app == NULL)
        return report_usage("--app is missing: what the devices run at first");
    return EXIT_OK;
}

/* What goes with one kind of chip and not with the other. */
static int check_chip(struct device_order *order)
{
    order->is_esp32 = strcasecmp(order->chip, CHIP_DEFAULT) != 0;
    if (!order->is_esp32)
        return order->table == NULL ? EXIT_OK : report_usage("--table goes with --chip esp32");
    if (!chip_esp32_find(order->chip, &order->esp32_chip))
        return report_usage("unknown chip %s; chips are esp8266, esp32, esp32-c3, esp32-s3, …",
                            order->chip);
    if (strcmp(order->layout, LAYOUT_DEFAULT) != 0)
        return report_usage("--layout is for the ESP8266; --table FILE says how flash is divided");
    if (order->stage || order->in_place)
        return report_usage("--stage and --in-place are for the ESP8266");
    return EXIT_OK;
}

static int check_behaviour(struct device_order *order)
{
    order->is_lifelike = strcmp(order->speed, "real") == 0;
    if (!order->is_lifelike && strcmp(order->speed, "fast") != 0)
        return report_usage("--speed takes real or fast, not %s", order->speed);
    if (order->once + order->stage + (order->until != NULL) > 1)
        return report_usage("--once, --until or --stage, only one of them");
    if (order->stage && order->flash == NULL && order->dir == NULL)
        return report_usage("--stage needs --flash FILE or --dir DIR, which keep what is staged");
    if (order->product != NULL && !order->wants_manifest && order->trusted.count == 0)
        return report_usage("--product goes with --manifest or --trust");
    if (order->poll_s == 0 || order->poll_s > SECONDS_LIMIT)
        return report_usage("--poll takes 1 to %lu seconds", SECONDS_LIMIT);
    if (order->timeout_s > SECONDS_LIMIT)
        return report_usage("--timeout takes at most %lu seconds", SECONDS_LIMIT);
    if ((order->user == NULL) != (order->password_file == NULL))
        return report_usage("--user and --password-file go together");
    return EXIT_OK;
}

/* One for each device, or none. */
static bool are_ports(unsigned long first, unsigned long count)
{
    return first == 0 || (first <= UINT16_MAX && count - 1 <= UINT16_MAX - first);
}

static int check_uploads(const struct device_order *order)
{
    struct in_addr address;

    if (inet_pton(AF_INET, order->upload_address, &address) != 1)
        return report_usage("%s is no IPv4 address", order->upload_address);
    if (!are_ports(order->page_port, order->count))
        return report_usage("--page takes 1 to 65535, and as many from there on as there are "
                            "devices");
    if (order->page_user != NULL && (order->page_port == 0 || order->upload_password_file == NULL))
        return report_usage("--page-user needs --page PORT and --upload-password-file FILE");
    if (!are_ports(order->upload_port, order->count))
        return report_usage("--uploads takes 1 to 65535, and as many from there on as there are "
                            "devices");
    if (order->upload_port == 0 && order->page_user == NULL && order->upload_password_file != NULL)
        return report_usage("--upload-password-file needs --uploads PORT, or --page-user NAME");
    if (order->upload_port == 0 && order->upload_sha256)
        return report_usage("--upload-sha256 needs --uploads PORT");
    return EXIT_OK;
}

/* Only one of the two kinds of devices takes them. */
static int check_kind(const struct device_order *order)
{
    const struct {
        const char *name;
        bool is_given;
        const char *why;
    } rows[] = {
        {"--once", order->once, "--until TEXT ends it"},
        {"--stage", order->stage, "it boots what it stages"},
        {"--in-place", order->in_place, "the program in flash decides"},
        {"--redirects", order->redirects, "the program in flash decides"},
        {"--user", order->user != NULL, "the program in flash decides"},
        {"--password-file", order->password_file != NULL, "the program in flash decides"},
        {"--chip", strcasecmp(order->chip, CHIP_DEFAULT) != 0, "it is an ESP8266"},
        {"--hangs", order->hangs != NULL, "what is in flash does what it does"},
        {"--dir", order->dir != NULL, "it runs one board"},
        {"--count", order->count != 1, "it runs one board"},
        {"--no-clock", order->lacks_clock, "it has none anyway"},
        {"--tls-record", order->tls_record != TLS_RECORD_DEFAULT, "the program in flash decides"},
        {"--speed", strcmp(order->speed, "fast") != 0, "flash takes no time there"},
        {"--json", order->json, "the board's console is text"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].is_given)
            return report_usage("%s does not go with --qemu: %s", rows[i].name, rows[i].why);
    return EXIT_OK;
}

/* They go where the URL goes. */
static int check_settings(const struct device_order *order)
{
    if (order->poll_s != POLL_DEFAULT_S || order->trial_s != TRIAL_DEFAULT_S)
        return report_usage("--poll and --trial go with --url: what they are about");
    return EXIT_OK;
}

static int check_board_uploads(const struct device_order *order)
{
    if (!are_ports(order->page_port, 1))
        return report_usage("--page takes 1 to 65535");
    if (order->page_user != NULL && (order->page_port == 0 || order->upload_password_file == NULL))
        return report_usage("--page-user needs --page PORT and --upload-password-file FILE");
    if (!are_ports(order->upload_port, 1))
        return report_usage("--uploads takes 1 to 65535");
    if (order->tap != NULL &&
        (strlen(order->tap) >= IF_NAMESIZE || strchr(order->tap, ',') != NULL))
        return report_usage("%s is no name of an interface", order->tap);
    if (strcmp(order->upload_address, UPLOAD_ADDRESS_DEFAULT) != 0)
        return report_usage(
            "--upload-address does not go with --qemu: ports of " UPLOAD_ADDRESS_DEFAULT
            " lead to the board");
    return EXIT_OK;
}

static int check_board(struct device_order *order)
{
    int status = check_kind(order);

    if (status != EXIT_OK)
        return status;
    if (order->cut != NULL && !cut_parse(order->cut, &order->cut_plan))
        return report_usage("%s is no cut like 12b, 12t:7 or 12a+rtc", order->cut);
    if (order->timeout_s > SECONDS_LIMIT || order->trial_s > SECONDS_LIMIT)
        return report_usage("--timeout and --trial take at most %lu seconds", SECONDS_LIMIT);
    if (order->poll_s == 0 || order->poll_s > SECONDS_LIMIT)
        return report_usage("--poll takes 1 to %lu seconds", SECONDS_LIMIT);
    status = check_board_uploads(order);
    if (status != EXIT_OK)
        return status;
    status = order->url != NULL ? check_url(order) : check_settings(order);
    if (status == EXIT_OK)
        status = check_macs(order);
    return status == EXIT_OK ? check_flash(order) : status;
}

static int check(struct device_order *order)
{
    if (order->qemu)
        return check_board(order);
    if (order->cut != NULL || order->rom != NULL || order->trial_s != TRIAL_DEFAULT_S ||
        order->settings.count != 0 || order->tap != NULL)
        return report_usage("--cut, --rom, --set, --tap and --trial go with --qemu only");
    int status = check_url(order);

    if (status == EXIT_OK)
        status = check_macs(order);
    if (status == EXIT_OK)
        status = check_chip(order);
    if (status == EXIT_OK)
        status = check_flash(order);
    if (status == EXIT_OK)
        status = check_uploads(order);
    return status == EXIT_OK ? check_behaviour(order) : status;
}

int command_device(int argc, char **argv)
{
    struct device_order order = {
        .mac = MAC_DEFAULT,
        .chip = CHIP_DEFAULT,
        .layout = LAYOUT_DEFAULT,
        .speed = "fast",
        .upload_address = UPLOAD_ADDRESS_DEFAULT,
        .count = 1,
        .poll_s = POLL_DEFAULT_S,
        .tls_record = TLS_RECORD_DEFAULT,
        .trial_s = TRIAL_DEFAULT_S,
    };
    const enum options_result parsed = parse(argc, argv, &order);

    if (parsed != OPTIONS_OK)
        return parsed == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
    const int status = check(&order);
    if (status != EXIT_OK)
        return status;
    return order.qemu ? device_run_board(&order) : device_run(&order);
}
