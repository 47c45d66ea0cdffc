/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in memory: arrays of them, what may be written, and what it means to say the same. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "store/store_engine.h"

static enum mg_status
copy(const char *text, const char **out, struct mg_err *err)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL ? MG_OK : mg_fail(err, MG_FAIL, "out of memory: a text of the store");
}

enum mg_status
mg_subtasks_add(struct mg_subtasks *t, const struct mg_subtask *row, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_subtask new_row = *row;

    new_row.agent = new_row.text = NULL;
    MG_GROW(t->row, t->n + 1, t->room);
    MG_TRY(copy(row->agent, &new_row.agent, err));
    MG_TRY(copy(row->text, &new_row.text, err));
    t->row[t->n++] = new_row;
    return MG_OK;
out:
    free((char *)new_row.agent);
    return st;
}

enum mg_status
mg_results_add(struct mg_results *r, const struct mg_result *row, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(r->row, r->n + 1, r->room);
    r->row[r->n] = *row;
    MG_TRY(copy(row->text, &r->row[r->n].text, err));
    r->n++;
out:
    return st;
}

enum mg_status
mg_rollout_rows_add(struct mg_rollout_rows *r, const struct mg_rollout_row *row, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(r->row, r->n + 1, r->room);
    r->row[r->n] = *row;
    MG_TRY(copy(row->answer, &r->row[r->n].answer, err));
    r->n++;
out:
    return st;
}

void
mg_subtasks_cut(struct mg_subtasks *t, size_t n)
{
    while (t->n > n) {
        free((char *)t->row[--t->n].agent);
        free((char *)t->row[t->n].text);
    }
}

void
mg_results_cut(struct mg_results *r, size_t n)
{
    while (r->n > n)
        free((char *)r->row[--r->n].text);
}

void
mg_rollout_rows_cut(struct mg_rollout_rows *r, size_t n)
{
    while (r->n > n)
        free((char *)r->row[--r->n].answer);
}

void
mg_subtasks_free(struct mg_subtasks *t)
{
    mg_subtasks_cut(t, 0);
    free(t->row);
    *t = (struct mg_subtasks){0};
}

void
mg_results_free(struct mg_results *r)
{
    mg_results_cut(r, 0);
    free(r->row);
    *r = (struct mg_results){0};
}

void
mg_rollout_rows_free(struct mg_rollout_rows *r)
{
    mg_rollout_rows_cut(r, 0);
    free(r->row);
    *r = (struct mg_rollout_rows){0};
}

/* ---- What may be written ---- */

bool
mg_store_name_valid(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    return n > 0 && n <= MG_STORE_NAME_MAX && name[n] == '\0';
}

bool
mg_store_serves(uint32_t version, uint32_t asked)
{
    return asked >= version && asked - version <= MG_STALENESS;
}

static enum mg_status
check(const char *what, const struct mg_key *key, uint32_t phase, const char *text, struct mg_err *err)
{
    size_t n = text != NULL ? strlen(text) : 0;

    if (key->phase != phase)
        return mg_fail(err, MG_INPUT, "a %s of phase %u among those of phase %u", what, key->phase, phase);
    if (n > MG_STORE_TEXT_MAX || !mg_text_valid(text != NULL ? text : "", n))
        return mg_fail(err, MG_INPUT, "the text of a %s has %zu bytes, need UTF-8 of at most %d", what, n,
                       (int)MG_STORE_TEXT_MAX);
    return MG_OK;
}

enum mg_status
mg_subtask_check(const struct mg_subtask *t, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(t->text != NULL, MG_INPUT, "a subtask without text");
    MG_REQUIRE(mg_store_name_valid(t->agent), MG_INPUT, "a subtask for \"%.80s\", which is no agent's name", t->agent);
    MG_TRY(check("subtask", &t->key, phase, t->text, err));
out:
    return st;
}

enum mg_status
mg_result_check(const struct mg_result *r, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(mg_verdict_valid(r->verdict.kind, r->verdict.value), MG_INPUT, "a result with a verdict of %g",
               r->verdict.value);
    MG_TRY(check("result", &r->key, phase, r->text, err));
out:
    return st;
}

enum mg_status
mg_rollout_row_check(const struct mg_rollout_row *r, uint32_t phase, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(mg_verdict_valid(r->verdict.kind, r->verdict.value) && isfinite(r->reward), MG_INPUT,
               "a rollout with a reward of %g for a verdict of %g", r->reward, r->verdict.value);
    MG_TRY(check("rollout", &r->key, phase, r->answer, err));
out:
    return st;
}

