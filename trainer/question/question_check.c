/* SPDX-License-Identifier: Apache-2.0 */
/* What a line of a question file cannot know: whether ids are unique, and whether an answer can ever be right. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "question/question_check.h"
#include "question/scorer.h"

enum mg_status
mg_answer_is(const struct mg_answer *a, const char *given, bool *right, struct mg_err *err)
{
    *right = false;
    if (given == NULL)
        return MG_OK;
    return mg_answer_matches(given, strlen(given), a->text, (const char *const *)a->alias, a->n_aliases, right, err);
}

/* Whether one of a's texts answers b: with b = a, whether the answer can be right at all. */
static enum mg_status
answers(const struct mg_answer *a, const struct mg_answer *b, bool *any, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_answer_is(b, a->text, any, err));
    for (uint32_t i = 0; !*any && i < a->n_aliases; i++)
        MG_TRY(mg_answer_is(b, a->alias[i], any, err));
out:
    return st;
}

enum mg_status
mg_answers_agree(const struct mg_answer *a, const struct mg_answer *b, bool *agree, struct mg_err *err)
{
    *agree = strcmp(a->text, b->text) == 0;
    return *agree ? MG_OK : answers(a, b, agree, err);
}

static enum mg_status
check_ids(const struct mg_question_file *f, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t *place = NULL; /* number + 1 of a question by the hash of its id; 0: free */
    size_t room = 16;

    while (room < 2 * (size_t)f->n)
        room *= 2;
    MG_ALLOC(place, room);
    for (uint32_t i = 0; i < f->n; i++) {
        const char *id = f->q[i].id;
        size_t at = (size_t)mg_rng_mix(mg_hash(id, strlen(id))) & (room - 1);

        for (; place[at] != 0; at = (at + 1) & (room - 1))
            MG_REQUIRE(strcmp(f->q[place[at] - 1].id, id) != 0, MG_INPUT, "%s:%zu: the id %.60s is that of line %zu",
                       path, f->q[i].line, id, f->q[place[at] - 1].line);
        place[at] = i + 1;
    }
out:
    free(place);
    return st;
}

static enum mg_status
check_answer(const struct mg_answer *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool any = false;

    MG_TRY(answers(a, a, &any, err));
    MG_REQUIRE(any, MG_INPUT, "the answer \"%.60s\" can never be right: an empty one and \"none\" never are", a->text);
out:
    return st;
}

static enum mg_status
check_answers(const struct mg_question_file *f, const char *path, struct mg_err *err)
{
    for (uint32_t i = 0; i < f->n; i++) {
        const struct mg_asked *q = &f->q[i];

        if (check_answer(&q->answer, err) != MG_OK)
            return mg_fail_at(err, "%.200s:%zu", path, q->line);
        for (uint32_t k = 0; k < q->n_steps; k++)
            if (check_answer(&q->step[k].answer, err) != MG_OK)
                return mg_fail_at(err, "%.200s:%zu: step %u", path, q->line, k + 1);
    }
    return MG_OK;
}

enum mg_status
mg_question_file_check(const struct mg_question_file *f, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(check_ids(f, path, err));
    MG_TRY(check_answers(f, path, err));
out:
    return st;
}
