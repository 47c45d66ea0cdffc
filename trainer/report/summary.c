/* SPDX-License-Identifier: Apache-2.0 */
#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "run/metrics.h"
#include "run/run_path.h"

static double
number(const json_t *line, const char *key, double missing)
{
    const json_t *value = json_object_get(line, key);

    return json_is_number(value) ? json_number_value(value) : missing;
}

/* A count: a positive integer; any other value is 0. */
static double
count(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);

    return json_integer_value(value) > 0 ? (double)json_integer_value(value) : 0.0;
}

/* Which evaluation a line is about; NULL for a train step or one in between. */
static struct mg_held_out *
place_of(struct mg_summary *s, const json_t *line)
{
    static const char *const names[] = {"before", "after", "before-greedy", "after-greedy"};
    const char *name = json_string_value(json_object_get(line, "name"));

    for (int i = 0; name != NULL && i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i < 2 ? &s->sampled[i] : &s->greedy[i - 2];
    return NULL;
}

void
mg_held_out_read(const json_t *line, struct mg_held_out *h)
{
    h->there = true;
    h->n = count(line, "trajectories");
    h->unavailable = count(line, "unavailable");
    h->success = number(line, "success", NAN);
    h->lo = number(line, "lo", NAN);
    h->hi = number(line, "hi", NAN);
    h->calls = number(line, "calls", NAN);
}

struct mg_share
mg_results_read(const json_t *line)
{
    struct mg_share share = mg_share_of(number(line, "expert", NAN) * count(line, "verdicts"), count(line, "verdicts"));

    share.lo = number(line, "lo", share.lo);
    share.hi = number(line, "hi", share.hi);
    return share;
}

static enum mg_status
take_root(void *arg, json_t *line, struct mg_err *err)
{
    struct mg_summary *s = arg;
    struct mg_held_out *h = place_of(s, line);

    (void)err;
    s->ended |= number(line, "phase", -1.0) + 1.0 >= s->phases;
    s->tokens += count(line, "tokens_generated") + count(line, "tokens_forward");
    mg_signal_add(&s->signal[0], line);
    if (h == NULL) {
        const char *name = json_string_value(json_object_get(line, "name"));

        s->steps += name != NULL && strcmp(name, "train") == 0;
        return MG_OK;
    }
    mg_held_out_read(line, h);
    return MG_OK;
}

/* The lines of an agent that was called. */
struct called {
    struct mg_summary *summary;
    uint32_t agent;
};

static enum mg_status
take_called(void *arg, json_t *line, struct mg_err *err)
{
    const struct called *c = arg;
    struct mg_held_out *h = place_of(c->summary, line);

    (void)err;
    c->summary->tokens += count(line, "tokens_generated") + count(line, "tokens_forward");
    mg_signal_add(&c->summary->signal[c->agent], line);
    if (h != NULL)
        h->expert[c->agent] = mg_results_read(line);
    return MG_OK;
}

static enum mg_status
take_time(void *arg, json_t *line, struct mg_err *err)
{
    struct mg_summary *s = arg;

    (void)err;
    s->seconds += number(line, "elapsed", number(line, "rollout", 0.0) + number(line, "learn", 0.0));
    return MG_OK;
}

enum mg_status
mg_summary_read(const char *run_dir, const struct mg_config *config, struct mg_summary *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path root = mg_run_agent_dir(run_dir, config->agent[0].name);
    struct mg_plan plan = mg_config_plan(config);

    memset(out, 0, sizeof *out);
    out->n_agents = config->n_agents;
    out->planned = mg_config_steps(config);
    out->phases = mg_plan_length(&plan);
    for (uint32_t i = 0; i < out->n_agents; i++) {
        out->name[i] = config->agent[i].name;
        for (int w = 0; w < 2; w++)
            out->sampled[w].expert[i] = out->greedy[w].expert[i] = mg_share_of(0.0, 0.0);
    }
    MG_TRY(mg_metrics_each(mg_agent_path(root.text, MG_AGENT_METRICS).text, take_root, out, err));
    MG_TRY(mg_metrics_each(mg_agent_path(root.text, MG_AGENT_TIMING).text, take_time, out, err));
    for (uint32_t i = 1; i < out->n_agents; i++) {
        struct mg_path path = mg_agent_path(mg_run_agent_dir(run_dir, out->name[i]).text, MG_AGENT_METRICS);
        struct called called = {out, i};

        out->missing[i] = access(path.text, F_OK) != 0;
        if (!out->missing[i])
            MG_TRY(mg_metrics_each(path.text, take_called, &called, err));
    }
out:
    return st;
}

/* Sums of counts may exceed the range of Jansson's integers. */
static json_int_t
whole(double x)
{
    return (json_int_t)fmin(x, 9e18);
}

static json_t *
to_json(const struct mg_summary *s, const struct mg_held_out *h)
{
    json_t *expert;

    if (!h->there)
        return json_null();
    expert = json_object();
    for (uint32_t i = 1; i < s->n_agents; i++)
        json_object_set_new(expert, s->name[i], mg_json_share(&h->expert[i]));
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I}", "n", whole(h->n), "success", mg_json_real(h->success), "lo",
                     mg_json_real(h->lo), "hi", mg_json_real(h->hi), "calls", mg_json_real(h->calls), "expert", expert,
                     "unavailable", whole(h->unavailable));
}

