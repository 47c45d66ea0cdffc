/* SPDX-License-Identifier: Apache-2.0 */
/* Curves: points where the numbers are, none where they are missing, nothing outside the picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "html_form.h"
#include "report/report_drawing.h"
#include "report/report_line.h"
#include "suite.h"

enum { WIDTH = 520, HEIGHT = 220 };

START_TEST(signs_of_html)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    mg_html_text(to, "<a href=\"x\">&amp;</a>\x01\x7f\n\xc3\xa9");
    fclose(to);
    ck_assert_str_eq(text, "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;   \xc3\xa9");
    free(text);
}
END_TEST

/* A terminal obeys no text of a model, and a page is UTF-8 whatever that was. */
START_TEST(bytes_that_are_no_text)
{
    static const char *const pairs[][2] = {{"a\x1b[2Jb", "a [2Jb"},
                                           {"a\xc2\x9b"
                                            "b",
                                            "a b"},
                                           {"a\xff"
                                            "b",
                                            "a" MG_NO_TEXT "b"},
                                           {"\xc3", MG_NO_TEXT},
                                           {"\xe2\x82", MG_NO_TEXT MG_NO_TEXT},
                                           {"\xed\xa0\x80", MG_NO_TEXT MG_NO_TEXT MG_NO_TEXT},
                                           {"\xe2\x82\xac\xf0\x9f\x98\x80<", "\xe2\x82\xac\xf0\x9f\x98\x80<"}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *to = open_memstream(&text, &len);

        mg_plain_text(to, pairs[i][0]);
        fclose(to);
        ck_assert_str_eq(text, pairs[i][1]);
        free(text);
    }
}
END_TEST

static char *
svg_of(const struct mg_chart *chart)
{
    static char *text; /* the stream keeps the address until it is closed */
    static size_t len;
    FILE *to = open_memstream(&text, &len);

    mg_chart_svg(to, chart);
    fclose(to);
    html_is_well_formed(text);
    return text;
}

/* The points of the k-th line; all lie in the picture. */
static size_t
points(const char *svg, int k, double *x, double *y)
{
    const char *at = svg;
    size_t n = 0;
    int used;

    for (int i = 0; i <= k; i++) {
        at = strstr(at, "<polyline");
        ck_assert_ptr_nonnull(at);
        at = strstr(at, "points=\"") + 8;
    }
    for (; sscanf(at, "%lf,%lf%n", &x[n], &y[n], &used) == 2; at += used) {
        ck_assert_msg(x[n] >= 0 && x[n] <= WIDTH && y[n] >= 0 && y[n] <= HEIGHT, "point %zu is at %g, %g", n, x[n],
                      y[n]);
        n++;
    }
    return n;
}

START_TEST(lines_follow_the_numbers)
{
    const double step[] = {0, 1, 2, 4};
    double up[] = {0.0, 0.25, 0.5, 1.0}, down[] = {1.0, 0.75, 0.5, 0.0}, x[8], y[8], y2[8];
    struct mg_chart chart = {.title = "T", .unit = "u", .x = step, .n = 4, .n_series = 2};
    char *svg;

    chart.series[0] = (struct mg_series){"up", up, NULL, NULL};
    chart.series[1] = (struct mg_series){"down", down, NULL, NULL};
    svg = svg_of(&chart);
    ck_assert_uint_eq(points(svg, 0, x, y), 4);
    ck_assert_uint_eq(points(svg, 1, x, y2), 4);
    ck_assert_double_eq_tol((x[3] - x[2]) / (x[1] - x[0]), 2.0, 0.01);
    ck_assert_double_eq_tol((y[0] - y[3]) / (y[0] - y[1]), 4.0, 0.05);
    ck_assert_double_eq_tol(y[0] - y[3], y2[3] - y2[0], 0.11);
    ck_assert(y[0] > y[1] && y[1] > y[2] && y[2] > y[3]);
    suite_says(svg, ">up<", ">down<");
    free(svg);
}
END_TEST

START_TEST(a_band_lies_around_its_line)
{
    const double step[] = {0, 1};
    double mean[] = {0.5, 0.5}, lo[] = {0.25, 0.25}, hi[] = {0.625, 0.75}, x[8], y[8];
    struct mg_chart chart = {
        .title = "T", .unit = "", .x = step, .n = 2, .n_series = 1, .series = {{"s", mean, lo, hi}}};
    char *svg = svg_of(&chart);
    double bx[4], by[4];
    const char *at;

    ck_assert_uint_eq(points(svg, 0, x, y), 2);
    at = strstr(svg, "<polygon");
    ck_assert_ptr_nonnull(at);
    at = strstr(at, "points=\"");
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(sscanf(at, "points=\"%lf,%lf %lf,%lf %lf,%lf %lf,%lf", &bx[0], &by[0], &bx[1], &by[1], &bx[2],
                            &by[2], &bx[3], &by[3]),
                     8);
    /* upper ends from left to right, then lower ends back */
    ck_assert_double_eq_tol((y[0] - by[0]) / (y[1] - by[1]), 0.5, 0.01);
    ck_assert_double_eq_tol((by[3] - y[0]) / (y[0] - by[0]), 2.0, 0.02);
    ck_assert_double_eq_tol(by[2], by[3], 1e-9);
    free(svg);
}
END_TEST

