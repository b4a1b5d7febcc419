/* The responder: what it says, when, and to whom. */
#include "updraft/mdns.h"

#include "guard_page.h"
#include "mdns_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define QUERY    0u
#define RESPONSE 0x8400u
#define START_MS 0xffffff00u /* the counter wraps while a name is asked for */

#define TEXTS " \"tcp_check=no\" \"ssh_upload=no\" \"board=generic\" \"auth_upload=yes\"\n"

static const uint8_t own_address[4] = {10, 0, 0, 5};
static const struct ud_mdns_config both = {.chip = UD_CHIP_ESP8266,
                                           .name = "kitchen",
                                           .needs_password = true,
                                           .upload_port = 8266,
                                           .page_port = 80};
static const struct ud_mdns_peer other = {{10, 0, 0, 9}, UD_MDNS_PORT};
static const struct ud_mdns_peer group = {UD_MDNS_GROUP, UD_MDNS_PORT};

struct device {
    struct ud_mdns mdns;
    uint32_t now_ms;
    struct ud_mdns_peer to; /* of the last message */
    uint8_t message[UD_MDNS_MESSAGE_MAX];
    uint32_t length;
    char text[4096];
};

static void start(struct device *device, const struct ud_mdns_config *config)
{
    memset(device, 0, sizeof *device);
    assert_int_equal(ud_mdns_init(&device->mdns, config), UD_OK);
    device->now_ms = START_MS;
    assert_int_equal(ud_mdns_wait_ms(&device->mdns, device->now_ms), UINT32_MAX);
    ud_mdns_begin(&device->mdns, own_address, 4711, device->now_ms);
}

/* Waits for its next words, and says how long that was; UINT32_MAX: it has none. */
static uint32_t listen(struct device *device)
{
    const uint32_t wait_ms = ud_mdns_wait_ms(&device->mdns, device->now_ms);

    device->text[0] = '\0';
    if (wait_ms == UINT32_MAX)
        return wait_ms;
    if (wait_ms > 0) {
        assert_int_equal(ud_mdns_wait_ms(&device->mdns, device->now_ms + wait_ms - 1), 1);
        assert_int_equal(ud_mdns_message(&device->mdns, device->now_ms + wait_ms - 1,
                                         device->message, sizeof device->message, &device->to),
                         0); /* too early */
    }
    device->now_ms += wait_ms;
    device->length = ud_mdns_message(&device->mdns, device->now_ms, device->message,
                                     sizeof device->message, &device->to);
    assert_true(device->length > 12);
    mdns_text(device->message, device->length, device->text, sizeof device->text);
    return wait_ms;
}

static void assert_to(const struct device *device, const struct ud_mdns_peer *peer)
{
    assert_memory_equal(device->to.address, peer->address, sizeof peer->address);
    assert_int_equal(device->to.port, peer->port);
}

/* Until it has asked for its name and announced it twice. */
static void settle(struct device *device, const struct ud_mdns_config *config)
{
    start(device, config);
    for (unsigned i = 0; i < 5; i++)
        assert_int_not_equal(listen(device), UINT32_MAX);
    assert_int_equal(ud_mdns_wait_ms(&device->mdns, device->now_ms), UINT32_MAX);
    device->now_ms += 5000;
}

/* Input ends where readable memory ends. */
static void hear(struct device *device, const struct ud_mdns_peer *from, uint16_t flags,
                 const char *text)
{
    uint8_t message[1024];
    const size_t length = mdns_from_text(text, 0x1234, flags, message);
    struct guard_page guard = guard_page_copy(message, length);

    ud_mdns_received(&device->mdns, from, guard.data, (uint32_t)length, device->now_ms);
    guard_page_free(&guard);
}

static void assert_silent(struct device *device)
{
    assert_int_equal(ud_mdns_wait_ms(&device->mdns, device->now_ms), UINT32_MAX);
}