static json_t *
signals_to_json(const struct mg_summary *s)
{
    json_t *all = json_object();

    for (uint32_t i = 0; i < s->n_agents; i++) {
        const struct mg_signal *g = &s->signal[i];

        if (g->steps > 0.0)
            json_object_set_new(all, s->name[i],
                                json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "steps", whole(g->steps),
                                          "idle", whole(g->idle), "groups", whole(g->groups), "equal", whole(g->equal),
                                          "trajectories", whole(g->trajectories), "cut_length", whole(g->cut_length),
                                          "cut_context", whole(g->cut_context), "texts_cut", whole(g->texts_cut),
                                          "tokens", whole(g->tokens)));
    }
    return all;
}

static json_t *
missing_to_json(const struct mg_summary *s)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < s->n_agents; i++)
        if (s->missing[i])
            json_array_append_new(list, json_string(s->name[i]));
    return list;
}

enum mg_status
mg_summary_write(const char *run_dir, const struct mg_summary *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    json_t *root =
        json_pack("{s:f, s:I, s:I, s:b, s:I, s:{s:o, s:o}, s:{s:{s:o, s:o}}, s:o, s:o}", "seconds", s->seconds, "steps",
                  whole(s->steps), "planned", whole(s->planned), "ended", (int)s->ended, "tokens", whole(s->tokens),
                  "held_out", "before", to_json(s, &s->sampled[0]), "after", to_json(s, &s->sampled[1]), "greedy",
                  "held_out", "before", to_json(s, &s->greedy[0]), "after", to_json(s, &s->greedy[1]), "signal",
                  signals_to_json(s), "missing", missing_to_json(s));

    text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    MG_REQUIRE(text != NULL, MG_FAIL, "out of memory: the summary as text");
    MG_TRY(mg_file_write_atomic(mg_run_path(run_dir, MG_RUN_SUMMARY).text, text, strlen(text), err));
out:
    json_decref(root);
    free(text);
    return st;
}

/* Columns hold "0.453 [0.412, 0.495]". */
enum { SHARE_WIDTH = 20 };

static int
column(const struct mg_summary *s, uint32_t agent)
{
    return (int)fmax(SHARE_WIDTH, (double)strlen(s->name[agent]) + 6.0);
}

static void
print_row(FILE *to, const struct mg_summary *s, const char *name, const struct mg_held_out *h)
{
    const struct mg_share success = {h->n, h->success, h->lo, h->hi};

    if (!h->there)
        return;
    fprintf(to, "  %-20s %5.0f   %*s", name, h->n, SHARE_WIDTH, mg_share_text_of(&success).text);
    for (uint32_t i = 1; i < s->n_agents; i++)
        fprintf(to, "   %*s", column(s, i), mg_share_text_of(&h->expert[i]).text);
    if (isfinite(h->calls))
        fprintf(to, "   %5.2f", h->calls);
    else
        fprintf(to, "   %5s", "-");
    if (h->unavailable > 0.0)
        fprintf(to, "   (%.0f not judged)", h->unavailable);
    fputc('\n', to);
}

static void
print_signals(FILE *to, const struct mg_summary *s)
{
    char text[MG_SIGNAL_TEXT];

    for (uint32_t i = 0; i < s->n_agents; i++) {
        mg_signal_text(&s->signal[i], text);
        if (s->signal[i].steps > 0.0)
            fprintf(to, "  %s: %s\n", s->name[i], text);
        if (s->missing[i])
            fprintf(to, "  %s: its metrics are not here, and its scores, tokens and steps are left out\n", s->name[i]);
    }
}

void
mg_summary_print(FILE *to, const struct mg_summary *s)
{
    fprintf(to, "  %-20s %5s   %*s", "held-out questions", "n", SHARE_WIDTH, "success       95%  ");
    for (uint32_t i = 1; i < s->n_agents; i++)
        fprintf(to, "   %*s right", column(s, i) - 6, s->name[i]);
    fprintf(to, "   calls\n");
    print_row(to, s, "before, as sampled", &s->sampled[0]);
    print_row(to, s, "after, as sampled", &s->sampled[1]);
    print_row(to, s, "before, greedy", &s->greedy[0]);
    print_row(to, s, "after, greedy", &s->greedy[1]);
    print_signals(to, s);
    if (s->ended)
        fprintf(to, "  %.0f train steps, ", s->steps);
    else
        fprintf(to, "  not ended: step %.0f of %.0f, ", s->steps, s->planned);
    fprintf(to, "%.2f million tokens, %.0f s\n", s->tokens / 1e6, s->seconds);
}
