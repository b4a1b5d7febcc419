/* Hash and verifier objects of the Arduino core, as the engine's verifier. */
#ifndef UPDRAFT_ARDUINO_SIGNATURE_H
#define UPDRAFT_ARDUINO_SIGNATURE_H

#include "engines.h"

#include <Arduino.h>

namespace updraft
{

/* Takes what any of them takes. Without a hash or a verifier there is none. All of it must
 * outlive its use. */
void installVerifiers(UpdaterHashClass *hash, UpdaterVerifyClass *const *verifiers, size_t count);

/* Null when there is none. */
const ud_verifier *installedVerifier();

} // namespace updraft

#endif
