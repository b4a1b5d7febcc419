/* Errors as the originals number and word them.
 *
 * Linked only by who calls it: a device that reports numbers alone carries no
 * texts. Texts need a caller's buffer because three of them carry figures.
 */
#ifndef UPDRAFT_MESSAGES_H
#define UPDRAFT_MESSAGES_H

#include "updraft/updater.h"

#include <stdint.h>

#define UD_MESSAGE_MAX 144u /* bytes that hold any text here, NUL included */

/* The Updater's number (UPDATE_ERROR_*) of an error: 0 to 16 as in the core,
 * 17 and up where the core has none. 255 for errors that are not the updater's. */
uint8_t ud_updater_error_number(int error);

/* The Updater's text of the session's error, e.g. "Not Enough Space". */
void ud_updater_error_text(const struct ud_updater *updater, char *text, uint32_t size);

/* "ERROR[n]: text", as printError() writes it, without the newline, of the session's
 * error or another: a begin that found it running leaves it its own. */
void ud_updater_error_line(const struct ud_updater *updater, int error, char *text, uint32_t size);

/* ESPhttpUpdate's getLastError(): the Updater's numbers positive, -1 to -11
 * for HTTP, -100 and below for its own. 0 for UD_OK. */
int16_t ud_pull_error_number(int error);

/* ESPhttpUpdate's getLastErrorString() for an error; updater supplies the text
 * of its own errors and may be null when the error is not one of them. */
void ud_pull_error_text(int error, const struct ud_updater *updater, char *text, uint32_t size);

#endif
