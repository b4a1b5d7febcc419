/* In a sketch that includes this, Update is ours. */
#ifndef UPDRAFT_UPDATER_H_ARDUINO
#define UPDRAFT_UPDATER_H_ARDUINO

#include "arduino/updater.h"

/* The core declares an object of that name in Arduino.h, which every sketch includes: a
 * macro is what is left. */
#define Update UpdraftUpdate

#endif