static void assert_answers(struct device *device, const char *question, const char *answer)
{
    hear(device, &other, QUERY, question);
    assert_int_not_equal(listen(device), UINT32_MAX);
    assert_string_equal(device->text, answer);
    assert_to(device, &group);
    assert_silent(device);
    device->now_ms += 5000;
}

/* ---- Names ---- */

static const char probe_text[] = "? kitchen.local ANY IN!\n? kitchen._arduino._tcp.local ANY IN!\n"
                                 "? kitchen._http._tcp.local ANY IN!\n"
                                 "# kitchen.local A IN 120 10.0.0.5\n"
                                 "# kitchen._arduino._tcp.local SRV IN 120 8266 kitchen.local\n"
                                 "# kitchen._arduino._tcp.local TXT IN 4500" TEXTS
                                 "# kitchen._http._tcp.local SRV IN 120 80 kitchen.local\n"
                                 "# kitchen._http._tcp.local TXT IN 4500 \"\"\n";

static const char all_text[] = "= kitchen.local A IN! 120 10.0.0.5\n"
                               "= kitchen._arduino._tcp.local SRV IN! 120 8266 kitchen.local\n"
                               "= kitchen._arduino._tcp.local TXT IN! 4500" TEXTS
                               "= kitchen._http._tcp.local SRV IN! 120 80 kitchen.local\n"
                               "= kitchen._http._tcp.local TXT IN! 4500 \"\"\n"
                               "= _arduino._tcp.local PTR IN 4500 kitchen._arduino._tcp.local\n"
                               "= _http._tcp.local PTR IN 4500 kitchen._http._tcp.local\n"
                               "= _services._dns-sd._udp.local PTR IN 4500 _arduino._tcp.local\n"
                               "= _services._dns-sd._udp.local PTR IN 4500 _http._tcp.local\n";

static void it_asks_three_times_and_announces_itself_twice(void **state)
{
    struct device device;

    (void)state;
    start(&device, &both);
    assert_true(listen(&device) < 250);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(device.text, probe_text);
        assert_int_equal(device.message[2], 0);
        assert_to(&device, &group);
        assert_int_equal(listen(&device), 250);
    }
    assert_string_equal(device.text, all_text);
    assert_int_equal(device.message[2], 0x84);
    assert_to(&device, &group);
    assert_int_equal(listen(&device), 1000);
    assert_string_equal(device.text, all_text);
    assert_silent(&device);
}

static void only_what_there_is_is_announced(void **state)
{
    struct ud_mdns_config config = both;
    struct device device;

    (void)state;
    config.upload_port = 0;
    settle(&device, &config);
    assert_null(strstr(device.text, "arduino"));
    assert_non_null(strstr(device.text, "SRV IN! 120 80 kitchen.local"));
    hear(&device, &other, QUERY, "? _arduino._tcp.local PTR IN\n");
    assert_silent(&device);
    config.page_port = 0;
    settle(&device, &config);
    assert_string_equal(device.text, "= kitchen.local A IN! 120 10.0.0.5\n");
}

static void a_name_that_is_taken_gets_a_number(void **state)
{
    struct device device;
    char name[UD_MDNS_NAME_MAX];

    (void)state;
    start(&device, &both);
    listen(&device);
    hear(&device, &other, RESPONSE, "= kitchen.local A IN! 120 10.0.0.9\n");
    assert_true(listen(&device) < 250);
    assert_non_null(strstr(device.text, "? kitchen-2.local ANY"));
    hear(&device, &other, RESPONSE,
         "= KITCHEN-2._http._tcp.local TXT IN! 120 \"\"\n"
         "+ kitchen-2._http._tcp.local SRV IN! 120 81 x.local\n");
    for (unsigned i = 0; i < 4; i++)
        listen(&device);
    assert_non_null(strstr(device.text, "= kitchen-3.local A IN! 120 10.0.0.5"));
    ud_mdns_name(&device.mdns, name);
    assert_string_equal(name, "kitchen-3");
}

