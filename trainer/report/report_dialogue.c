/* SPDX-License-Identifier: Apache-2.0 */
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
};

static json_int_t
phase_named(const struct mg_report *r, const char *wanted)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(r->metrics[0], i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));

        if (name != NULL && strcmp(name, wanted) == 0)
            return json_integer_value(json_object_get(entry, "phase"));
    }
    return -1;
}

static enum mg_status
read_played(const struct mg_report *r, json_int_t phase, struct played *e, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (uint32_t i = 0; i < r->config.n_agents; i++) {
        struct mg_path dir = mg_run_agent_dir(r->run, r->config.agent[i].name);
        struct mg_path path = mg_rollouts_path(dir.text, (uint32_t)phase);

        if (access(path.text, F_OK) == 0) /* a run that has not ended may not have it yet */
            MG_TRY(mg_rollout_log_read(path.text, &e->row[i], &e->n[i], err));
    }
out:
    return st;
}

static const struct mg_trajectory *
find(const struct played *e, uint32_t agent, uint32_t question, uint32_t call)
{
    for (size_t i = 0; i < e->n[agent]; i++) {
        const struct mg_key *key = &e->row[agent][i].key;

        if (key->question == question && key->rollout == 0 && key->call == call)
            return &e->row[agent][i];
    }
    return NULL;
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
    static const char *const names[] = {"before", "after"};
    enum mg_status st = MG_OK;
    const struct mg_teller *t = &s->teller;

    if (t->html)
        fputs("<section class=\"pair\">\n", t->to);
    for (int w = 0; w < 2; w++) {
        const struct mg_trajectory *row = find(&s->when[w], 0, question, 0);
        struct caller caller = {s, &s->when[w], question};

        if (row == NULL)
            continue;
        fprintf(t->to, t->html ? "<div><h3>%s, reward %.1f</h3>\n" : "%s, reward %.1f\n", names[w],
                (double)row->reward);
        MG_TRY(mg_tell(t, row->ids, row->len, false, tell_call, &caller, err));
        fputs(t->html ? "</div>\n" : "\n", t->to);
    }
    if (t->html)
        fputs("</section>\n", t->to);
out:
    return st;
}

/* First the questions whose reward rose, then the others, each in the order of the run. */
static enum mg_status
choose(const struct stage *s, unsigned count, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct played *before = &s->when[0];

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < before->n[0] && count > 0; i++) {
            const struct mg_trajectory *was = &before->row[0][i];
            const struct mg_trajectory *is = find(&s->when[1], 0, was->key.question, 0);
            bool rose = is != NULL && is->reward > was->reward + 0.5f;

            if (is == NULL || rose != (pass == 0))
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
    static const char *const names[] = {"before", "after"};
    enum mg_status st = MG_OK;
    struct stage s = {.teller = {.to = to, .html = html, .margin = "  "}};

    for (int w = 0; w < 2; w++) {
        json_int_t phase = phase_named(r, names[w]);

        if (phase < 0)
            goto out; /* a run without evaluations has none to show */
        MG_TRY(read_played(r, phase, &s.when[w], err));
    }
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
