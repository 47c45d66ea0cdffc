/* SPDX-License-Identifier: Apache-2.0 */
/* Files of lines as editors and other tools leave them: a byte order mark, blank lines, null in place of nothing. */
#include <stdio.h>
#include <string.h>

#include "base/lines.h"
#include "config_case.h"
#include "demo_case.h"
#include "question/question_file.h"
#include "run/metrics.h"
#include "scratch.h"
#include "suite.h"

#define MARK "\xef\xbb\xbf"
#define ASKED                                                                                                          \
    "{\"id\":\"a\",\"split\":\"train\",\"hops\":1,\"question\":\"x?\",\"answer\":\"y\",\"aliases\":null,"              \
    "\"steps\":null}"
#define SHOWN "{\"agent\": \"main\", \"turns\": [{\"role\": \"user\", \"text\": \"Who?\", \"train\": null}]}"

static char folder[64], file[96];

static void
begin(void)
{
    scratch_make(folder);
    snprintf(file, sizeof file, "%s/lines", folder);
}

static void
end(void)
{
    scratch_remove_file(folder, file);
}

/* ---- The reader ---- */

/* The lines and their numbers as "1:text 3:text ". */
static const char *
lines_of(const char *text, size_t n)
{
    static char out[200];
    struct mg_lines l;
    bool more = true;

    scratch_write(file, text, n);
    mg_ok(mg_lines_open(&l, file, 20, &err));
    out[0] = '\0';
    while (true) {
        mg_ok(mg_lines_next(&l, &more, &err));
        if (!more)
            break;
        ck_assert_uint_eq(l.text[l.len], '\0');
        snprintf(out + strlen(out), sizeof out - strlen(out), "%zu:%.*s ", l.number, (int)strcspn(l.text, "\r\n"),
                 l.text);
    }
    mg_lines_close(&l);
    return out;
}

#define LINES(text) lines_of(text, sizeof(text) - 1)

START_TEST(blank_lines_and_a_mark_are_passed_over)
{
    ck_assert_str_eq(LINES("a\nb\n"), "1:a 2:b ");
    ck_assert_str_eq(LINES("a\nb"), "1:a 2:b ");
    ck_assert_str_eq(LINES("\n\na\n \t\r\n\nb\n\n"), "3:a 6:b ");
    ck_assert_str_eq(LINES(MARK "a\nb\n"), "1:a 2:b ");
    ck_assert_str_eq(LINES(MARK "\r\na\r\n"), "2:a ");
    ck_assert_str_eq(LINES(MARK), "");
    ck_assert_str_eq(LINES(""), "");
    ck_assert_str_eq(LINES("a\n" MARK "b\n"), "1:a 2:" MARK "b "); /* a mark is one at the begin alone */
    ck_assert_str_eq(LINES("\0\n"), "1: ");                        /* NUL is no white space */
}
END_TEST

START_TEST(a_line_has_a_longest_length)
{
    struct mg_lines l;
    bool more;

    scratch_write(file, "12345678901234567890\n", 21);
    mg_ok(mg_lines_open(&l, file, 21, &err));
    mg_ok(mg_lines_next(&l, &more, &err));
    ck_assert_uint_eq(l.len, 21);
    mg_lines_close(&l);
    mg_ok(mg_lines_open(&l, file, 20, &err));
    ck_assert_int_eq(mg_lines_next(&l, &more, &err), MG_INPUT);
    suite_says(err.text, "lines:1:", "20 bytes");
    mg_lines_close(&l);
    mg_err_clear(&err);
    mg_ok(mg_lines_open(&l, "/dev/zero", 1000, &err)); /* a line without an end */
    ck_assert_int_eq(mg_lines_next(&l, &more, &err), MG_INPUT);
    mg_lines_close(&l);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_lines_open(&l, "no/such/file", 20, &err), MG_INPUT);
    mg_lines_close(&l);
}
END_TEST

START_TEST(lines_are_read_again)
{
    struct mg_lines l;
    bool more;

    scratch_write(file, MARK "a\nb\n", 7);
    mg_ok(mg_lines_open(&l, file, 20, &err));
    for (int pass = 0; pass < 2; pass++) {
        mg_ok(mg_lines_next(&l, &more, &err));
        ck_assert_str_eq(l.text, "a\n");
        ck_assert_uint_eq(l.number, 1);
        mg_ok(mg_lines_rewind(&l, &err));
    }
    mg_lines_close(&l);
}
END_TEST

