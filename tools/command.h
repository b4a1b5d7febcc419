/* The `updraft` subcommands: one file each, one row in tools/main.c each. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

/* argv[0] is the subcommand's name. Returns an exit status (host/report.h). */
typedef int command_function(int argc, char **argv);

command_function command_serve;
command_function command_publish;
command_function command_devices;
command_function command_releases;
command_function command_rollout;
command_function command_audit;
command_function command_webhook;
command_function command_backup;
command_function command_restore;
command_function command_user;
command_function command_token;
command_function command_secret;
command_function command_image;
command_function command_flash;
command_function command_device;
command_function command_key;
command_function command_push;
command_function command_discover;
command_function command_espota;
command_function command_keygen;
command_function command_partitions;
command_function command_otadata;
command_function command_settings;
command_function command_sign;
command_function command_verify;
command_function command_signing;
command_function command_tls_check;

#endif
