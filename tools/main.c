/* The `updraft` command: finds the subcommand and gets out of its way. */
#include "host/report.h"
#include "host/text.h"
#include "tools/command.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name; /* null ends the table */
    command_function *run;
    const char *about;
};

static const struct command commands[] = {
    {"serve", command_serve, "the update server: answers devices, shows the dashboard"},
    {"publish", command_publish, "give a server a firmware file to hand out"},
    {"devices", command_devices, "a server's devices, and what they should run"},
    {"releases", command_releases, "what a server has to hand out"},
    {"rollout", command_rollout, "a release for devices in stages, that halts when it fails"},
    {"user", command_user, "who may sign in to a server"},
    {"token", command_token, "tokens for programs that operate a server"},
    {"secret", command_secret, "what devices prove themselves with to a server"},
    {"audit", command_audit, "who changed what on a server"},
    {"webhook", command_webhook, "who a server tells of rollouts, releases and devices"},
    {"backup", command_backup, "a copy of all that a server keeps, in one file"},
    {"restore", command_restore, "a data folder of such a copy"},
    {"image", command_image, "what is in a firmware file, and whether it is sound"},
    {"device", command_device, "virtual devices: boot from flash files, ask a server, update"},
    {"push", command_push, "upload a firmware file to devices of the local network"},
    {"discover", command_discover, "which devices of the local network take uploads"},
    {"espota", command_espota, "the Arduino cores' uploader, also when called as espota"},
    {"flash", command_flash, "put together the content of a flash chip"},
    {"partitions", command_partitions, "partition tables: CSV to binary and back, and a picture"},
    {"otadata", command_otadata, "which slot of an ESP32 starts"},
    {"settings", command_settings, "what the firmware in a flash file was told, and changing it"},
    {"tls-check", command_tls_check, "can devices with little memory use a server's https?"},
    {"keygen", command_keygen, "make a key pair to sign updates with"},
    {"sign", command_sign, "append a signature to an update"},
    {"verify", command_verify, "is an update signed by a key?"},
    {"key", command_key, "key ids, keys for the firmware, key updates"},
    {"signing", command_signing, "the Arduino core's signing tool, also when called as signing"},
    {NULL, NULL, NULL},
};

static const struct command *command_named(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void print_overview(void)
{
    printf("usage: updraft COMMAND [OPTION…] [OPERAND…]\n\n"
           "Over-the-air firmware updates for ESP8266 and ESP32.\n\n");
    for (const struct command *command = commands; command->name; command++)
        printf("  %-10s  %s\n", command->name, command->about);
    printf("  %-10s  %s\n  %-10s  %s\n\n", "help", "say this, or more about a command", "version",
           "say which version this is");
    printf("updraft COMMAND --help says how to use it.\n"
           "Exit status: 0 done, 1 failed, 2 called wrongly.\n");
}

static int unknown_command(const char *name)
{
    struct text_nearest nearest;
    text_nearest_begin(&nearest, name);
    for (const struct command *command = commands; command->name; command++)
        text_nearest_offer(&nearest, command->name);
    if (nearest.best)
        return report_usage("unknown command %s (did you mean %s?)", name, nearest.best);
    return report_usage("unknown command %s", name);
}

static int run_as(const char *program, const struct command *command, int argc, char **argv)
{
    report_set_program(program);
    const int status = command->run(argc, argv);
    report_set_program("updraft");
    return status;
}

static int run_command(int argc, char **argv)
{
    const struct command *command = command_named(argv[0]);
    if (!command)
        return unknown_command(argv[0]);
    char program[64];
    snprintf(program, sizeof program, "updraft %s", command->name);
    return run_as(program, command, argc, argv);
}

static int help(int argc, char **argv)
{
    char ask[] = "--help";
    char *asking[] = {argc > 1 ? argv[1] : NULL, ask, NULL};
    if (argc > 2)
        return report_usage("help takes one command, not %d", argc - 1);
    if (argc == 2)
        return run_command(2, asking);
    print_overview();
    return EXIT_OK;
}

static int version(int argc, char **argv)
{
    if (argc > 1)
        return report_usage("version takes nothing, not %s", argv[1]);
    printf("updraft " UPDRAFT_VERSION "\n");
    return EXIT_OK;
}

static int dispatch(int argc, char **argv)
{
    static const struct command built_in[] = {
        {"help", help, NULL},       {"--help", help, NULL},       {"-h", help, NULL},
        {"version", version, NULL}, {"--version", version, NULL}, {NULL, NULL, NULL},
    };
    if (argc < 1) {
        print_overview();
        return EXIT_USAGE;
    }
    for (const struct command *command = built_in; command->name; command++)
        if (strcmp(command->name, argv[0]) == 0)
            return command->run(argc, argv);
    return run_command(argc, argv);
}

/* The programs of others that this one stands in for when it is called by their
 * names, with or without the ".py": each is a subcommand too. */
static const char *const stand_ins[] = {"espota", "signing", NULL};

/* The command for the name this program was called by; null for its own. */
static const struct command *command_called(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *suffix = strrchr(name, '.');
    const size_t length =
        suffix && strcmp(suffix, ".py") == 0 ? (size_t)(suffix - name) : strlen(name);
    for (const char *const *stand_in = stand_ins; *stand_in; stand_in++)
        if (strlen(*stand_in) == length && memcmp(*stand_in, name, length) == 0)
            return command_named(*stand_in);
    return NULL;
}

static int run(int argc, char **argv)
{
    const struct command *command = argc > 0 ? command_called(argv[0]) : NULL;
    if (command)
        return run_as(command->name, command, argc, argv);
    return dispatch(argc > 0 ? argc - 1 : 0, argv + 1);
}

/* What was printed must have arrived, unless the reader went away: then nobody
 * is there to be told. */
static int finish_output(int status)
{
    const bool had_failed = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !had_failed)
        return status;
    if (errno == EPIPE || (had_failed && errno == 0))
        return status ? status : EXIT_FAILED;
    return report_failure("standard output: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    /* A reader that goes away shows as a write error, here and on every socket. */
    signal(SIGPIPE, SIG_IGN);
    return finish_output(run(argc, argv));
}
