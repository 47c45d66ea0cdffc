/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says of itself while people wait: nothing before two seconds, a line after them, and none that is left on
 * a terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/doing.h"
#include "suite.h"

static char said[4096];
static size_t n_said;
static int from;

/* Standard error goes to `to`, and what comes there is read from `out`. */
static void
listen(int to, int out)
{
    ck_assert_int_ge(to, 0);
    ck_assert_int_ge(out, 0);
    ck_assert_int_eq(dup2(to, STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(fcntl(out, F_SETFL, O_NONBLOCK), 0);
    from = out;
    n_said = 0;
    said[0] = '\0';
}

static void
hear(void)
{
    ssize_t n = read(from, said + n_said, sizeof said - 1 - n_said);

    n_said += n > 0 ? (size_t)n : 0;
    said[n_said] = '\0';
}

/* Whether a text comes within some time that no machine should need; at least `least` seconds after the start. */
static void
expect(const char *text, double start, double least)
{
    hear();
    while (strstr(said, text) == NULL && mg_clock() - start < 60.0) {
        mg_sleep_ms(20.0);
        hear();
    }
    ck_assert_msg(strstr(said, text) != NULL, "not \"%s\" but \"%s\"", text, said);
    ck_assert_double_ge(mg_clock() - start, least);
}

static void
listen_to_pipe(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    listen(ends[1], ends[0]);
}

START_TEST(a_command_that_ends_soon_says_nothing)
{
    listen_to_pipe();
    mg_doing("before it begins");
    mg_doing_begin("test");
    mg_doing("step %d", 1);
    mg_doing_end();
    mg_doing("after its end");
    mg_doing_end();
    hear();
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_command_that_takes_time_says_so)
{
    double start = mg_clock();

    listen_to_pipe();
    mg_doing_begin("test");
    mg_doing("step %d", 1);
    mg_doing("step %d of %d", 2, 9);
    expect(" s\n", start, 2.0);
    ck_assert_int_eq(strncmp(said, "mgrpo test: step 2 of 9, ", 25), 0);
    ck_assert_ptr_eq(strchr(said, '\n'), said + n_said - 1); /* once */
    mg_doing_end();
}
END_TEST

/* Text that is longer than a line is cut. */
START_TEST(a_terminal_has_one_line)
{
    double start = mg_clock();
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    char name[64], text[1000];

    if (terminal < 0) { /* a container may have no /dev/ptmx, or none that works */
        printf("no pseudo-terminal (%s): what a terminal gets is not looked at\n", strerror(errno));
        return;
    }
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(grantpt(terminal) | unlockpt(terminal), 0);
    ck_assert_int_eq(ptsname_r(terminal, name, sizeof name), 0);
    listen(open(name, O_RDWR | O_NOCTTY), terminal);
    mg_doing_begin("test");
    mg_doing("%s", text);
    expect("\r\033[Kmgrpo test: xxx", start, 2.0);
    n_said = 0;
    expect("\r\033[Kmgrpo test: xxx", start, 3.0);
    ck_assert_ptr_null(strchr(said, '\n'));
    mg_doing_hide();
    n_said = 0;
    mg_doing("step 2");
    expect("step 2, ", start, 3.0);
    mg_doing_end();
    n_said = 0;
    expect("\r\033[K", start, 3.0);
    hear();
    ck_assert_str_eq(said + n_said - 4, "\r\033[K");
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("doing", NULL, NULL, 120), a_command_that_ends_soon_says_nothing,
                a_command_that_takes_time_says_so, a_terminal_has_one_line);
    return suite_main();
}
