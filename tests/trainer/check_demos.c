/* SPDX-License-Identifier: Apache-2.0 */
/* Demonstrations: their tokens, whose they are, how long they may be, and what is refused. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo_case.h"
#include "fake_policy.h"
#include "suite.h"

#define MAIN                                                                                                           \
    "{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"Who?\"}, "                                     \
    "{\"role\": \"answer\", \"text\": \"Al\", \"train\": 1}]}\n"
#define SEARCH                                                                                                         \
    "{\"agent\": \"search\", \"turns\": [{\"role\": \"task\", \"text\": \"<end>\", \"train\": 0}, "                    \
    "{\"role\": \"answer\", \"text\": \"\", \"train\": 1}]}\n"
enum { MAIN_LEN = 1 + 6 + 4, SEARCH_LEN = 1 + 7 + 2, LINE = 1 << 20 };

static struct mg_example e;

static void
end(void)
{
    mg_example_free(&e);
    demos_end();
}

static void
open_text(const char *text, const char *agent)
{
    demos_open(text, strlen(text), agent);
}

static bool
next(uint32_t max_len)
{
    bool more = false;

    ck_assert_msg(mg_demo_file_next(demos, max_len, &e, &more, &err) == MG_OK, "%s", err.text);
    return more;
}

static void
is(const int32_t *ids, const char *own, uint32_t n)
{
    ck_assert_uint_eq(e.t.len, n);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_msg(e.t.ids[i] == ids[i], "token %u is %d, want %d", i, (int)e.t.ids[i], (int)ids[i]);
        ck_assert_msg(e.t.mask[i] == (own[i] == '1'), "token %u: own is %d", i, e.t.mask[i]);
    }
}

#define B(c)    (MG_FAKE_BYTE + (c))
#define ROLE(r) (MG_FAKE_ROLE + MG_ROLE_##r)
static const int32_t main_ids[] = {MG_FAKE_BOS, ROLE(USER),   B('W'), B('h'), B('o'),     B('?'),
                                   MG_FAKE_END, ROLE(ANSWER), B('A'), B('l'), MG_FAKE_END};
static const int32_t search_ids[] = {MG_FAKE_BOS, ROLE(TASK), B('<'),      B('e'),       B('n'),
                                     B('d'),      B('>'),     MG_FAKE_END, ROLE(ANSWER), MG_FAKE_END};

/* A turn is role, text, end; all three are the agent's own or none. A special that a text spells is text. */
START_TEST(turns_become_tokens)
{
    open_text(MAIN SEARCH, NULL);
    ck_assert(next(100));
    is(main_ids, "00000001111", MAIN_LEN);
    ck_assert_uint_eq(e.role[0], MG_N_ROLES);
    for (uint32_t i = 1; i < e.t.len; i++)
        ck_assert_uint_eq(e.role[i], i < 7 ? MG_ROLE_USER : MG_ROLE_ANSWER);
    ck_assert(next(100));
    is(search_ids, "0000000011", SEARCH_LEN);
    ck_assert(!next(100));
    ck_assert(!next(100));
}
END_TEST

START_TEST(an_agent_reads_its_own)
{
    open_text(SEARCH MAIN SEARCH, "main");
    ck_assert(next(100));
    is(main_ids, "00000001111", MAIN_LEN);
    ck_assert(!next(100));
    ck_assert_uint_eq(mg_demo_file_count(demos).read, 1);
    ck_assert_uint_eq(mg_demo_file_count(demos).skipped, 0);
}
END_TEST

START_TEST(long_ones_are_passed_over)
{
    open_text(MAIN SEARCH MAIN, NULL);
    ck_assert(next(SEARCH_LEN));
    ck_assert_uint_eq(e.t.len, SEARCH_LEN);
    ck_assert(!next(SEARCH_LEN));
    for (int again = 0; again < 2; again++) { /* what is read twice counts once */
        struct mg_demo_count n = mg_demo_file_count(demos);

        ck_assert_uint_eq(n.read, 3);
        ck_assert_uint_eq(n.skipped, 2);
        ck_assert_uint_eq(n.longest, MAIN_LEN);
        ck_assert_int_eq(mg_demo_file_rewind(demos, &err), MG_OK);
        ck_assert(next(MAIN_LEN));
        is(main_ids, "00000001111", MAIN_LEN);
        while (next(1))
            ck_abort_msg("no demonstration has one token");
    }
}
END_TEST

START_TEST(the_last_line_needs_no_newline)
{
    demos_open(MAIN, strlen(MAIN) - 1, "main");
    ck_assert(next(100));
    ck_assert(!next(100));
}
END_TEST

