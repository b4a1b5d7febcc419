/* The engines, for C++. */
#ifndef UPDRAFT_ARDUINO_ENGINES_H
#define UPDRAFT_ARDUINO_ENGINES_H

extern "C" {
#include "bearssl/digest.h"
#include "updraft/espota.h"
#include "updraft/form.h"
#include "updraft/form_page.h"
#include "updraft/messages.h"
#include "updraft/pull.h"
#include "updraft/service.h"
#include "updraft/staging.h"
#include "updraft/trial.h"
#include "updraft/updater.h"
}

#endif
