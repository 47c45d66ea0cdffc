/* SPDX-License-Identifier: Apache-2.0 */
#include "question/judge.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MAX_REASON = 320, MAX_SAID = 160 };

struct mg_judge {
    struct mg_judge_spec spec;
    const struct mg_question_file *questions;
    struct mg_processes *processes;
    struct request *open; /* requests without an answer yet */
    bool networked;
};

struct request {
    struct mg_judge *judge;
    struct request *next, *previous;
    char *text; /* what the program is given */
    uint32_t tries;
    mg_judge_done *done;
    void *arg;
};

enum mg_status
mg_judge_create(const struct mg_judge_spec *spec, const struct mg_question_file *questions,
                struct mg_processes *processes, struct mg_judge **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_judge *j = NULL;

    MG_REQUIRE(spec->kind != MG_JUDGE_EXEC || (spec->command != NULL && spec->command[0] != NULL), MG_INPUT,
               "judge %s: kind exec needs a command", spec->name);
    if (spec->kind == MG_JUDGE_EXEC && mg_process_check(spec->command[0], spec->folder, err) != MG_OK)
        return mg_fail_at(err, "judge %s", spec->name);
    MG_ALLOC(j, 1);
    j->spec = *spec;
    j->questions = questions;
    j->processes = processes;
    *out = j;
out:
    return st;
}

static void
free_request(struct request *r)
{
    if (r->previous != NULL)
        r->previous->next = r->next;
    else if (r->judge->open == r)
        r->judge->open = r->next;
    if (r->next != NULL)
        r->next->previous = r->previous;
    free(r->text);
    free(r);
}

void
mg_judge_destroy(struct mg_judge *j)
{
    if (j == NULL)
        return;
    while (j->open != NULL)
        free_request(j->open);
    free(j);
}

/* ---- Programs ---- */

const char *
mg_verdict_parse(const char *text, size_t n, struct mg_verdict *out)
{
    json_t *said = json_loadb(text, n, JSON_DECODE_ANY, NULL);
    const char *wrong = NULL;
    double value = json_number_value(said);

    if (json_is_null(said))
        *out = (struct mg_verdict){.kind = MG_VERDICT_UNKNOWN};
    else if (!json_is_number(said))
        wrong = "is neither a number nor null";
    else if (!(value >= 0.0 && value <= 1.0))
        wrong = "is not from 0 to 1";
    else
        *out = (struct mg_verdict){.kind = MG_VERDICT_VALUE, .value = value + 0.0}; /* -0 becomes 0 */
    json_decref(said);
    return wrong;
}

