/* Progress on something that is no terminal: plain lines, and few of them. On a
 * terminal (a pseudo-terminal here): bars redrawn in place.
 */
#include "host/progress.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static void plain_lines_come_at_quarters(void **state)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = tmpfile();
    struct progress *progress = progress_start(out, 2);
    (void)state;
    progress_name(progress, 0, "one");
    progress_name(progress, 1, "two");
    progress_note(progress, 1, "waiting");
    progress_note(progress, 1, "waiting");
    for (unsigned done = 0; done <= 1000; done++)
        progress_set(progress, 0, done, 1000);
    progress_set(progress, 1, 5, 5);
    progress_line(progress, "a line");
    progress_end(progress);
    rewind(out);
    length = 0;
    assert_true(getdelim(&text, &length, '\0', out) > 0);
    assert_string_equal(text, "two: waiting\n"
                              "one: 25 %\none: 50 %\none: 75 %\none: 100 %\n"
                              "two: waiting, 100 %\na line\n");
    free(text);
    fclose(out);
}

static void a_second_run_of_a_row_counts_anew(void **state)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = tmpfile();
    struct progress *progress = progress_start(out, 1);
    (void)state;
    progress_name(progress, 0, "x");
    progress_set(progress, 0, 10, 10);
    progress_set(progress, 0, 0, 10);
    progress_set(progress, 0, 5, 10);
    progress_end(progress);
    rewind(out);
    assert_true(getdelim(&text, &length, '\0', out) > 0);
    assert_string_equal(text, "x: 100 %\nx: 50 %\n");
    free(text);
    fclose(out);
}

static void numbers_beyond_the_total_stay_at_100(void **state)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = tmpfile();
    struct progress *progress = progress_start(out, 1);
    (void)state;
    progress_name(progress, 0, "x");
    progress_set(progress, 0, UINT64_MAX, 3);
    progress_end(progress);
    progress_end(NULL);
    rewind(out);
    assert_true(getdelim(&text, &length, '\0', out) > 0);
    assert_string_equal(text, "x: 100 %\n");
    free(text);
    fclose(out);
}

/* A pseudo-terminal of 24 lines; returns the side that reads. */
static int open_terminal(FILE **out)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    const int control = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(control >= 0);
    assert_int_equal(grantpt(control), 0);
    assert_int_equal(unlockpt(control), 0);
    const int terminal = open(ptsname(control), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    *out = fdopen(terminal, "w");
    assert_non_null(*out);
    return control;
}

static void read_some(int control, char *text, size_t size)
{
    const ssize_t length = read(control, text, size - 1);
    assert_true(length > 0);
    text[length] = '\0';
}

static void bars_are_redrawn_in_place_on_a_terminal(void **state)
{
    char text[4096];
    FILE *out;
    (void)state;
    setenv("TERM", "xterm", 1);
    const int control = open_terminal(&out);
    struct progress *progress = progress_start(out, 2);
    progress_name(progress, 0, "one");
    progress_name(progress, 1, "second");
    progress_set(progress, 0, 1, 2);
    read_some(control, text, sizeof text);
    assert_non_null(strstr(text, "one     [=============>            ]  50 %"));
    assert_null(strstr(text, "\033[2A"));
    progress_end(progress);
    read_some(control, text, sizeof text);
    assert_non_null(strstr(text, "\033[2A"));
    fclose(out);
    close(control);
}

static void a_dumb_terminal_gets_plain_lines(void **state)
{
    char text[256];
    FILE *out;
    (void)state;
    setenv("TERM", "dumb", 1);
    const int control = open_terminal(&out);
    struct progress *progress = progress_start(out, 1);
    progress_name(progress, 0, "x");
    progress_set(progress, 0, 1, 2);
    progress_end(progress);
    read_some(control, text, sizeof text);
    assert_string_equal(text, "x: 50 %\r\n");
    fclose(out);
    close(control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_come_at_quarters),
        cmocka_unit_test(a_second_run_of_a_row_counts_anew),
        cmocka_unit_test(numbers_beyond_the_total_stay_at_100),
        cmocka_unit_test(bars_are_redrawn_in_place_on_a_terminal),
        cmocka_unit_test(a_dumb_terminal_gets_plain_lines),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
