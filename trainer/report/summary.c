/* SPDX-License-Identifier: Apache-2.0 */
#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "run/metrics.h"
#include "run/run_path.h"

static double
number(const json_t *line, const char *key, double missing)
{
    const json_t *value = json_object_get(line, key);

    return json_is_number(value) ? json_number_value(value) : missing;
}

/* A count; anything else counts for nothing. */
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

static enum mg_status
take_main(void *arg, json_t *line, struct mg_err *err)
{
    struct mg_summary *s = arg;
    struct mg_held_out *h = place_of(s, line);

    (void)err;
    s->tokens += count(line, "tokens_generated") + count(line, "tokens_forward");
    if (h == NULL) {
        const char *name = json_string_value(json_object_get(line, "name"));

        s->steps += name != NULL && strcmp(name, "train") == 0;
        return MG_OK;
    }
    h->there = true;
    h->n = count(line, "trajectories");
    h->success = number(line, "success", NAN);
    h->lo = number(line, "lo", NAN);
    h->hi = number(line, "hi", NAN);
    h->calls = number(line, "calls", NAN);
    return MG_OK;
}

static enum mg_status
take_search(void *arg, json_t *line, struct mg_err *err)
{
    struct mg_summary *s = arg;
    struct mg_held_out *h = place_of(s, line);

    (void)err;
    s->tokens += count(line, "tokens_generated") + count(line, "tokens_forward");
    if (h != NULL)
        h->expert = count(line, "verdicts") > 0.0 ? number(line, "expert", NAN) : NAN;
    return MG_OK;
}

static enum mg_status
take_time(void *arg, json_t *line, struct mg_err *err)
{
    struct mg_summary *s = arg;

    (void)err;
    s->seconds += number(line, "rollout", 0.0) + number(line, "learn", 0.0);
    return MG_OK;
}

enum mg_status
mg_summary_read(const char *run_dir, struct mg_summary *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path main_dir = mg_run_agent_dir(run_dir, "main"), search_dir = mg_run_agent_dir(run_dir, "search");
    struct mg_path search = mg_agent_path(search_dir.text, MG_AGENT_METRICS);

    memset(out, 0, sizeof *out);
    for (int i = 0; i < 2; i++)
        out->sampled[i].expert = out->greedy[i].expert = NAN;
    MG_TRY(mg_metrics_each(mg_agent_path(main_dir.text, MG_AGENT_METRICS).text, take_main, out, err));
    MG_TRY(mg_metrics_each(mg_agent_path(main_dir.text, MG_AGENT_TIMING).text, take_time, out, err));
    if (access(search.text, F_OK) == 0)
        MG_TRY(mg_metrics_each(search.text, take_search, out, err));
out:
    return st;
}

static json_t *
real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

/* Sums of counts may be more than JSON's integers can say. */
static json_int_t
whole(double x)
{
    return (json_int_t)fmin(x, 9e18);
}

static json_t *
to_json(const struct mg_held_out *h)
{
    if (!h->there)
        return json_null();
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "n", whole(h->n), "success", real_or_null(h->success), "lo",
                     real_or_null(h->lo), "hi", real_or_null(h->hi), "calls", real_or_null(h->calls), "expert",
                     real_or_null(h->expert));
}

enum mg_status
mg_summary_write(const char *run_dir, const struct mg_summary *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char *text = NULL;
    json_t *root = json_pack("{s:f, s:I, s:I, s:{s:o, s:o}, s:{s:{s:o, s:o}}}", "seconds", s->seconds, "steps",
                             whole(s->steps), "tokens", whole(s->tokens), "held_out", "before", to_json(&s->sampled[0]),
                             "after", to_json(&s->sampled[1]), "greedy", "held_out", "before", to_json(&s->greedy[0]),
                             "after", to_json(&s->greedy[1]));

    text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    MG_REQUIRE(text != NULL, MG_FAIL, "out of memory: the summary as text");
    MG_TRY(mg_file_write_atomic(mg_run_path(run_dir, MG_RUN_SUMMARY).text, text, strlen(text), err));
out:
    json_decref(root);
    free(text);
    return st;
}

static void
print_row(FILE *to, const char *name, const struct mg_held_out *h)
{
    char expert[16] = "-";

    if (!h->there)
        return;
    if (isfinite(h->expert))
        snprintf(expert, sizeof expert, "%.3f", h->expert);
    fprintf(to, "  %-22s %5.0f    %.3f   [%.3f, %.3f]   %12s   %10.2f\n", name, h->n, h->success, h->lo, h->hi, expert,
            h->calls);
}

void
mg_summary_print(FILE *to, const struct mg_summary *s)
{
    fprintf(to, "  held-out questions        n   success       95%%        sub-agent right   calls/rollout\n");
    print_row(to, "before, as sampled", &s->sampled[0]);
    print_row(to, "after, as sampled", &s->sampled[1]);
    print_row(to, "before, greedy", &s->greedy[0]);
    print_row(to, "after, greedy", &s->greedy[1]);
    fprintf(to, "  %.0f train steps, %.2f million tokens, %.0f s\n", s->steps, s->tokens / 1e6, s->seconds);
}
