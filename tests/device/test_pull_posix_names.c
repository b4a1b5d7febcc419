/* A host with several addresses, by a resolver of our own in the C library's
 * place: what is refused at the first is asked of the next.
 */
#include "pull_rig.h"

#include "posix/pull.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ADDRESSES 3

static struct sockaddr_in addresses[ADDRESSES];
static struct addrinfo results[ADDRESSES];
static int outstanding; /* lists handed out and not freed */

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **list)
{
    assert_string_equal(host, "several.example");
    assert_string_equal(port, "8266");
    for (int i = 0; i < ADDRESSES; i++) {
        results[i] = (struct addrinfo){
            .ai_family = AF_INET,
            .ai_socktype = hints->ai_socktype,
            .ai_addr = (struct sockaddr *)&addresses[i],
            .ai_addrlen = sizeof addresses[i],
            .ai_next = i + 1 < ADDRESSES ? &results[i + 1] : NULL,
        };
    }
    *list = results;
    outstanding++;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    assert_ptr_equal(list, results);
    outstanding--;
}

/* Loopback ports of the kernel's choice; only the last `open_count` listen. */
static void open_ports(int sockets[ADDRESSES], int open_count)
{
    for (int i = 0; i < ADDRESSES; i++) {
        socklen_t size = sizeof addresses[i];

        addresses[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_not_equal(sockets[i], -1);
        assert_int_equal(bind(sockets[i], (struct sockaddr *)&addresses[i], size), 0);
        assert_int_equal(getsockname(sockets[i], (struct sockaddr *)&addresses[i], &size), 0);
        if (i >= ADDRESSES - open_count)
            assert_int_equal(listen(sockets[i], 1), 0);
    }
}

static void close_ports(int sockets[ADDRESSES])
{
    for (int i = 0; i < ADDRESSES; i++)
        close(sockets[i]);
}

static void begin(struct pull_rig *rig, struct ud_posix_pull *driver)
{
    rig_init(rig);
    rig->config.timeout_ms = 300;
    assert_int_equal(ud_pull_init(&rig->pull, &rig->config), UD_OK);
    assert_int_equal(ud_pull_begin(&rig->pull, "http://several.example:8266/", 0), UD_OK);
    ud_posix_pull_begin(driver, &rig->pull, NULL);
}

static void the_next_address_is_tried(void **state)
{
    struct ud_posix_pull driver;
    struct pull_rig rig;
    int sockets[ADDRESSES];

    (void)state;
    open_ports(sockets, 1);
    begin(&rig, &driver);
    while ((ud_pull_want(&rig.pull) & UD_PULL_CONNECT) != 0)
        assert_true(ud_posix_pull_service(&driver, 0));
    assert_int_equal(ud_posix_pull_connections(&driver), ADDRESSES);
    assert_int_not_equal(ud_posix_pull_fd(&driver), -1);
    assert_int_equal(ud_pull_error(&rig.pull), UD_OK);
    assert_int_equal(outstanding, 0);
    ud_posix_pull_end(&driver);
    close_ports(sockets);
    rig_free(&rig);
}

static void the_last_refusal_counts(void **state)
{
    struct ud_posix_pull driver;
    struct pull_rig rig;
    int sockets[ADDRESSES];

    (void)state;
    open_ports(sockets, 0);
    begin(&rig, &driver);
    while (ud_posix_pull_service(&driver, 0))
        ;
    assert_int_equal(ud_posix_pull_connections(&driver), ADDRESSES);
    assert_int_equal(ud_pull_error(&rig.pull), UD_ERR_HTTP_CONNECT);
    assert_int_equal(ud_posix_pull_fd(&driver), -1);
    assert_int_equal(outstanding, 0);
    ud_posix_pull_end(&driver);
    close_ports(sockets);
    rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_address_is_tried),
        cmocka_unit_test(the_last_refusal_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
