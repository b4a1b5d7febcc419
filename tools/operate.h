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

struct table;

/* Prints the table and frees it; null: out of memory. EXIT_OK or, reported, EXIT_FAILED. */
int operate_print_table(struct table *table);

/* The server that is asked, as a URL without a slash at its end; lives as long as the options. */
const char *operate_server(const struct operate_options *options);

/* "/KIND/NAME" and the rest; false when the name cannot be part of a path. */
bool operate_path(char *path, size_t size, const char *kind, const char *name, const char *rest);

typedef int operate_print(const struct operate_options *options, const json_t *answer);
operate_print operate_print_nothing;

/* Asks the server once, with a JSON body unless it is null; prints the answer as JSON or by
 * `print`. An exit status. */
int operate_ask(const struct operate_options *options, const char *method, const char *path,
                const json_t *body, operate_print *print);

#endif
