/* Whatever a client sends to the page at /update: form_abuse.h says what must hold. */
#include "fuzz.h"

#include "tests/device/form_abuse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    form_abuse(data, size);
    return 0;
}
