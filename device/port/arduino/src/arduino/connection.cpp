#include "connection.h"

#include <pgmspace.h>

namespace updraft
{

/* Flash can be read by words only, which memcpy_P() does. */
uint32_t sendSome(WiFiClient &client, const void *bytes, uint32_t length)
{
    uint8_t piece[RECEIVE_BYTES];
    const uint32_t count = length < sizeof piece ? length : sizeof piece;

    memcpy_P(piece, bytes, count);
    return static_cast<uint32_t>(client.write(piece, count));
}

uint32_t receiveSome(WiFiClient &client, uint8_t *bytes)
{
    const int available = client.available();

    if (available <= 0)
        return 0;
    const uint32_t wanted = static_cast<uint32_t>(available);
    const int count = client.read(bytes, wanted < RECEIVE_BYTES ? wanted : RECEIVE_BYTES);
    return count > 0 ? static_cast<uint32_t>(count) : 0;
}

bool isOver(WiFiClient &client)
{
    return client.available() <= 0 && !client.connected();
}

} // namespace updraft