START_TEST(missing_numbers_have_no_point)
{
    const double step[] = {0, 1, 2};
    double some[] = {0.5, (double)NAN, 0.25}, none[] = {(double)NAN, (double)NAN, (double)NAN}, x[8], y[8];
    struct mg_chart chart = {
        .title = "T", .unit = "", .x = step, .n = 3, .n_series = 1, .series = {{"s", some, NULL, NULL}}};
    char *svg = svg_of(&chart);

    ck_assert_uint_eq(points(svg, 0, x, y), 2);
    ck_assert_ptr_null(strstr(svg, "nan"));
    free(svg);
    chart.series[0].y = none;
    svg = svg_of(&chart);
    suite_says_not(svg, "nan", "inf");
    free(svg);
}
END_TEST

START_TEST(flat_lines_and_single_points_have_a_place)
{
    const double step[] = {3, 4};
    double flat[] = {1.0, 1.0}, x[8], y[8];
    struct mg_chart chart = {
        .title = "T", .unit = "", .x = step, .n = 2, .n_series = 1, .series = {{"s", flat, NULL, NULL}}};
    char *svg = svg_of(&chart);

    ck_assert_uint_eq(points(svg, 0, x, y), 2);
    ck_assert_double_eq(y[0], y[1]);
    free(svg);
    chart.n = 1;
    svg = svg_of(&chart);
    ck_assert_uint_eq(points(svg, 0, x, y), 1);
    free(svg);
    chart.n = 0;
    svg = svg_of(&chart);
    ck_assert_ptr_null(strstr(svg, "nan"));
    free(svg);
}
END_TEST

/* Bars stand on one line, and are as high as the shares are large. */
START_TEST(bars_are_as_high_as_their_shares)
{
    static const char *const name[MG_BARS] = {"first", "last"};
    const double first[] = {0.5, 0.25, 0.0}, last[] = {0.125, 0.125, 0.75}, *const share[MG_BARS] = {first, last};
    char *text = NULL, *at;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    double y[6], height[6], x[6], wide;
    int n = 0;

    mg_bars_svg(to, "T", name, share, 3);
    fclose(to);
    html_is_well_formed(text);
    for (at = text; (at = strstr(at, "<rect")) != NULL; at++, n++)
        ck_assert_int_eq(sscanf(at, "<rect class=\"bar c%*u\" x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"/>",
                                &x[n < 6 ? n : 0], &y[n < 6 ? n : 0], &wide, &height[n < 6 ? n : 0]),
                         4);
    ck_assert_int_eq(n, 6);
    for (int i = 0; i < 6; i++) {
        ck_assert(x[i] >= 0 && x[i] + wide <= WIDTH && y[i] >= 0);
        ck_assert_double_eq_tol(y[i] + height[i], y[0] + height[0], 0.11);
        ck_assert_double_eq_tol(height[i] / height[5], share[i % 2][i / 2] / 0.75, 0.01);
    }
    suite_says(text, ">first<", ">last<", ">0.75<");
    free(text);
}
END_TEST

/* ---- A chart as it is put together ---- */

static bool
place(const json_t *line, const char *key, struct mg_point *p)
{
    p->x = mg_line_number(line, "step");
    p->y = mg_line_number(line, key);
    return json_object_get(line, "step") != NULL;
}

/* Lines without a number have no place in the chart, and take none away from those that are there already. */
START_TEST(lines_without_numbers_leave_the_others)
{
    json_t *numbers = json_loads("[{\"step\":1,\"a\":5},{\"step\":2,\"a\":6},{\"step\":4,\"a\":7}]", 0, NULL);
    json_t *none = json_loads("[{\"step\":1,\"a\":null},{\"step\":2},{\"other\":4}]", 0, NULL);
    struct mg_drawing d = {.chart = {.title = "T", .unit = ""}};
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    mg_ok(mg_drawing_add(&d, none, place, "a", "none", false, &err));
    ck_assert_uint_eq(d.chart.n_series, 0);
    mg_ok(mg_drawing_add(&d, numbers, place, "a", "some", false, &err));
    mg_ok(mg_drawing_add(&d, none, place, "a", "none", false, &err));
    ck_assert_uint_eq(d.chart.n_series, 1);
    ck_assert_uint_eq(d.chart.n, 3);
    ck_assert(d.chart.x[0] == 1.0 && d.chart.x[1] == 2.0 && d.chart.x[2] == 4.0);
    mg_drawing_end(to, &d);
    fclose(to);
    ck_assert_uint_gt(len, 0);
    free(text);
    json_decref(numbers);
    json_decref(none);
}
END_TEST

/* Lines of one phase are found in one pass, whatever either file lacks or repeats. */
START_TEST(lines_of_one_phase_are_found)
{
    json_t *lines = json_loads("[{\"phase\":1},{\"phase\":\"x\"},{},{\"phase\":3},{\"phase\":7}]", 0, NULL);
    json_t *asked = json_loads("[{\"phase\":0},{\"phase\":1},{\"phase\":[]},{\"phase\":2},{\"phase\":3},{\"phase\":3},"
                               "{\"phase\":9}]",
                               0, NULL);
    static const int found[] = {-1, 0, -1, -1, 3, 3, -1};
    size_t from = 0;

    for (size_t i = 0; i < json_array_size(asked); i++)
        ck_assert_ptr_eq(mg_line_of_phase(lines, json_array_get(asked, i), &from),
                         found[i] < 0 ? NULL : json_array_get(lines, (size_t)found[i]));
    ck_assert_uint_eq(from, json_array_size(lines));
    json_decref(lines);
    json_decref(asked);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("report chart", NULL, NULL, 0), signs_of_html, bytes_that_are_no_text,
                lines_follow_the_numbers, a_band_lies_around_its_line, missing_numbers_have_no_point,
                flat_lines_and_single_points_have_a_place, bars_are_as_high_as_their_shares,
                lines_without_numbers_leave_the_others, lines_of_one_phase_are_found);
    return suite_main();
}
