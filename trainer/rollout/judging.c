/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/judging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "question/judge.h"

enum { FILES = 64, PROCESSES = 64, FILE_SIZE_MIB = 64 };

struct mg_judging {
    struct mg_judge *judge[MG_N_JUDGES];
    const char *name[MG_N_JUDGES];
    struct mg_processes *processes[MG_N_JUDGES]; /* NULL: the judge is no program */
    const char **command[MG_N_JUDGES];           /* NULL-terminated */
    struct asked *asked;                         /* whose verdicts are still to come */
    size_t n_asked;
    struct mg_troubles troubles;
};

struct asked {
    struct mg_judging *judging;
    struct asked *next, *previous;
    struct mg_rollout *r;
    enum mg_judged what;
};

static enum mg_judge_kind
kind_of(enum mg_judged_by by)
{
    switch (by) {
    case MG_BY_SCORER:
        return MG_JUDGE_SCORER;
    case MG_BY_EXEC:
        return MG_JUDGE_EXEC;
    case MG_BY_NOBODY:
        break;
    }
    return MG_JUDGE_NONE;
}

static enum mg_status
open_judge(struct mg_judging *j, const struct mg_config *config, enum mg_judged what,
           const struct mg_question_file *questions, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_judge_config *c = &config->judge[what];
    struct mg_judge_spec spec = {.name = c->name,
                                 .kind = kind_of(c->kind),
                                 .folder = c->folder,
                                 .limits = {.seconds = c->timeout,
                                            .memory = c->memory,
                                            .files = FILES,
                                            .processes = PROCESSES,
                                            .file_size = FILE_SIZE_MIB,
                                            .output = c->output,
                                            .network = c->network},
                                 .retries = c->retries};
    struct mg_err why = {0};

    st = mg_process_user_find(c->user, &spec.limits.user, &why);
    MG_REQUIRE(st == MG_OK, st, "judge %s: %.200s", c->name, why.text);
    MG_ALLOC(j->command[what], c->command.n + 1);
    for (uint32_t i = 0; i < c->command.n; i++)
        j->command[what][i] = c->command.item[i];
    j->name[what] = c->name;
    spec.command = j->command[what];
    if (spec.kind == MG_JUDGE_EXEC)
        MG_TRY(mg_processes_create(c->at_once, &j->processes[what], err));
    MG_TRY(mg_judge_create(&spec, questions, j->processes[what], &j->judge[what], err));
out:
    return st;
}

enum mg_status
mg_judging_open(const struct mg_config *config, const struct mg_question_file *questions, struct mg_judging **out,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_judging *j = NULL;

    MG_ALLOC(j, 1);
    for (int i = 0; i < MG_N_JUDGES; i++)
        MG_TRY(open_judge(j, config, (enum mg_judged)i, questions, err));
    *out = j;
    j = NULL;
out:
    mg_judging_close(j);
    return st;
}

static void
forget(struct asked *a)
{
    struct mg_judging *j = a->judging;

    if (a->previous != NULL)
        a->previous->next = a->next;
    else
        j->asked = a->next;
    if (a->next != NULL)
        a->next->previous = a->previous;
    j->n_asked--;
    free(a);
}

void
mg_judging_close(struct mg_judging *j)
{
    if (j == NULL)
        return;
    for (int i = 0; i < MG_N_JUDGES; i++) {
        mg_processes_destroy(j->processes[i]);
        mg_judge_destroy(j->judge[i]);
        free(j->command[i]);
    }
    while (j->asked != NULL)
        forget(j->asked);
    free(j);
}

/* ---- Asking ---- */

static void
settle(struct mg_rollout *r, const struct mg_verdict *v)
{
    r->t.verdict = *v;
    r->judged = true;
}

static void
on_verdict(void *arg, const struct mg_verdict *v, const char *reason)
{
    struct asked *a = arg;

    settle(a->r, v);
    if (v->kind == MG_VERDICT_UNAVAILABLE)
        mg_troubles_add(&a->judging->troubles, "judge", a->judging->name[a->what], reason);
    forget(a);
}

enum mg_status
mg_judging_ask(struct mg_judging *j, struct mg_rollout *r, const struct mg_asked *q, struct mg_err *err)
{
    static const struct mg_verdict none = {.kind = MG_VERDICT_UNAVAILABLE};
    enum mg_status st = MG_OK;
    struct asked *a = NULL;

    if (r->judged)
        return MG_OK;
    if (r->unavailable != NULL) {
        settle(r, &none);
        mg_troubles_add(&j->troubles, r->failed[0], r->failed[1], r->unavailable);
        return MG_OK;
    }
    MG_ALLOC(a, 1);
    a->judging = j;
    a->r = r;
    a->what = q != NULL ? MG_JUDGED_ANSWER : MG_JUDGED_RESULT;
    a->next = j->asked;
    if (j->asked != NULL)
        j->asked->previous = a;
    j->asked = a;
    j->n_asked++;
    if (q != NULL)
        st = mg_judge_answer(j->judge[MG_JUDGED_ANSWER], q, r->answer, on_verdict, a, err);
    else
        st = mg_judge_result(j->judge[MG_JUDGED_RESULT], r->opening, r->answer, on_verdict, a, err);
    if (st != MG_OK)
        forget(a);
out:
    return st;
}

void
mg_judging_run(struct mg_judging *j, double ms)
{
    for (int i = 0; i < MG_N_JUDGES; i++) {
        if (j->processes[i] == NULL)
            continue;
        /* an agent has work for one of them; where both have, each is given half of the time */
        if (ms > 0.0 && mg_processes_count(j->processes[i]) > 0)
            mg_processes_wait(j->processes[i], ms / MG_N_JUDGES);
        else
            mg_processes_poll(j->processes[i]);
    }
}

size_t
mg_judging_count(const struct mg_judging *j)
{
    return j->n_asked;
}

struct mg_troubles *
mg_judging_troubles(struct mg_judging *j)
{
    return &j->troubles;
}

const char *
mg_judging_why(const struct mg_judging *j, enum mg_judged what)
{
    return mg_troubles_why(&j->troubles, "judge", j->name[what]);
}

bool
mg_judging_networked(const struct mg_judging *j)
{
    bool networked = false;

    for (int i = 0; i < MG_N_JUDGES; i++)
        networked |= mg_judge_networked(j->judge[i]);
    return networked;
}
