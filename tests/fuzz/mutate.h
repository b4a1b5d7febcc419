/* What a target can do beyond asserting: change inputs with an eye for their format, so
 * that lengths and checksums are not what every change fails at. libFuzzer calls it, and
 * replay.c.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Changes data, of `size` bytes in room for `max_size`. Returns the new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* The same without an eye for anything, by who calls the above. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
