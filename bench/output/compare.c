/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "names/option.h"
#include "output/output.h"

static const char usage[] =
    "usage: clgrpo-bench compare [--json] [--fail-slower] [--ratio] A.json B.json\n"
    "Say which rows of B are faster or slower than in A beyond the noise of both; with --ratio by\n"
    "the share that each has of its own machine's limit, as for two devices.\n";

/* A smaller difference is never called a change: clock rates and the placement in memory differ from run to run. */
static const double least_noise = 0.03;

enum verdict { SLOWER, SAME, FASTER };
static const char *const verdict_names[] = {"slower", "same", "faster"};

struct pair {
    const struct bench_row *a, *b;
    double speed, noise; /* of b over a */
    enum verdict verdict;
};

struct comparison {
    struct pair *pairs;
    size_t n;
    size_t only_a, only_b, apart; /* rows that one file has, and rows that have no figure in common */
    size_t count[3];              /* the counted rows, by verdict */
    double mean;                  /* geometric, of their speeds */
};

static bool
is_machine(const struct bench_row *row)
{
    return strncmp(row->row, "machine.", 8) == 0;
}

/* Whether the row counts in the verdict: those of the machine and those of quality do not. */
static bool
is_counted(const struct bench_row *row)
{
    return !is_machine(row) && !bench_is_quality(row);
}

/* Of b over a: by the times, or by the shares of the limits of the two machines. */
static double
speed_of(const struct bench_row *a, const struct bench_row *b, bool by_ratio)
{
    if (!by_ratio || is_machine(a))
        return bench_speed(a, b);
    return a->ratio > 0.0 && b->ratio > 0.0 ? b->ratio / a->ratio : 0.0;
}

/* Half the range from the 10th to the 90th percentile, of the two rows as independent errors. */
static double
noise_of(const struct bench_row *a, const struct bench_row *b)
{
    double noise = 0.5 * hypot(a->spread, b->spread);

    return noise > least_noise ? noise : least_noise;
}

static int
by_speed(const void *x, const void *y)
{
    const struct pair *p = x, *q = y;

    if (p->speed != q->speed)
        return p->speed < q->speed ? -1 : 1;
    return strcmp(p->a->row, q->a->row);
}

static int
by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Whether no two rows of the file have one name; says so if they do. */
static bool
names_differ(const char *path, const struct bench_results *r)
{
    const char **names = calloc(r->n, sizeof *names), *twice = NULL;

    if (names == NULL)
        return false;
    for (size_t i = 0; i < r->n; i++)
        names[i] = r->rows[i].row;
    qsort(names, r->n, sizeof *names, by_name);
    for (size_t i = 1; i < r->n && twice == NULL; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            twice = names[i];
    if (twice != NULL)
        fprintf(stderr, "clgrpo-bench: %s has the row %s twice\n", path, twice);
    free(names);
    return twice == NULL;
}

static bool
join(const struct bench_results *a, const struct bench_results *b, bool by_ratio, struct comparison *c)
{
    double logs = 0.0;
    size_t counted;

    if ((c->pairs = calloc(a->n, sizeof *c->pairs)) == NULL)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        struct pair p = {.a = &a->rows[i], .b = bench_find(b, a->rows[i].row)};

        if (p.b == NULL) {
            c->only_a++;
            continue;
        }
        if ((p.speed = speed_of(p.a, p.b, by_ratio)) <= 0.0) {
            c->apart++;
            continue;
        }
        if (!isfinite(p.speed)) {
            fprintf(stderr, "clgrpo-bench: %s is %g in A and %g in B: no ratio of these\n", p.a->row, p.a->value,
                    p.b->value);
            return false;
        }
        p.noise = noise_of(p.a, p.b);
        p.verdict = p.speed > 1.0 + p.noise ? FASTER : p.speed < 1.0 / (1.0 + p.noise) ? SLOWER : SAME;
        if (is_counted(p.a)) {
            c->count[p.verdict]++;
            logs += log(p.speed);
        }
        c->pairs[c->n++] = p;
    }
    for (size_t i = 0; i < b->n; i++)
        c->only_b += bench_find(a, b->rows[i].row) == NULL;
    counted = c->count[SLOWER] + c->count[SAME] + c->count[FASTER];
    c->mean = counted > 0 ? exp(logs / (double)counted) : 0.0;
    qsort(c->pairs, c->n, sizeof *c->pairs, by_speed);
    return true;
}

