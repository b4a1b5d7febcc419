#include "carrier.h"

#include "board.h"

namespace updraft
{

void Carrier::receive(ud_pull &engine, WiFiClient &client)
{
    uint8_t bytes[RECEIVE_BYTES];
    const uint32_t count = receiveSome(client, bytes);

    if (count > 0)
        ud_pull_received(&engine, bytes, count, millis());
    else if (isOver(client))
        ud_pull_peer_closed(&engine);
    else
        delay(1);
}

void ConnectionCarrier::setTimeout(uint32_t milliseconds)
{
    client_.setTimeout(milliseconds);
}

void ConnectionCarrier::connect(ud_pull &engine)
{
    const struct ud_pull_endpoint endpoint = ud_pull_endpoint(&engine);

    if (client_.connect(endpoint.host, endpoint.port))
        ud_pull_connected(&engine, millis());
    else
        ud_pull_connection_failed(&engine);
}

void ConnectionCarrier::send(ud_pull &engine)
{
    uint32_t length;
    const void *bytes = ud_pull_send_buffer(&engine, &length);
    const uint32_t sent = sendSome(client_, bytes, length);

    if (sent > 0)
        ud_pull_sent(&engine, sent, millis());
    else if (isOver(client_))
        ud_pull_peer_closed(&engine);
}

void ConnectionCarrier::serve(ud_pull &engine, unsigned want)
{
    if (want & UD_PULL_CLOSE) {
        client_.stop();
        ud_pull_closed(&engine, millis());
    } else if (want & UD_PULL_CLOSE_OTHERS) {
        board().closeConnections(client_);
        ud_pull_others_closed(&engine, millis());
    } else if (want & UD_PULL_CONNECT) {
        connect(engine);
    } else {
        if (want & UD_PULL_SEND)
            send(engine);
        if (want & UD_PULL_RECEIVE)
            receive(engine, client_);
    }
}

} // namespace updraft
