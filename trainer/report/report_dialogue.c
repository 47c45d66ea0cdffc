/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"
#include "dialogue/rollout_log.h"
#include "run/run_path.h"
#include "report/tell.h"

/* The dialogues of all agents in one evaluation. */
struct played {
    struct mg_trajectory *row[MG_MAX_AGENTS];
    size_t n[MG_MAX_AGENTS];
};

struct stage {
    struct mg_teller teller;
    struct played when[2]; /* before, after */
    json_int_t phase[2];
    char name[2][40];
};

/* The evaluations as sampled that are shown: the first of all, and the last one after train steps. */
static bool
find_evaluations(const struct mg_report *r, struct stage *s)
{
    const json_t *line;
    bool there[2] = {false, false};
    size_t i;

    json_array_foreach(r->metrics[0], i, line)
    {
        const char *name = json_string_value(json_object_get(line, "name"));
        bool last = name != NULL && (strcmp(name, "after") == 0 || strcmp(name, "during") == 0);
        int w = last ? 1 : 0;

        if (name == NULL || (!last && strcmp(name, "before") != 0))
            continue;
        there[w] = true;
        s->phase[w] = json_integer_value(json_object_get(line, "phase"));
        snprintf(s->name[w], sizeof s->name[w], "%s", name);
        if (w == 1 && strcmp(name, "during") == 0)
            snprintf(s->name[w], sizeof s->name[w], "at step %lld",
                     (long long)json_integer_value(json_object_get(line, "step")));
    }
    return there[0] && there[1];
}

static int
by_key(const void *pa, const void *pb)
{
    const struct mg_key *a = &((const struct mg_trajectory *)pa)->key, *b = &((const struct mg_trajectory *)pb)->key;
    const uint32_t x[] = {a->question, a->rollout, a->call}, y[] = {b->question, b->rollout, b->call};

    for (int i = 0; i < 3; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* The trajectories of each agent, sorted to be looked up. */
static enum mg_status
read_played(const struct mg_report *r, json_int_t phase, struct played *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 0; i < r->config.n_agents; i++) {
        struct mg_path dir = mg_run_agent_dir(r->run, r->config.agent[i].name);
        struct mg_path path = mg_rollouts_path(dir.text, (uint32_t)phase);

        if (access(path.text, F_OK) == 0) /* a run that has not ended may not have it yet */
            MG_TRY(mg_rollout_log_read(path.text, &e->row[i], &e->n[i], err));
        if (e->n[i] > 0)
            qsort(e->row[i], e->n[i], sizeof *e->row[i], by_key);
    }
out:
    return st;
}

static const struct mg_trajectory *
find(const struct played *e, uint32_t agent, uint32_t question, uint32_t call)
{
    const struct mg_trajectory wanted = {.key = {.question = question, .call = call}};

    return e->n[agent] > 0 ? bsearch(&wanted, e->row[agent], e->n[agent], sizeof wanted, by_key) : NULL;
}

/* Where the dialogue of a subtask is looked for. */
struct caller {
    const struct stage *stage;
    const struct played *played;
    uint32_t question;
};

static enum mg_status
tell_call(void *arg, uint32_t call, struct mg_err *err)
{
    const struct caller *c = arg;
    const struct mg_trajectory *sub = NULL;

    for (uint32_t i = 1; sub == NULL && i < MG_MAX_AGENTS; i++)
        sub = find(c->played, i, c->question, call);
    return sub != NULL ? mg_tell(&c->stage->teller, sub->ids, sub->len, true, NULL, NULL, err) : MG_OK;
}

static enum mg_status
tell_both(const struct stage *s, uint32_t question, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_teller *t = &s->teller;

    if (t->html)
        fputs("<section class=\"pair\">\n", t->to);
    for (int w = 0; w < 2; w++) {
        const struct mg_trajectory *row = find(&s->when[w], 0, question, 0);
        struct caller caller = {s, &s->when[w], question};

        if (row == NULL)
            continue;
        fprintf(t->to, t->html ? "<div><h3>%s, reward %.1f</h3>\n" : "%s, reward %.1f\n", s->name[w],
                (double)row->reward);
        MG_TRY(mg_tell(t, row->ids, row->len, false, tell_call, &caller, err));
        fputs(t->html ? "</div>\n" : "\n", t->to);
    }
    if (t->html)
        fputs("</section>\n", t->to);
out:
    return st;
}

/* Whether a question was asked both times, and its reward rose. */
static bool
compare(const struct stage *s, const struct mg_trajectory *was, bool *rose)
{
    const struct mg_trajectory *is = find(&s->when[1], 0, was->key.question, 0);

    *rose = is != NULL && is->reward > was->reward + 0.5f;
    return is != NULL;
}

static void
say_how(const struct stage *s, unsigned count)
{
    const struct mg_teller *t = &s->teller;
    size_t both = 0, risen = 0;

    for (size_t i = 0; i < s->when[0].n[0]; i++) {
        bool rose;

        both += compare(s, &s->when[0].row[0][i], &rose);
        risen += rose;
    }
    fprintf(
        t->to,
        "%sOf %zu questions that were asked %s and %s, %zu have a reward that rose by more than 0.5. Those come first, "
        "then the others, each in the order in which the run drew them; the first %zu are shown, which is no random "
        "sample.%s",
        t->html ? "<p>" : "", both, s->name[0], s->name[1], risen, both < count ? both : count,
        t->html ? "</p>\n" : "\n\n");
}

/* First the questions whose reward rose, then the others, each in the order of the run. */
static enum mg_status
choose(const struct stage *s, unsigned count, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct played *before = &s->when[0];

    say_how(s, count);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < before->n[0] && count > 0; i++) {
            const struct mg_trajectory *was = &before->row[0][i];
            bool rose;

            if (!compare(s, was, &rose) || rose != (pass == 0))
                continue;
            MG_TRY(tell_both(s, was->key.question, err));
            count--;
        }
out:
    return st;
}

enum mg_status
mg_report_dialogues(FILE *to, const struct mg_report *r, unsigned count, bool html, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct stage s = {.teller = {.to = to, .html = html, .margin = "  "}};

    if (!find_evaluations(r, &s))
        goto out; /* a run without evaluations has none to show */
    for (int w = 0; w < 2; w++)
        MG_TRY(read_played(r, s.phase[w], &s.when[w], err));
    MG_TRY(mg_tokenizer_load(r->config.tokenizer, &s.teller.tok, err));
    MG_TRY(mg_specials_find(s.teller.tok, &s.teller.specials, err));
    MG_TRY(choose(&s, count, err));
out:
    for (int w = 0; w < 2; w++)
        for (uint32_t i = 0; i < MG_MAX_AGENTS; i++)
            mg_rollout_log_free(s.when[w].row[i], s.when[w].n[i]);
    mg_tokenizer_free(s.teller.tok);
    return st;
}