static void
print_text(const struct comparison *c)
{
    printf("%-46s %11s %11s %-8s %8s %7s  %s\n", "row", "A", "B", "unit", "B / A", "noise", "verdict");
    for (size_t i = 0; i < c->n; i++) {
        const struct pair *p = &c->pairs[i];

        printf("%-46s %11.5g %11.5g %-8s %7.2fx %6.0f%%  %s\n", p->a->row, p->a->value, p->b->value, p->a->unit,
               p->speed, 100.0 * p->noise, verdict_names[p->verdict]);
    }
    if (c->only_a > 0 || c->only_b > 0)
        printf("%zu rows only in A, %zu only in B\n", c->only_a, c->only_b);
    if (c->apart > 0)
        printf("%zu rows have no limit or no figure to compare\n", c->apart);
    for (size_t i = 0; i < c->n; i++)
        if (!is_counted(c->pairs[i].a) && c->pairs[i].verdict != SAME)
            printf("%s differs: %s %.2fx\n", is_machine(c->pairs[i].a) ? "the machine itself" : "quality",
                   c->pairs[i].a->row, c->pairs[i].speed);
    if (c->count[SLOWER] + c->count[FASTER] == 0)
        printf("verdict: nothing changed beyond the noise in %zu rows", c->count[SAME]);
    else
        printf("verdict: %zu slower, %zu faster, %zu the same within the noise", c->count[SLOWER], c->count[FASTER],
               c->count[SAME]);
    printf("; B / A %.2fx (geometric mean)\n", c->mean);
}

static void
print_json(const struct comparison *c)
{
    json_t *rows = json_array(), *root;

    for (size_t i = 0; i < c->n; i++) {
        const struct pair *p = &c->pairs[i];

        json_array_append_new(rows, json_pack("{s:s, s:f, s:f, s:s, s:f, s:f, s:s}", "row", p->a->row, "a", p->a->value,
                                              "b", p->b->value, "unit", p->a->unit, "speed", p->speed, "noise",
                                              p->noise, "verdict", verdict_names[p->verdict]));
    }
    root = json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "slower", (json_int_t)c->count[SLOWER], "faster",
                     (json_int_t)c->count[FASTER], "same", (json_int_t)c->count[SAME], "only_a", (json_int_t)c->only_a,
                     "only_b", (json_int_t)c->only_b, "mean", c->mean, "rows", rows);
    json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(root);
}

static int
compare_files(const char *path_a, const char *path_b, bool by_ratio, bool json, bool fail_slower)
{
    struct bench_results a = {0}, b = {0};
    struct comparison c = {0};
    int rc = 2;

    if (!output_read(path_a, &a) || !output_read(path_b, &b) || !names_differ(path_a, &a) ||
        !names_differ(path_b, &b) || !join(&a, &b, by_ratio, &c))
        goto out;
    if (c.n == 0) {
        fprintf(stderr, "clgrpo-bench: no row of %s is in %s\n", path_a, path_b);
        goto out;
    }
    if (json)
        print_json(&c);
    else
        print_text(&c);
    rc = fail_slower && c.count[SLOWER] > 0 ? 1 : 0;
out:
    free(c.pairs);
    output_free(&a);
    output_free(&b);
    return rc;
}

int
output_compare(int argc, char **argv)
{
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
                                          {"fail-slower", no_argument, NULL, 'f'},
                                          {"ratio", no_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    bool json = false, fail_slower = false, by_ratio = false;
    int letter;

    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":jh", longs, NULL)) != -1) {
        if (letter == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (letter == '?' || letter == ':') {
            fprintf(stderr, "clgrpo-bench compare: %s\n%s",
                    names_option_refused(longs, argv[optind - 1], letter, optopt).text, usage);
            return 2;
        }
        json = json || letter == 'j';
        fail_slower = fail_slower || letter == 'f';
        by_ratio = by_ratio || letter == 'r';
    }
    if (argc - optind != 2) {
        fputs(usage, stderr);
        return 2;
    }
    return compare_files(argv[optind], argv[optind + 1], by_ratio, json, fail_slower);
}
