/* SPDX-License-Identifier: Apache-2.0 */
/* The charts of a run's page: which keys of which agents' metrics are drawn. */
#include <math.h>
#include <string.h>

#include "report/report_drawing.h"
#include "report/report_line.h"

enum { MAX_KEYS = 4 };

/* Whose key a chart draws, a series for each agent; or the keys of one agent, in a chart for each. */
enum who { ALL, ROOT, CALLED, EACH };

struct curve {
    const char *title, *unit;
    enum who who;
    struct {
        const char *key, *name; /* NULL: the agent's */
    } part[MAX_KEYS];
    bool timing, share; /* of the file of times; a share of trajectories: gets a 95% band */
};

static const struct curve curves[] = {
    {"Reward", "", ALL, {{"reward", NULL}}, false, true},
    {"Parts of the reward",
     "",
     EACH,
     {{"reward_format", "format"}, {"reward_correct", "correct"}, {"reward_expert", "expert"}},
     false,
     false},
    {"Answer right", "share of rollouts", ROOT, {{"success", NULL}}, false, true},
    {"Result right", "expert score", CALLED, {{"expert", NULL}}, false, true},
    {"Subtasks per rollout", "", ROOT, {{"calls", NULL}}, false, false},
    {"Well-formed dialogues", "share", ALL, {{"format", NULL}}, false, true},
    {"Entropy of a token", "nats", ALL, {{"entropy", NULL}}, false, false},
    {"Importance ratio", "1 on-policy", EACH, {{"ratio_min", "min"}, {"ratio_max", "max"}}, false, false},
    {"Tokens whose ratio was bounded",
     "share",
     EACH,
     {{"clipped", "all"}, {"dual_clipped", "dual clip"}},
     false,
     false},
    {"Divergence from the first model", "nats", ALL, {{"kl", NULL}}, false, false},
    {"Importance correction",
     "",
     EACH,
     {{"correction", "mean"}, {"correction_max", "largest"}, {"corrected", "share cut"}},
     false,
     false},
    {"Norm of the gradient", "", ALL, {{"grad_norm", NULL}}, false, false},
    {"Groups without signal", "share", ALL, {{"no_signal", NULL}}, false, false},
    {"Tokens that taught", "", ALL, {{"tokens_trained", NULL}}, false, false},
    {"Dialogues by fault",
     "",
     EACH,
     {{"fault_turn", "malformed"}, {"cut_length", "length"}, {"cut_context", "context"}, {"fault_turns", "turns"}},
     false,
     false},
    {"Results and subtasks cut to fit the context", "", ALL, {{"texts_cut", NULL}}, false, false},
    {"Length of a dialogue", "tokens", EACH, {{"length", "mean"}, {"longest", "longest"}}, false, false},
    {"Tokens through the model", "", ALL, {{"tokens_forward", NULL}}, false, false},
    {"Tokens generated", "", ALL, {{"tokens_generated", NULL}}, false, false},
    {"Staleness of the weights", "steps", ALL, {{"staleness", NULL}}, false, false},
    {"Time of a step", "s", EACH, {{"rollout", "rollouts"}, {"wait", "waiting"}, {"learn", "learning"}}, true, false},
};

static bool
is_train(const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "name"));

    return name != NULL && name[0] == 't';
}

static bool
plain(const json_t *line, const char *key, struct mg_point *p)
{
    p->x = json_number_value(json_object_get(line, "step"));
    p->y = mg_line_number(line, key);
    return is_train(line);
}

/* With the interval that the line has, which is that of right answers and results; else 1.96 standard errors of a share
 * over the step's trajectories. */
static bool
share(const json_t *line, const char *key, struct mg_point *p)
{
    bool of_verdicts = strcmp(key, "success") == 0 || strcmp(key, "expert") == 0;
    double n = mg_line_number(line, "trajectories"), half;

    if (!plain(line, key, p))
        return false;
    half = n > 0.0 && p->y >= 0.0 && p->y <= 1.0 ? 1.96 * sqrt(p->y * (1.0 - p->y) / n) : 0.0;
    p->lo = of_verdicts ? mg_line_number(line, "lo") : (double)NAN;
    p->hi = of_verdicts ? mg_line_number(line, "hi") : (double)NAN;
    if (isnan(p->lo) || isnan(p->hi)) {
        p->lo = p->y - half;
        p->hi = p->y + half;
    }
    return true;
}

/* The chart of agents first .. end - 1. */
static enum mg_status
draw(FILE *to, const struct mg_report *r, const struct curve *c, uint32_t first, uint32_t end, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_drawing d = {.chart = {.title = c->title, .unit = c->unit}};
    char title[96];

    if (c->who == EACH) {
        snprintf(title, sizeof title, "%s, %s", c->title, r->config.agent[first].name);
        d.chart.title = title;
    }
    for (uint32_t i = first; i < end; i++)
        for (int k = 0; k < MAX_KEYS && c->part[k].key != NULL; k++)
            MG_TRY(mg_drawing_add(&d, c->timing ? r->timing[i] : r->metrics[i], c->share ? share : plain,
                                  c->part[k].key, c->part[k].name != NULL ? c->part[k].name : r->config.agent[i].name,
                                  c->share, err));
out:
    mg_drawing_end(to, &d);
    return st;
}

/* ---- Subtasks of a rollout ---- */

enum { MAX_BARS = 32 };

/* The shares of rollouts with 0, 1, ... subtasks; how many of them there are. */
static size_t
subtasks(const json_t *line, double out[MAX_BARS])
{
    const json_t *list = json_object_get(line, "calls_of"), *count;
    double all = 0.0;
    size_t i, n = json_array_size(list) < MAX_BARS ? json_array_size(list) : MAX_BARS;

    json_array_foreach(list, i, count) all += fmax(0.0, json_number_value(count));
    for (i = 0; i < n; i++)
        out[i] = all > 0.0 ? fmax(0.0, json_number_value(json_array_get(list, i))) / all : 0.0;
    return n;
}

/* Of the first train step and the last one. */
static void
draw_subtasks(FILE *to, const struct mg_report *r)
{
    static const char *const name[MG_BARS] = {"first step", "last step"};
    const json_t *line, *end[MG_BARS] = {NULL, NULL};
    double share_of[MG_BARS][MAX_BARS] = {{0.0}};
    const double *const bars[MG_BARS] = {share_of[0], share_of[1]};
    size_t i, n = 0;

    json_array_foreach(r->metrics[0], i, line)
    {
        if (!is_train(line) || json_object_get(line, "calls_of") == NULL)
            continue;
        end[0] = end[0] != NULL ? end[0] : line;
        end[1] = line;
    }
    for (int k = 0; k < MG_BARS; k++) {
        size_t own = subtasks(end[k], share_of[k]);

        n = own > n ? own : n;
    }
    if (n > 0)
        mg_bars_svg(to, "Rollouts by their subtasks (share)", name, bars, n);
}

enum mg_status
mg_report_charts(FILE *to, const struct mg_report *r, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t n = r->config.n_agents;

    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        const struct curve *c = &curves[i];

        for (uint32_t a = 0; c->who == EACH && a < n; a++)
            MG_TRY(draw(to, r, c, a, a + 1, err));
        if (c->who != EACH)
            MG_TRY(draw(to, r, c, c->who == CALLED ? 1 : 0, c->who == ROOT ? 1 : n, err));
    }
    draw_subtasks(to, r);
out:
    return st;
}
