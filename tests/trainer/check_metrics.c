/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines: what is appended reads back, and a file cut anywhere goes on as if it had not been. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/best.h"
#include "run/metrics.h"
#include "scratch.h"
#include "suite.h"

enum { LINES = 6, MAX_BYTES = 1 << 16 };

static char folder[64], file[96];

static void
begin(void)
{
    scratch_make(folder);
    snprintf(file, sizeof file, "%s/metrics.jsonl", folder);
}

static void
end(void)
{
    scratch_remove_file(folder, file);
}

static json_t *
line_of(int phase)
{
    return json_pack("{s:i, s:s, s:f}", "phase", phase, "name", phase == 0 ? "before" : "train", "reward",
                     0.1 + phase / 3.0);
}

static void
append(int phase)
{
    ck_assert_msg(mg_metrics_append(file, line_of(phase), &err) == MG_OK, "%s", err.text);
}

static void
put(const void *bytes, size_t len)
{
    scratch_write(file, bytes, len);
    mg_err_clear(&err);
}

static char *
get(size_t *len)
{
    char *text = NULL;

    ck_assert_msg(mg_file_read(file, MAX_BYTES, &text, len, &err) == MG_OK, "%s", err.text);
    return text;
}

struct seen {
    int phase[LINES], n;
    double reward[LINES];
    int stop_at; /* the visitor fails there; -1: nowhere */
};

static enum mg_status
look(void *arg, json_t *line, struct mg_err *e)
{
    struct seen *s = arg;

    if (s->n == s->stop_at)
        return mg_fail(e, MG_STOP, "seen enough");
    s->phase[s->n] = (int)json_integer_value(json_object_get(line, "phase"));
    s->reward[s->n++] = json_real_value(json_object_get(line, "reward"));
    return MG_OK;
}

START_TEST(lines_read_back_in_order)
{
    struct seen s = {.stop_at = -1};

    for (int i = 0; i < LINES; i++)
        append(i);
    ck_assert_int_eq(mg_metrics_each(file, look, &s, &err), MG_OK);
    ck_assert_int_eq(s.n, LINES);
    for (int i = 0; i < LINES; i++) {
        ck_assert_int_eq(s.phase[i], i);
        ck_assert(s.reward[i] == 0.1 + i / 3.0);
    }
}
END_TEST

START_TEST(a_visitor_can_stop)
{
    struct seen s = {.stop_at = 2};

    for (int i = 0; i < LINES; i++)
        append(i);
    ck_assert_int_eq(mg_metrics_each(file, look, &s, &err), MG_STOP);
    ck_assert_int_eq(s.n, 2);
    ck_assert_str_eq(err.text, "seen enough");
}
END_TEST

START_TEST(a_rewind_drops_the_phase_and_what_follows)
{
    for (uint32_t keep = 0; keep <= LINES + 1; keep++) {
        struct seen s = {.stop_at = -1};

        unlink(file);
        for (int i = 0; i < LINES; i++)
            append(i);
        ck_assert_int_eq(mg_metrics_rewind(file, keep, &err), MG_OK);
        ck_assert_int_eq(mg_metrics_each(file, look, &s, &err), MG_OK);
        ck_assert_int_eq(s.n, keep < LINES ? (int)keep : LINES);
        ck_assert(s.n == 0 || s.phase[s.n - 1] == s.n - 1);
    }
}
END_TEST

