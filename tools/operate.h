/* What the subcommands that operate a server share. */
#ifndef TOOLS_OPERATE_H
#define TOOLS_OPERATE_H

#include "host/api_client.h"
#include "host/options.h"

#include <stdbool.h>

struct operate_options {
    struct api_access access;
    bool json;
};

/* The rows for them, at the end of a table. */
#define OPERATE_ROWS(options)                                                                      \
    {"server",    's',                                                                             \
     OPTION_TEXT, &(options)->access.server,                                                       \
     "URL",       "default UPDRAFT_SERVER, or " API_SERVER_DEFAULT},                               \
        {"token-file", 't',                                                                        \
         OPTION_TEXT,  &(options)->access.token_file,                                              \
         "FILE",       "default UPDRAFT_TOKEN, or the file UPDRAFT_TOKEN_FILE names"},             \
        {"ca",                                                                                     \
         0,                                                                                        \
         OPTION_TEXT,                                                                              \
         &(options)->access.ca,                                                                    \
         "FILE",                                                                                   \
         "https: who vouches for the server, PEM; default UPDRAFT_CA, or as the system has it"},   \
        {"server-pin", 0,                                                                          \
         OPTION_TEXT,  &(options)->access.pin,                                                     \
         "PIN",        "https: the server's key, sha256//…; default UPDRAFT_SERVER_PIN"},          \
    {                                                                                              \
        "json", 0, OPTION_FLAG, &(options)->json, NULL, "print the server's answer as JSON"        \
    }

/* EXIT_OK for help, EXIT_USAGE for a wrong call. */
int operate_exit_status(enum options_result result);

/* Prints the answer as JSON. EXIT_OK or, reported, EXIT_FAILED. */
int operate_print_json(const json_t *answer);

/* A text of an object, "-" when it is null or absent. */
const char *operate_text(const json_t *object, const char *name);

/* The texts of an array with commas between; free() it. Null when memory is out. */
char *operate_join(const json_t *array);

#endif
