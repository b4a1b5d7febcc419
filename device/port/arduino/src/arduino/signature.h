/* Hash and verifier objects of the Arduino core, as the engine's verifier. */
#ifndef UPDRAFT_ARDUINO_SIGNATURE_H
#define UPDRAFT_ARDUINO_SIGNATURE_H

#include "engines.h"

#include <Arduino.h>

namespace updraft
{

/* Both null: there is none. They must outlive its use. */
void installVerifier(UpdaterHashClass *hash, UpdaterVerifyClass *verify);

/* Null when there is none. */
const ud_verifier *installedVerifier();

} // namespace updraft

#endif
