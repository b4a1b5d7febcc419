/* Bytes that nobody can foretell: challenges, nonces, keys, lwIP's port numbers.
 *
 * All of them come out of SHA-256 over a state that begins with what the board gives at
 * reset: 32 bytes of its host's own generator. On the chip the register 3FF20E44 is in
 * that place, which is worth something only while the radio is on: its noise is what it
 * gives, and a firmware for the chip seeds again once the radio is up.
 */
#ifndef FIRMWARE_NET_CHANCE_H
#define FIRMWARE_NET_CHANCE_H

#include <stdint.h>

/* Takes in what the board gives, and what tells this device from others. Before the first
 * bytes are asked for; harmless to repeat. */
void chance_seed(const uint8_t *own, uint32_t length);

/* Who learns the state later does not learn what was given out before. */
void chance_bytes(void *bytes, uint32_t length);

uint32_t chance_word(void);

#endif