static void its_own_words_and_those_of_others_are_no_conflict(void **state)
{
    struct device device;

    (void)state;
    start(&device, &both);
    listen(&device);
    hear(&device, &other, RESPONSE, all_text);
    hear(&device, &other, RESPONSE, "= kitchen.local A IN! 0 10.0.0.9\n"); /* he goes */
    hear(&device, &other, RESPONSE, "= kitchens.local A IN! 120 10.0.0.9\n");
    hear(&device, &(struct ud_mdns_peer){{10, 0, 0, 9}, 4711}, RESPONSE,
         "= kitchen.local A IN! 120 10.0.0.9\n");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(listen(&device), 250);
    assert_string_equal(device.text, all_text);
}

/* Two ask for it at once: the greater address has it. */
static void of_two_who_ask_one_waits(void **state)
{
    struct device device;

    (void)state;
    start(&device, &both);
    listen(&device);
    hear(&device, &other, QUERY, "? kitchen.local ANY IN!\n# kitchen.local A IN 120 10.0.0.4\n");
    assert_int_equal(listen(&device), 250);
    hear(&device, &other, QUERY, probe_text); /* itself */
    assert_int_equal(listen(&device), 250);
    hear(&device, &other, QUERY, "? kitchen.local ANY IN!\n# kitchen.local A IN 120 10.0.0.9\n");
    assert_int_equal(listen(&device), 1000);
    assert_string_equal(device.text, probe_text);
    hear(&device, &other, QUERY,
         "? kitchen.local ANY IN!\n# kitchen.local AAAA IN 120 1\n# kitchen.local A IN 120 "
         "10.0.0.4\n");
    assert_int_equal(listen(&device), 250);
}

static void names_in_use_are_defended(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    hear(&device, &other, QUERY, "? kitchen.local ANY IN\n# kitchen.local A IN 120 10.0.0.9\n");
    assert_int_equal(listen(&device), 0);
    assert_string_equal(device.text, "= kitchen.local A IN! 120 10.0.0.5\n");
    hear(&device, &other, RESPONSE, "= kitchen.local A IN! 120 10.0.0.9\n");
    assert_true(listen(&device) < 250);
    assert_string_equal(device.text, probe_text);
}

static void many_conflicts_make_it_slow(void **state)
{
    struct device device;
    char text[64] = "= kitchen.local A IN! 120 10.0.0.9\n";

    (void)state;
    start(&device, &both);
    for (unsigned i = 2; i < 18; i++) {
        listen(&device);
        hear(&device, &other, RESPONSE, text);
        snprintf(text, sizeof text, "= kitchen-%u.local A IN! 120 10.0.0.9\n", i);
    }
    assert_int_equal(listen(&device), 5000);
}

static void long_names_fit_and_longer_ones_are_refused(void **state)
{
    char name[UD_MDNS_NAME_MAX + 1];
    char numbered[UD_MDNS_NAME_MAX];
    struct ud_mdns_config config = both;
    struct device device;

    (void)state;
    memset(name, 'n', sizeof name);
    name[UD_MDNS_NAME_MAX] = '\0';
    config.name = name;
    config.board = "a board whose name is longer than any text a device may announce so";
    assert_int_equal(ud_mdns_init(&device.mdns, &config), UD_ERR_ARGUMENT);
    config.name = "";
    assert_int_equal(ud_mdns_init(&device.mdns, &config), UD_ERR_ARGUMENT);
    config.name = name;
    name[UD_MDNS_NAME_MAX - 1] = '\0';
    settle(&device, &config);
    device.mdns.number = 65535;
    ud_mdns_name(&device.mdns, numbered);
    assert_int_equal(strlen(numbered), UD_MDNS_NAME_MAX - 1);
    assert_string_equal(numbered + UD_MDNS_NAME_MAX - 8, "n-65535");
}