#define TURN(rest) "{\"agent\": \"main\", \"turns\": [{" rest "}]}\n"
static const struct {
    const char *line, *sentence;
} refused[] = {
    {"{\n", ""},
    {"[]\n", "agent"},
    {"3\n", ""},
    {"{\"turns\": []}\n", "agent"},
    {"{\"agent\": \"Main\", \"turns\": [{\"role\": \"user\", \"text\": \"\"}]}\n", "agent's name"},
    {"{\"agent\": 1, \"turns\": [{\"role\": \"user\", \"text\": \"\"}]}\n", "agent"},
    {"{\"agent\": \"main\"}\n", "turns"},
    {"{\"agent\": \"main\", \"turns\": []}\n", "turns"},
    {"{\"agent\": \"main\", \"turns\": {\"role\": \"user\"}}\n", "turns"},
    {"{\"agent\": \"main\", \"turns\": [7]}\n", "role"},
    {TURN("\"text\": \"a\""), "role"},
    {TURN("\"role\": \"judge\", \"text\": \"a\""), "role"},
    {TURN("\"role\": \"user\""), "text"},
    {TURN("\"role\": \"user\", \"text\": 5"), "text"},
    {TURN("\"role\": \"user\", \"text\": \"a\\u0000b\""), ""},
    {TURN("\"role\": \"user\", \"text\": \"\xff\""), "0xff"},
    {TURN("\"role\": \"user\", \"text\": \"a\", \"train\": true"), "train"},
    {TURN("\"role\": \"user\", \"text\": \"a\", \"train\": \"1\""), "train"},
    {TURN("\"role\": \"user\", \"text\": \"a\", \"train\": 2"), "train"},
    {TURN("\"role\": \"user\", \"text\": \"a\", \"train\": 1.0"), "train"},
    {"{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"a\"}]} 7\n", "end of file"},
};

START_TEST(bad_lines_are_named)
{
    char text[1024], at[sizeof path + 4];
    bool more;

    snprintf(text, sizeof text, "%s%s", MAIN, refused[_i].line);
    open_text(text, NULL);
    ck_assert(next(100));
    ck_assert_msg(mg_demo_file_next(demos, 100, &e, &more, &err) == MG_INPUT, "accepted: %s", refused[_i].line);
    snprintf(at, sizeof at, "%s:2: ", path);
    ck_assert_msg(strstr(err.text, at) != NULL, "\"%s\" does not name %s", err.text, at);
    ck_assert_msg(strstr(err.text, refused[_i].sentence) != NULL, "%s: \"%s\"", refused[_i].line, err.text);
}
END_TEST

START_TEST(a_line_has_a_limit)
{
    char *line = malloc(LINE + 1);
    bool more;

    ck_assert_ptr_nonnull(line);
    memset(line, ' ', LINE + 1);
    memcpy(line, MAIN, strlen(MAIN) - 1);
    demos_open(line, LINE, NULL);
    ck_assert(next(100));
    demos_open(line, LINE + 1, NULL);
    mg_fails(mg_demo_file_next(demos, 100, &e, &more, &err), MG_INPUT, "1048576 bytes");
    free(line);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    mg_fails(mg_demo_file_open("no-such-file", NULL, tok, &demos, &err), MG_INPUT, "no-such-file");
}
END_TEST

START_TEST(a_tokenizer_without_roles_is_refused)
{
    static const char changed[] = "<hitz>";
    char *json = mg_fake_tokenizer_json(), *at;
    struct mg_tokenizer *other = NULL;

    while ((at = strstr(json, "<hits>")) != NULL)
        memcpy(at, changed, sizeof changed - 1);
    ck_assert_msg(mg_tokenizer_parse(json, strlen(json), "fake", &other, &err) == MG_OK, "%s", err.text);
    mg_fails(mg_demo_file_open(path, NULL, other, &demos, &err), MG_INPUT, "<hits>");
    mg_tokenizer_free(other);
    free(json);
}
END_TEST

START_TEST(a_pipe_is_read_once)
{
    int fd;

    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fd = open(path, O_RDWR | O_NONBLOCK);
    ck_assert_int_eq(write(fd, MAIN, strlen(MAIN)), (ssize_t)strlen(MAIN));
    ck_assert_int_eq(mg_demo_file_open(path, NULL, tok, &demos, &err), MG_OK);
    ck_assert(next(100));
    is(main_ids, "00000001111", MAIN_LEN);
    mg_fails(mg_demo_file_rewind(demos, &err), MG_INPUT, "twice");
    close(fd);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("demos", demos_begin, end, 0);

    suite_tests(tc, turns_become_tokens, an_agent_reads_its_own, long_ones_are_passed_over,
                the_last_line_needs_no_newline, a_line_has_a_limit, a_missing_file_is_named,
                a_tokenizer_without_roles_is_refused, a_pipe_is_read_once);
    tcase_add_loop_test(tc, bad_lines_are_named, 0, (int)(sizeof refused / sizeof *refused));
    return suite_main();
}