/* ---- What says the same ---- */

static bool
same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const char *
shown(const char *text)
{
    return text != NULL ? text : "(none)";
}

static enum mg_status
diverged(const struct mg_store *s, const char *what, const struct mg_key *key, const char *there, const char *now,
         struct mg_err *err)
{
    mg_fail(err, MG_FAIL, "store %s: the %s of phase %u, question %u, rollout %u, call %u diverged: %.120s, now %.120s",
            s->address, what, key->phase, key->question, key->rollout, key->call, there, now);
    mg_hint(err, "The run was begun with another build, device, model or corpus.");
    return MG_FAIL;
}

enum mg_status
mg_subtask_compare(const struct mg_store *s, const struct mg_subtask *there, const struct mg_subtask *t,
                   struct mg_err *err)
{
    char a[160], b[160];

    if (there->version == t->version && same(there->agent, t->agent) && same(there->text, t->text))
        return MG_OK;
    if (there->version == t->version && same(there->agent, t->agent))
        return diverged(s, "subtask", &t->key, shown(there->text), shown(t->text), err);
    snprintf(a, sizeof a, "%.80s, for %.40s, version %u", shown(there->text), shown(there->agent), there->version);
    snprintf(b, sizeof b, "%.80s, for %.40s, version %u", shown(t->text), shown(t->agent), t->version);
    return diverged(s, "subtask", &t->key, a, b, err);
}

static bool
same_verdict(const struct mg_verdict *a, const struct mg_verdict *b)
{
    return a->kind == b->kind && a->value == b->value;
}

static void
tell_verdict(const struct mg_verdict *v, char *out, size_t n)
{
    if (v->kind == MG_VERDICT_VALUE)
        snprintf(out, n, "%.9g", v->value);
    else
        snprintf(out, n, "%s", v->kind == MG_VERDICT_UNKNOWN ? "unknown" : "unavailable");
}

static void
describe_result(const struct mg_result *r, char *out, size_t n)
{
    char verdict[32];

    tell_verdict(&r->verdict, verdict, sizeof verdict);
    snprintf(out, n, "%.60s, format %d, verdict %s", shown(r->text), r->format, verdict);
}

enum mg_status
mg_result_compare(const struct mg_store *s, const struct mg_result *there, const struct mg_result *r,
                  struct mg_err *err)
{
    char a[160], b[160];

    if (there->format == r->format && same_verdict(&there->verdict, &r->verdict) && same(there->text, r->text))
        return MG_OK;
    describe_result(there, a, sizeof a);
    describe_result(r, b, sizeof b);
    return diverged(s, "result", &r->key, a, b, err);
}

static void
describe_rollout(const struct mg_rollout_row *r, char *out, size_t n)
{
    char verdict[32];

    tell_verdict(&r->verdict, verdict, sizeof verdict);
    snprintf(out, n, "%.60s, %u calls, verdict %s, reward %.9g", shown(r->answer), r->calls, verdict, r->reward);
}

enum mg_status
mg_rollout_row_compare(const struct mg_store *s, const struct mg_rollout_row *there, const struct mg_rollout_row *r,
                       struct mg_err *err)
{
    char a[160], b[160];

    if (memcmp(&there->key, &r->key, sizeof r->key) == 0 && there->calls == r->calls && there->format == r->format &&
        same_verdict(&there->verdict, &r->verdict) && there->kind == r->kind && there->reward == r->reward &&
        same(there->answer, r->answer))
        return MG_OK;
    describe_rollout(there, a, sizeof a);
    describe_rollout(r, b, sizeof b);
    return diverged(s, "rollout", &r->key, a, b, err);
}

enum mg_status
mg_phase_compare(const struct mg_store *s, uint32_t phase, const uint32_t there[2], const uint32_t now[2],
                 struct mg_err *err)
{
    if (there[0] == now[0] && there[1] == now[1])
        return MG_OK;
    return mg_fail(err, MG_FAIL, "store %s: the end of phase %u diverged: %u rollouts and %u subtasks, now %u and %u",
                   s->address, phase, there[0], there[1], now[0], now[1]);
}

enum mg_status
mg_store_fenced(const struct mg_store *s, int64_t epoch, struct mg_err *err)
{
    return mg_fail(err, MG_FAIL, "another %s agent took over (epoch %lld, this one has %lld)", s->agent,
                   (long long)epoch, (long long)s->epoch);
}