/* ---- Questions ---- */

static void questions_are_answered(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    assert_answers(&device, "? Kitchen.LOCAL A IN\n", "= kitchen.local A IN! 120 10.0.0.5\n");
    assert_answers(&device, "? _arduino._tcp.local PTR IN\n",
                   "= _arduino._tcp.local PTR IN 4500 kitchen._arduino._tcp.local\n"
                   "+ kitchen.local A IN! 120 10.0.0.5\n"
                   "+ kitchen._arduino._tcp.local SRV IN! 120 8266 kitchen.local\n"
                   "+ kitchen._arduino._tcp.local TXT IN! 4500" TEXTS);
    assert_answers(&device, "? kitchen._http._tcp.local SRV IN\n",
                   "= kitchen._http._tcp.local SRV IN! 120 80 kitchen.local\n"
                   "+ kitchen.local A IN! 120 10.0.0.5\n");
    assert_answers(&device, "? _services._dns-sd._udp.local PTR IN\n",
                   "= _services._dns-sd._udp.local PTR IN 4500 _arduino._tcp.local\n"
                   "= _services._dns-sd._udp.local PTR IN 4500 _http._tcp.local\n");
    assert_answers(&device, "? kitchen.local AAAA IN\n",
                   "= kitchen.local NSEC IN! 120 kitchen.local 0 1 64\n"
                   "+ kitchen.local A IN! 120 10.0.0.5\n");
    assert_answers(&device,
                   "? x.local A IN\n? kitchen.local A IN\n? kitchen._http._tcp.local TXT IN\n",
                   "= kitchen.local A IN! 120 10.0.0.5\n"
                   "= kitchen._http._tcp.local TXT IN! 4500 \"\"\n");
}

static void what_is_not_its_business_is_not_answered(void **state)
{
    static const char *const texts[] = {
        "? kitche.local A IN\n",
        "? kitchens.local A IN\n",
        "? kitchen.locals A IN\n",
        "? kitchen A IN\n",
        "? local A IN\n",
        "? kitchen._tcp.local SRV IN\n",
        "? _ssh._tcp.local PTR IN\n",
        "? kitchen._http._tcp.local A IN\n",
    };
    struct device device;

    (void)state;
    settle(&device, &both);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hear(&device, &other, QUERY, texts[i]);
        assert_silent(&device);
    }
    hear(&device, &other, 0x2800, "? kitchen.local A IN\n"); /* not a query but an update */
    assert_silent(&device);
}

static void the_answer_to_a_shared_question_is_spread(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    for (unsigned i = 0; i < 50; i++) {
        hear(&device, &other, QUERY, "? _http._tcp.local PTR IN\n");
        const uint32_t wait_ms = listen(&device);
        assert_in_range(wait_ms, 20, 119);
        device.now_ms += 5000;
    }
    hear(&device, &other, QUERY, "? kitchen.local A IN\n");
    assert_int_equal(listen(&device), 0);
}

static void the_same_is_not_said_to_all_twice_in_a_second(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    hear(&device, &other, QUERY, "? kitchen.local A IN\n");
    assert_int_equal(listen(&device), 0);
    device.now_ms += 100;
    hear(&device, &other, QUERY, "? kitchen.local A IN\n");
    assert_int_equal(listen(&device), 900);
}

