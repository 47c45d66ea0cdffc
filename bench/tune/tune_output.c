/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tune/tuner.h"

enum { BAR = 24 };

void
tune_progress(const struct tune *t, const struct tune_case *c, unsigned done, unsigned of)
{
    const double spent = 1e-6 * (bench_now_us() - t->started_us), left = t->seconds > spent ? t->seconds - spent : 0.0;
    int full = t->seconds > spent ? (int)(BAR * spent / t->seconds) : BAR;
    char bar[BAR + 1];

    if (!t->progress)
        return;
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)full);
    bar[BAR] = '\0';
    fprintf(stderr, "\r[%s] %s %s: %u of %u candidates, about %.0f s left \033[K", bar, c->op, c->shape_class, done, of,
            left);
    fflush(stderr);
}

void
tune_progress_end(const struct tune *t)
{
    if (t->progress)
        fputs("\r\033[K", stderr);
}

/* The values that are not standard, as "KC=512 MC=96", or "standard" if all are. */
static void
describe(const struct tune_result *r, char *text, size_t bytes)
{
    const struct clg_tune_param *p = clg_tune_params + r->first_param;
    size_t used = 0;

    snprintf(text, bytes, "standard");
    for (size_t i = 0; i < r->n_params && used < bytes; i++)
        if (r->values[i] != p[i].standard[r->shape_class])
            used +=
                (size_t)snprintf(text + used, bytes - used, "%s%s=%d", used > 0 ? " " : "", p[i].name, r->values[i]);
}

void
tune_print(const struct tune_result *results, size_t n)
{
    char text[128];

    printf("%-18s %-7s %-20s %11s %12s %10s %6s  %s\n", "operation", "class", "shape", "candidates", "standard us",
           "best us", "gain", "best");
    for (size_t i = 0; i < n; i++) {
        const struct tune_result *r = &results[i];
        char tried[24];

        describe(r, text, sizeof text);
        snprintf(tried, sizeof tried, "%u/%u", r->n_tried, r->n_candidates);
        if (r->failed)
            printf("%-18s %-7s %-20s failed\n", r->c->op, r->c->shape_class, r->c->label);
        else
            printf("%-18s %-7s %-20s %11s %12.1f %10.1f %5.2fx  %s\n", r->c->op, r->c->shape_class, r->c->label, tried,
                   r->standard_us, r->best_us, r->ratio, text);
        if (r->n_wrong > 0)
            printf("%-18s %-7s %u candidates gave wrong results and were refused\n", r->c->op, r->c->shape_class,
                   r->n_wrong);
    }
}

static json_t *
to_json(const struct tune_result *r)
{
    const struct clg_tune_param *p = clg_tune_params;
    json_t *values = json_object();

    for (size_t i = 0; i < r->n_params; i++)
        json_object_set_new(values, p[r->first_param + i].name, json_integer(r->values[i]));
    return json_pack("{s:s, s:s, s:s, s:b, s:i, s:i, s:i, s:f, s:f, s:f, s:b, s:o}", "operation", r->c->op, "class",
                     r->c->shape_class, "shape", r->c->label, "failed", (int)r->failed, "candidates",
                     (int)r->n_candidates, "tried", (int)r->n_tried, "wrong", (int)r->n_wrong, "standard_us",
                     r->standard_us, "best_us", r->best_us, "ratio", r->ratio, "standard", (int)r->is_standard,
                     "parameters", values);
}

int
tune_print_json(const struct tune *t, const struct tune_result *results, size_t n)
{
    json_t *rows = json_array(), *all;
    int rc;

    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, to_json(&results[i]));
    all = json_pack("{s:s, s:s, s:s, s:s, s:o}", "device", t->info.name, "driver", t->info.driver, "key",
                    clg_tune_key(t->ctx, t->link), "version", clgrpo_version(), "results", rows);
    rc = all == NULL || json_dumpf(all, stdout, JSON_INDENT(1)) != 0;
    putchar('\n');
    json_decref(all);
    return rc;
}
