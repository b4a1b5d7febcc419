/* A device's TLS client for test scripts: BearSSL with memory for records of RECORD bytes,
 * trusting only a pin. What is answered goes to standard output, head and all.
 *
 *   tls_ask HOST PORT RECORD PIN REQUEST
 *
 * REQUEST is sent as it is, with a CR and LF after each of its lines and an empty one. Ends
 * with 0 when the answer ended as TLS wants it; otherwise a line on standard error says
 * what happened.
 */
#include "host/pin.h"
#include "host/tls_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(void *ctx, const void *data, size_t length)
{
    fwrite(data, 1, length, ctx);
}

/* With line ends as HTTP has them. */
static void make_request(const char *lines, char *request, size_t size)
{
    size_t length = 0;

    for (; *lines != '\0' && length + 8 < size; lines++) {
        if (*lines == '\n')
            request[length++] = '\r';
        request[length++] = *lines;
    }
    snprintf(request + length, size - length, "\r\n\r\n");
}

int main(int argc, char **argv)
{
    char request[4096];
    uint8_t pin[PIN_SIZE];
    struct tls_asked asked;

    if (argc != 6 || !pin_parse(argv[4], pin)) {
        fprintf(stderr, "usage: tls_ask HOST PORT RECORD PIN REQUEST\n");
        return 2;
    }
    make_request(argv[5], request, sizeof request);
    const struct tls_ask ask = {
        .host = argv[1],
        .port = (unsigned)strtoul(argv[2], NULL, 10),
        .seconds = 20,
        .request = request,
        .record = (uint32_t)strtoul(argv[3], NULL, 10),
        .whom = {.pin = pin},
        .take = print,
        .ctx = stdout,
    };
    const int error = tls_ask(&ask, &asked);
    if (error != 0)
        fprintf(stderr, "error %d%s%s\n", error, asked.socket != NULL ? ": " : "",
                asked.socket != NULL ? asked.socket : "");
    return error == 0 && asked.is_whole ? 0 : 1;
}
