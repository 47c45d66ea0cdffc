/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluations of a run: before, on the way and after. */
#include <math.h>
#include <string.h>

#include "report/report_drawing.h"
#include "report/report_line.h"
#include "run/best.h"
#include "run/run_path.h"

static bool
is_named(const json_t *line, const char *a, const char *b, const char *c)
{
    const char *name = json_string_value(json_object_get(line, "name"));

    return name != NULL && (strcmp(name, a) == 0 || strcmp(name, b) == 0 || strcmp(name, c) == 0);
}

static bool
is_sampled(const json_t *line)
{
    return is_named(line, "before", "during", "after");
}

static bool
is_greedy(const json_t *line)
{
    return is_named(line, "before-greedy", "after-greedy", "after-greedy");
}

/* ---- The table ---- */

/* `from`: where the lines of each agent are read on from. */
static void
row(FILE *to, const struct mg_report *r, const json_t *line, bool best, size_t from[MG_MAX_AGENTS])
{
    struct mg_held_out h = {.there = false};
    struct mg_share success;

    mg_held_out_read(line, &h);
    success = (struct mg_share){h.n, h.success, h.lo, h.hi};
    if (is_named(line, "before", "before-greedy", "before"))
        fputs("<tr><td>before", to);
    else
        fprintf(to, "<tr><td>step %lld", (long long)json_integer_value(json_object_get(line, "step")));
    fprintf(to, ", %s%s</td><td>%.0f", is_greedy(line) ? "greedy" : "as sampled", best ? " (best)" : "", h.n);
    if (h.unavailable > 0.0)
        fprintf(to, ", %.0f not judged", h.unavailable);
    fprintf(to, "</td><td>%s</td>", mg_share_text_of(&success).text);
    for (uint32_t i = 1; i < r->config.n_agents; i++) {
        const json_t *its = mg_line_of_phase(r->metrics[i], line, &from[i]);
        const struct mg_share results = its != NULL ? mg_results_read(its) : mg_share_of(0.0, 0.0);

        fprintf(to, "<td>%s</td>", mg_share_text_of(&results).text);
    }
    if (isfinite(h.calls))
        fprintf(to, "<td>%.2f</td></tr>\n", h.calls);
    else
        fputs("<td>-</td></tr>\n", to);
}

enum mg_status
mg_report_evaluations(FILE *to, const struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path dir = mg_run_agent_dir(r->run, r->config.agent[0].name);
    struct mg_best best;
    const json_t *line;
    size_t i, from[MG_MAX_AGENTS] = {0};

    MG_TRY(mg_best_find(mg_agent_path(dir.text, MG_AGENT_METRICS).text, &best, err));
    fputs("<div class=\"wide\"><table><tr><th>held-out questions</th><th>n</th><th>success, 95% interval</th>", to);
    for (uint32_t a = 1; a < r->config.n_agents; a++)
        fprintf(to, "<th>%s right</th>", r->config.agent[a].name);
    fputs("<th>subtasks each</th></tr>\n", to);
    json_array_foreach(r->metrics[0], i, line)
    {
        if (is_sampled(line) || is_greedy(line))
            row(to, r, line, best.there && mg_line_number(line, "phase") == best.phase, from);
    }
    fputs("</table></div>\n", to);
out:
    return st;
}

/* ---- The charts ---- */

static bool
sampled(const json_t *line, const char *key, struct mg_point *p)
{
    if (!is_sampled(line) && !is_greedy(line))
        return false;
    p->x = json_number_value(json_object_get(line, "step"));
    if (!is_sampled(line))
        return true;
    p->y = mg_line_number(line, key);
    p->lo = mg_line_number(line, "lo");
    p->hi = mg_line_number(line, "hi");
    return true;
}

static bool
greedy(const json_t *line, const char *key, struct mg_point *p)
{
    bool place = sampled(line, key, p);

    p->y = is_greedy(line) ? mg_line_number(line, key) : (double)NAN;
    p->lo = is_greedy(line) ? mg_line_number(line, "lo") : (double)NAN;
    p->hi = is_greedy(line) ? mg_line_number(line, "hi") : (double)NAN;
    return place;
}

enum mg_status
mg_report_held_out(FILE *to, const struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_drawing answers = {.chart = {.title = "Held-out questions right", .unit = "share"}};
    struct mg_drawing results = {.chart = {.title = "Held-out results right", .unit = "as sampled"}};

    MG_TRY(mg_drawing_add(&answers, r->metrics[0], sampled, "success", "as sampled", true, err));
    MG_TRY(mg_drawing_add(&answers, r->metrics[0], greedy, "success", "greedy", true, err));
    for (uint32_t i = 1; i < r->config.n_agents; i++)
        MG_TRY(mg_drawing_add(&results, r->metrics[i], sampled, "expert", r->config.agent[i].name, true, err));
out:
    mg_drawing_end(to, &answers);
    mg_drawing_end(to, &results);
    return st;
}
