/* Tries out whether a flash port keeps the rules of flash.h: for the first day with a new
 * chip. Nothing that ships needs it.
 */
#ifndef UPDRAFT_PORT_CHECK_FLASH_H
#define UPDRAFT_PORT_CHECK_FLASH_H

#include "updraft/flash.h"

#include <stdint.h>

#define UD_PORT_CHECK_SECTORS 3u

struct ud_port_check {
    const struct ud_flash *flash;
    uint32_t address; /* of UD_PORT_CHECK_SECTORS sectors whose content is lost; with
                       * has_block_erase of a block more, from there to the next one's end */
    uint32_t *buffer; /* of one sector */
};

/* Null: it keeps them. Else the first rule it breaks, for people, without a full stop. */
const char *ud_port_check_flash(const struct ud_port_check *check);

#endif
