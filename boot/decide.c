#include "boot/decide.h"

#include <stdint.h>

/* The first row whose fact is there decides; the last one needs none. */
static const struct {
    uint8_t fact;
    uint8_t action;
} rows[] = {
    {BOOT_VERIFIED, BOOT_RESUME},
    {BOOT_ORDERED, BOOT_BEGIN},
    {BOOT_COPY, BOOT_ADOPT},
    {BOOT_LOAD, BOOT_START_AT},
    {BOOT_SPENT, BOOT_ROLL_BACK},
    {BOOT_TRIAL, BOOT_TRY},
    {0, BOOT_START},
};

enum boot_action boot_decide(unsigned facts)
{
    uint32_t row = 0;

    while ((rows[row].fact & ~facts) != 0)
        row++;
    return (enum boot_action)rows[row].action;
}