/* The last line of what a program wrote, as text that can be shown anywhere. */
static void
last_line(const char *text, size_t n, char out[MAX_SAID])
{
    size_t begin;

    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    for (begin = n; begin > 0 && text[begin - 1] != '\n'; begin--)
        ;
    snprintf(out, MAX_SAID, "%.*s", (int)(n - begin < MAX_SAID ? n - begin : MAX_SAID - 1), text + begin);
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    for (char *c = out; !mg_text_valid(out, strlen(out)) && *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
}

static enum mg_status start(struct request *r, struct mg_err *err);

static void
on_end(void *arg, const struct mg_process_end *end)
{
    struct request *r = arg;
    struct mg_verdict v = {.kind = MG_VERDICT_UNAVAILABLE};
    char reason[MAX_REASON] = "", said[MAX_SAID];
    const char *wrong = end->good ? mg_verdict_parse(end->out, end->n_out, &v) : NULL;
    struct mg_err err = {0};

    r->judge->networked |= end->network && !r->judge->spec.limits.network;
    if (end->good && wrong == NULL) {
        r->done(r->arg, &v, "");
        free_request(r);
        return;
    }
    if (r->tries <= r->judge->spec.retries) {
        if (start(r, &err) == MG_OK)
            return;
        snprintf(reason, sizeof reason, "judge %s: %.200s", r->judge->spec.name, err.text);
    } else if (wrong != NULL) {
        last_line(end->out, end->n_out, said);
        snprintf(reason, sizeof reason, "judge %s: \"%s\" %s", r->judge->spec.name, said, wrong);
    } else {
        last_line(end->said, end->n_said, said);
        snprintf(reason, sizeof reason, "judge %s: %s%s%s", r->judge->spec.name, end->sentence,
                 said[0] != '\0' ? ": " : "", said);
    }
    r->done(r->arg, &v, reason);
    free_request(r);
}

static enum mg_status
start(struct request *r, struct mg_err *err)
{
    const struct mg_judge_spec *s = &r->judge->spec;
    struct mg_process_spec spec = {
        .argv = s->command, .folder = s->folder, .in = r->text, .n_in = strlen(r->text), .limits = s->limits};

    r->tries++;
    return mg_process_start(r->judge->processes, &spec, on_end, r, err);
}

/* Takes the reference of `what`. */
static enum mg_status
ask_program(struct mg_judge *j, json_t *what, mg_judge_done *done, void *arg, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct request *r = NULL;

    MG_REQUIRE(what != NULL, MG_FAIL, "out of memory, or a text that is not UTF-8: what judge %s is asked",
               j->spec.name);
    MG_ALLOC(r, 1);
    r->judge = j;
    r->done = done;
    r->arg = arg;
    r->next = j->open;
    if (j->open != NULL)
        j->open->previous = r;
    j->open = r;
    r->text = json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS);
    MG_REQUIRE(r->text != NULL, MG_FAIL, "out of memory: what judge %s is asked", j->spec.name);
    MG_TRY(start(r, err));
    r = NULL;
out:
    if (r != NULL)
        free_request(r);
    json_decref(what);
    return st;
}

bool
mg_judge_networked(const struct mg_judge *j)
{
    return j->networked;
}

/* ---- What is asked ---- */

static json_t *
answer_to_json(const struct mg_judge *j, const struct mg_asked *q, const char *answer)
{
    json_t *aliases = json_array();

    for (uint32_t i = 0; i < q->answer.n_aliases; i++)
        json_array_append_new(aliases, json_string(q->answer.alias[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "judge", j->spec.name, "id", q->id, "question", q->text,
                     "reference", q->answer.text, "aliases", aliases, "answer", answer);
}

enum mg_status
mg_judge_answer(struct mg_judge *j, const struct mg_asked *q, const char *answer, mg_judge_done *done, void *arg,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_verdict v = {.kind = MG_VERDICT_UNKNOWN};
    bool right = false;

    if (j->spec.kind == MG_JUDGE_EXEC && answer != NULL)
        return ask_program(j, answer_to_json(j, q, answer), done, arg, err);
    if (j->spec.kind == MG_JUDGE_SCORER)
        MG_TRY(mg_asked_correct(q, answer, &right, err));
    if (j->spec.kind != MG_JUDGE_NONE)
        v = (struct mg_verdict){.value = right ? 1.0 : 0.0};
    done(arg, &v, "");
out:
    return st;
}

enum mg_status
mg_judge_result(struct mg_judge *j, const char *subtask, const char *result, mg_judge_done *done, void *arg,
                struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_verdict v = {.kind = MG_VERDICT_UNKNOWN};
    bool known = j->spec.kind == MG_JUDGE_EXEC;

    if (j->spec.kind == MG_JUDGE_EXEC && result != NULL)
        return ask_program(j, json_pack("{s:s, s:s, s:s}", "judge", j->spec.name, "subtask", subtask, "result", result),
                           done, arg, err);
    if (j->spec.kind == MG_JUDGE_SCORER)
        MG_TRY(mg_expert_verdict(j->questions, subtask, result, &known, &v.value, err));
    if (known)
        v.kind = MG_VERDICT_VALUE;
    done(arg, &v, "");
out:
    return st;
}