static void what_the_asker_knows_is_not_said(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    hear(&device, &other, QUERY,
         "? _arduino._tcp.local PTR IN\n"
         "= _arduino._tcp.local PTR IN 2250 kitchen._arduino._tcp.local\n");
    assert_silent(&device);
    hear(&device, &other, QUERY,
         "? kitchen._arduino._tcp.local ANY IN\n"
         "= kitchen._arduino._tcp.local SRV IN 120 8266 kitchen.local\n"
         "= kitchen._arduino._tcp.local TXT IN 4500" TEXTS);
    assert_silent(&device);
    /* Not for much longer; another's; another port. */
    hear(&device, &other, QUERY,
         "? _arduino._tcp.local PTR IN\n"
         "= _arduino._tcp.local PTR IN 2249 kitchen._arduino._tcp.local\n");
    assert_int_not_equal(listen(&device), UINT32_MAX);
    hear(&device, &other, QUERY,
         "? _arduino._tcp.local PTR IN\n"
         "= _arduino._tcp.local PTR IN 4500 pantry._arduino._tcp.local\n");
    assert_int_not_equal(listen(&device), UINT32_MAX);
    hear(&device, &other, QUERY,
         "? kitchen._arduino._tcp.local SRV IN\n"
         "= kitchen._arduino._tcp.local SRV IN 120 8267 kitchen.local\n");
    assert_int_not_equal(listen(&device), UINT32_MAX);
}

static void who_wants_it_alone_is_told_alone(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    hear(&device, &other, QUERY, "? kitchen.local A IN!\n");
    assert_int_equal(listen(&device), 0);
    assert_to(&device, &other);
    assert_string_equal(device.text, "= kitchen.local A IN! 120 10.0.0.5\n");
    assert_memory_equal(device.message, "\0\0\x84\0", 4);
    assert_silent(&device);
}

/* His question is said again, and nothing that only mDNS understands. */
static void plain_dns_is_answered_too(void **state)
{
    static const struct ud_mdns_peer stranger = {{10, 0, 0, 9}, 40000};
    struct device device;

    (void)state;
    settle(&device, &both);
    hear(&device, &stranger, QUERY, "? kitchen._http._tcp.local SRV IN\n");
    assert_int_equal(listen(&device), 0);
    assert_to(&device, &stranger);
    assert_memory_equal(device.message, "\x12\x34\x84\0", 4);
    assert_string_equal(device.text, "? kitchen._http._tcp.local SRV IN\n"
                                     "= kitchen._http._tcp.local SRV IN 10 80 kitchen.local\n"
                                     "+ kitchen.local A IN 10 10.0.0.5\n");
    hear(&device, &other, QUERY, "? kitchen.local A IN!\n");
    listen(&device);
    assert_string_equal(device.text, "= kitchen.local A IN! 120 10.0.0.5\n");
}

/* ---- Ends ---- */

static void it_says_good_bye(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    ud_mdns_leave(&device.mdns);
    assert_int_equal(listen(&device), 0);
    assert_to(&device, &group);
    assert_non_null(strstr(device.text, "= kitchen.local A IN! 0 10.0.0.5\n"));
    assert_non_null(strstr(device.text, "= _http._tcp.local PTR IN 0 kitchen._http._tcp.local\n"));
    assert_null(strstr(device.text, "120"));
    assert_silent(&device);
    hear(&device, &other, QUERY, "? kitchen.local A IN\n");
    assert_silent(&device);
    /* Who has not been announced has nothing to take back. */
    start(&device, &both);
    ud_mdns_leave(&device.mdns);
    assert_silent(&device);
}

static void without_an_address_it_is_silent(void **state)
{
    struct device device;

    (void)state;
    settle(&device, &both);
    ud_mdns_end(&device.mdns);
    hear(&device, &other, QUERY, "? kitchen.local A IN\n");
    assert_silent(&device);
    ud_mdns_begin(&device.mdns, (const uint8_t[]){10, 0, 0, 6}, 1, device.now_ms);
    for (unsigned i = 0; i < 4; i++)
        listen(&device);
    assert_non_null(strstr(device.text, "= kitchen.local A IN! 120 10.0.0.6\n"));
}

static void with_too_little_room_nothing_is_said(void **state)
{
    struct device device;

    (void)state;
    for (uint32_t room = 0; room < sizeof probe_text / 2; room += 7) {
        struct guard_page guard = guard_page_copy(device.message, room);
        start(&device, &both);
        device.now_ms += 250;
        const uint32_t length =
            ud_mdns_message(&device.mdns, device.now_ms, guard.data, room, &device.to);
        assert_true(length <= room);
        guard_page_free(&guard);
    }
}