START_TEST(nothing_to_rewind_is_fine)
{
    ck_assert_int_eq(mg_metrics_rewind(file, 3, &err), MG_OK);
    ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

/* Wherever a crash cuts the file: rewound to the phase that is missing and gone on with, it has the bytes of a file
 * that nothing cut. */
START_TEST(a_file_cut_anywhere_goes_on)
{
    size_t len = 0, again_len = 0;
    char *whole, *again;

    for (int i = 0; i < LINES; i++)
        append(i);
    whole = get(&len);
    for (size_t cut = 0; cut <= len; cut++) {
        struct seen s = {.stop_at = -1};

        put(whole, cut);
        ck_assert_msg(mg_metrics_each(file, look, &s, &err) == MG_OK, "cut at byte %zu: %s", cut, err.text);
        ck_assert_msg(mg_metrics_rewind(file, (uint32_t)s.n, &err) == MG_OK, "cut at byte %zu: %s", cut, err.text);
        for (int i = s.n; i < LINES; i++)
            append(i);
        again = get(&again_len);
        ck_assert_uint_eq(again_len, len);
        ck_assert_mem_eq(again, whole, len);
        free(again);
    }
    free(whole);
}
END_TEST

/* Such a number has no JSON: better no line than one that nobody can read. */
START_TEST(what_cannot_be_written_is_no_line)
{
    append(0);
    mg_fails(mg_metrics_append(file, json_pack("{s:f}", "reward", (double)NAN), &err), MG_FAIL, file);
    mg_fails(mg_metrics_append("no-such-folder/metrics.jsonl", line_of(1), &err), MG_FAIL, "no-such-folder");
}
END_TEST

static void
refuses(const char *bytes, size_t len, const char *rewinds)
{
    struct seen s = {.stop_at = -1};

    put(bytes, len);
    ck_assert_msg(mg_metrics_each(file, look, &s, &err) == MG_INPUT, "read: %.40s", bytes);
    ck_assert_msg(strstr(err.text, file) != NULL, "\"%s\" does not name the file", err.text);
    mg_err_clear(&err);
    ck_assert_msg(mg_metrics_rewind(file, 9, &err) == MG_INPUT, "rewound: %.40s", bytes);
    ck_assert_msg(strstr(err.text, rewinds) != NULL, "\"%s\" does not say %s", err.text, rewinds);
}

START_TEST(damaged_lines_are_refused)
{
    static const char bad[][40] = {
        "3\n", "[1]\n", "{\"phase\":1\n", "nonsense\n", "{\"phase\":1}}\n", "{\"a\":\"\xff\"}\n"};
    static const char nul[] = "{\"phase\":1,\0}\n";
    static const char second[] = "{\"phase\":0}\n{\"phase\"}\n";

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuses(bad[i], strlen(bad[i]), "byte 0");
    refuses(nul, sizeof nul - 1, "byte 0");
    refuses(second, sizeof second - 1, "byte 12");
}
END_TEST

START_TEST(a_line_without_a_phase_is_not_rewound)
{
    static const char lines[] = "{\"phase\":0}\n{\"phase\":\"1\"}\n";
    size_t len = 0;
    char *after;

    put(lines, sizeof lines - 1);
    mg_fails(mg_metrics_rewind(file, 1, &err), MG_INPUT, "byte 12");
    mg_err_clear(&err);
    after = get(&len);
    ck_assert_str_eq(after, lines);
    free(after);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    char *deep = malloc(MAX_BYTES);

    ck_assert_ptr_nonnull(deep);
    memset(deep, '[', MAX_BYTES - 1);
    deep[MAX_BYTES - 1] = '\n';
    refuses(deep, MAX_BYTES, "byte 0");
    free(deep);
}
END_TEST

START_TEST(junk_is_refused)
{
    for (unsigned i = 0; i < 300; i++) {
        char junk[200];

        suite_junk(junk, sizeof junk, i);
        junk[1 + i % 199] = '\n';
        refuses(junk, sizeof junk, "byte");
    }
}
END_TEST

/* The last one of its name, though others, a torn one or more than is looked through stand around it. */
START_TEST(the_last_line_of_a_name_is_found)
{
    json_t *line = NULL;
    FILE *f;

    mg_ok(mg_metrics_last(file, "train", &line, &err));
    ck_assert_ptr_null(line);
    for (int i = 0; i < LINES; i++)
        append(i);
    f = fopen(file, "a");
    fputs("not JSON\n{\"name\":\"after\"}\n{\"name\":\"train\",\"phase\":9", f);
    fclose(f);
    mg_ok(mg_metrics_last(file, "train", &line, &err));
    ck_assert_int_eq(json_integer_value(json_object_get(line, "phase")), LINES - 1);
    json_decref(line);
    mg_ok(mg_metrics_last(file, "before", &line, &err));
    ck_assert_int_eq(json_integer_value(json_object_get(line, "phase")), 0);
    json_decref(line);
    f = fopen(file, "a");
    fprintf(f, "%0*d\n", 1 << 16, 0);
    fclose(f);
    mg_ok(mg_metrics_last(file, "train", &line, &err));
    ck_assert_ptr_null(line);
}
END_TEST

/* Of equals the earliest; what is greedy, a train step or without a verdict is none of them. */
START_TEST(the_best_evaluation_is_found)
{
    static const struct {
        int phase, step;
        const char *name;
        double success;
    } lines[] = {{0, 0, "before", 0.25}, {1, 0, "before-greedy", 0.9}, {2, 0, "train", 1.0},
                 {3, 1, "during", 0.5},  {4, 1, "train", 0.9},         {5, 2, "during", 0.5},
                 {6, 2, "train", 0.1},   {7, 3, "after", 0.375},       {8, 3, "after-greedy", 1.0}};
    struct mg_best best;
    FILE *f;

    mg_ok(mg_best_find(file, &best, &err));
    ck_assert(!best.there);
    f = fopen(file, "w");
    fputs("{\"phase\":0,\"step\":0,\"name\":\"before\",\"success\":null}\n", f);
    fclose(f);
    mg_ok(mg_best_find(file, &best, &err));
    ck_assert(!best.there);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        mg_ok(mg_metrics_append(file,
                                json_pack("{s:i, s:i, s:s, s:f}", "phase", lines[i].phase, "step", lines[i].step,
                                          "name", lines[i].name, "success", lines[i].success),
                                &err));
    mg_ok(mg_best_find(file, &best, &err));
    ck_assert(best.there && best.phase == 3 && best.step == 1 && best.success == 0.5);
    f = fopen(file, "a");
    fputs("{\"phase\":-1,\"step\":0,\"name\":\"after\",\"success\":1}\n", f);
    fclose(f);
    mg_fails(mg_best_find(file, &best, &err), MG_INPUT, file);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("metrics", begin, end, 60), lines_read_back_in_order, a_visitor_can_stop,
                a_rewind_drops_the_phase_and_what_follows, nothing_to_rewind_is_fine, a_file_cut_anywhere_goes_on,
                what_cannot_be_written_is_no_line, damaged_lines_are_refused, a_line_without_a_phase_is_not_rewound,
                deep_nesting_is_refused, junk_is_refused, the_last_line_of_a_name_is_found,
                the_best_evaluation_is_found);
    return suite_main();
}
