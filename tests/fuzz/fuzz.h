/* What fuzz targets are made of. Each is a program of one function, which libFuzzer
 * calls with whatever it finds (scripts/fuzz.sh), and replay.c with the vectors and what
 * it makes of them, for every compiler.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The target. Aborts when something is wrong with the code under test. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool condition)
{
    if (!condition)
        abort();
}

#endif