/* ---- Nonsense ---- */

static void hear_bytes(struct device *device, const uint8_t *bytes, size_t length)
{
    struct guard_page guard = guard_page_copy(bytes, length);

    ud_mdns_received(&device->mdns, &other, guard.data, (uint32_t)length, device->now_ms);
    guard_page_free(&guard);
}

static void messages_may_end_anywhere(void **state)
{
    static const char *const texts[] = {probe_text, all_text};
    uint8_t message[1024];
    struct device device;

    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        const size_t length =
            mdns_from_text(texts[which], 1, which == 0 ? QUERY : RESPONSE, message);
        for (size_t cut = 0; cut < length; cut++) {
            settle(&device, &both);
            hear_bytes(&device, message, cut);
        }
    }
}

static void names_that_lead_round_and_round_end(void **state)
{
    /* A question whose name points at itself, at its own pointer, and forward. */
    static const uint8_t targets[] = {12, 14, 20};
    uint8_t message[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 0xc0, 0, 0, 1, 0, 1, 0, 0};
    struct device device;

    (void)state;
    settle(&device, &both);
    for (size_t i = 0; i < sizeof targets; i++) {
        message[15] = targets[i];
        hear_bytes(&device, message, sizeof message);
        assert_silent(&device);
    }
}

/* What it hears may be anything: what it says is well formed, and it settles again. */
static void noise_does_no_harm(void **state)
{
    const unsigned seed = 6762;
    uint8_t message[1024];
    struct device device;

    (void)state;
    print_message("# seed %u\n", seed);
    srand(seed);
    settle(&device, &both);
    for (unsigned i = 0; i < 5000; i++) {
        const bool is_query = rand() % 2 == 0;
        size_t length = mdns_from_text(rand() % 2 ? probe_text : all_text, 1,
                                       is_query ? QUERY : RESPONSE, message);
        for (int changes = rand() % 4; changes > 0; changes--)
            message[(size_t)rand() % length] = (uint8_t)rand();
        length -= (size_t)rand() % length / (1 + (size_t)rand() % 8);
        hear_bytes(&device, message, length);
        if (rand() % 3 == 0)
            listen(&device);
        device.now_ms += (uint32_t)rand() % 300;
    }
    for (unsigned i = 0; i < 20 && listen(&device) != UINT32_MAX; i++)
        ;
    assert_silent(&device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_asks_three_times_and_announces_itself_twice),
        cmocka_unit_test(only_what_there_is_is_announced),
        cmocka_unit_test(a_name_that_is_taken_gets_a_number),
        cmocka_unit_test(its_own_words_and_those_of_others_are_no_conflict),
        cmocka_unit_test(of_two_who_ask_one_waits),
        cmocka_unit_test(names_in_use_are_defended),
        cmocka_unit_test(many_conflicts_make_it_slow),
        cmocka_unit_test(long_names_fit_and_longer_ones_are_refused),
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(what_is_not_its_business_is_not_answered),
        cmocka_unit_test(the_answer_to_a_shared_question_is_spread),
        cmocka_unit_test(the_same_is_not_said_to_all_twice_in_a_second),
        cmocka_unit_test(what_the_asker_knows_is_not_said),
        cmocka_unit_test(who_wants_it_alone_is_told_alone),
        cmocka_unit_test(plain_dns_is_answered_too),
        cmocka_unit_test(it_says_good_bye),
        cmocka_unit_test(without_an_address_it_is_silent),
        cmocka_unit_test(with_too_little_room_nothing_is_said),
        cmocka_unit_test(messages_may_end_anywhere),
        cmocka_unit_test(names_that_lead_round_and_round_end),
        cmocka_unit_test(noise_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