/* ---- Files that are read by it ---- */

static const char *const questions[] = {ASKED "\n\n", "\n\n" ASKED "\n \n", MARK ASKED "\n", MARK "\n" ASKED};

START_TEST(questions_in_harmless_forms)
{
    struct mg_question_file f;

    scratch_write(file, questions[_i], strlen(questions[_i]));
    mg_ok(mg_question_file_load(file, &f, &err));
    ck_assert_uint_eq(f.n, 1);
    ck_assert_uint_eq(f.q[0].n_steps, 0);
    ck_assert_uint_eq(f.q[0].answer.n_aliases, 0);
    mg_question_file_free(&f);
}
END_TEST

START_TEST(null_is_like_an_absent_member)
{
    static const char text[] = "{\"id\":\"a\",\"split\":\"dev\",\"hops\":null,\"question\":\"x?\",\"answer\":\"y\","
                               "\"template\":null,\"steps\":[{\"ask\":\"z\",\"answer\":\"w\",\"aliases\":null,\"page\":"
                               "null}]}\n";
    struct mg_question_file f;

    scratch_write(file, text, sizeof text - 1);
    mg_ok(mg_question_file_load(file, &f, &err));
    ck_assert_uint_eq(f.q[0].hops, 1);
    ck_assert_uint_eq(f.q[0].n_steps, 1);
    mg_question_file_free(&f);
}
END_TEST

/* A sentence names the line as an editor counts it. */
START_TEST(blank_lines_are_counted)
{
    static const char text[] = MARK "\n" ASKED "\n\n" ASKED "\n";
    struct mg_question_file f;

    scratch_write(file, text, sizeof text - 1);
    ck_assert_int_eq(mg_question_file_load(file, &f, &err), MG_INPUT);
    suite_says(err.text, "lines:4:", "line 2");
}
END_TEST

START_TEST(metrics_with_blank_lines)
{
    static const char text[] = "{\"phase\": 1}\n\n{\"phase\": 2}\n";

    scratch_write(file, text, sizeof text - 1);
    mg_ok(mg_metrics_rewind(file, 2, &err));
    mg_ok(mg_metrics_append(file, json_pack("{s:i}", "phase", 2), &err));
    mg_ok(mg_metrics_rewind(file, 3, &err));
}
END_TEST

static const char *const shown[] = {SHOWN "\n\n", "\n" SHOWN "\n", MARK SHOWN "\n", MARK "\r\n" SHOWN "\r\n\r\n"};

START_TEST(demonstrations_in_harmless_forms)
{
    struct mg_example e = {0};
    bool more = false;

    demos_open(shown[_i], strlen(shown[_i]), NULL);
    for (int pass = 0; pass < 2; pass++) {
        mg_ok(mg_demo_file_next(demos, 100, &e, &more, &err));
        ck_assert(more);
        ck_assert_uint_eq(e.t.len, 7); /* <bos>, <user>, four bytes, <end> */
        mg_ok(mg_demo_file_next(demos, 100, &e, &more, &err));
        ck_assert(!more);
        mg_ok(mg_demo_file_rewind(demos, &err));
    }
    mg_example_free(&e);
}
END_TEST

START_TEST(a_configuration_with_a_mark)
{
    struct mg_config c;

    config_loads(MARK HEAD MODELS, &c);
    ck_assert_uint_eq(c.n_agents, 2);
    mg_config_free(&c);
    config_refuses(MARK HEAD "x = 1\n" MODELS, ":4", "x", "");
}
END_TEST

int
main(void)
{
    TCase *lines = suite_case("lines", begin, end, 0),
          *demo_lines = suite_case("demo lines", demos_begin, demos_end, 0);

    suite_tests(lines, blank_lines_and_a_mark_are_passed_over, a_line_has_a_longest_length, lines_are_read_again,
                null_is_like_an_absent_member, blank_lines_are_counted, metrics_with_blank_lines);
    tcase_add_loop_test(lines, questions_in_harmless_forms, 0, 4);
    tcase_add_loop_test(demo_lines, demonstrations_in_harmless_forms, 0, 4);
    suite_tests(suite_case("configuration lines", config_begin, config_end, 0), a_configuration_with_a_mark);
    return suite_main();
}
