/* Commands typed at the console, a line each:
 *
 *   help                 lists these
 *   show                 all settings, those changed and not yet saved marked with *
 *   set NAME VALUE       changes one; without VALUE it gets its default
 *   save                 keeps the changes in flash; they count from the next start on
 *   update now           asks the server at once
 *   restart
 *
 * Nothing is echoed.
 */
#ifndef FIRMWARE_NET_CONSOLE_H
#define FIRMWARE_NET_CONSOLE_H

#include "firmware/net/updates.h"
#include "firmware/settings.h"

#include <stdint.h>

#define CONSOLE_LINE    300u /* characters: "set server " and the longest URL */
#define CONSOLE_CHANGES 512u /* bytes of changes not saved */

struct console {
    struct updates *updates;
    const struct settings *settings; /* as they were at the start */
    struct settings_record changes;
    uint32_t length; /* of the line so far; beyond its end what came is lost */
    char line[CONSOLE_LINE + 1];
    uint32_t bytes[(SETTINGS_HEAD + CONSOLE_CHANGES) / sizeof(uint32_t)];
};

/* Both must outlive the console. */
void console_start(struct console *console, struct updates *updates,
                   const struct settings *settings);

/* What a command asks of others. */
enum console_wish {
    CONSOLE_NOTHING,
    CONSOLE_UPDATE, /* the server is to be asked now */
    CONSOLE_RESTART,
};

/* Carries out what has been typed, up to the first wish. */
enum console_wish console_service(struct console *console);

#endif
