/* SPDX-License-Identifier: Apache-2.0 */
#include "question/question_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/lines.h"
#include "base/rng.h"
#include "question/question_check.h"
#include "question/scorer.h"

enum { MAX_LINE = 1 << 16, MAX_QUESTIONS = 1 << 22, MAX_STEPS = 16, MAX_ALIASES = 64 };

static const char *const split_name[MG_N_SPLITS] = {"train", "dev", "test"};

enum mg_status
mg_split_parse(const char *name, enum mg_split *split, struct mg_err *err)
{
    for (int s = 0; s < MG_N_SPLITS; s++) {
        if (strcmp(name, split_name[s]) == 0) {
            *split = (enum mg_split)s;
            return MG_OK;
        }
    }
    return mg_fail(err, MG_INPUT, "\"%.20s\" is no split of the questions: train, dev or test", name);
}

/* ---- Reading ---- */

struct reader {
    struct mg_question_file *f;
    const char *path;
    size_t line;
};

static enum mg_status
read_string(const struct reader *r, const json_t *object, const char *key, char **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *value = json_object_get(object, key);

    MG_REQUIRE(json_is_string(value) && json_string_length(value) == strlen(json_string_value(value)), MG_INPUT,
               "%s:%zu: \"%s\" is missing or not a text", r->path, r->line, key);
    MG_STRDUP(*out, json_string_value(value));
out:
    return st;
}

static enum mg_status
read_answer(const struct reader *r, const json_t *object, struct mg_answer *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *list = json_object_get(object, "aliases");
    size_t n = json_array_size(list);

    MG_TRY(read_string(r, object, "answer", &a->text, err));
    MG_REQUIRE((list == NULL || json_is_null(list) || json_is_array(list)) && n <= MAX_ALIASES, MG_INPUT,
               "%s:%zu: \"aliases\" is not a list of at most %d texts", r->path, r->line, (int)MAX_ALIASES);
    MG_ALLOC(a->alias, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);

        MG_REQUIRE(json_is_string(value), MG_INPUT, "%s:%zu: an alias is not a text", r->path, r->line);
        MG_STRDUP(a->alias[a->n_aliases], json_string_value(value));
        a->n_aliases++;
    }
out:
    return st;
}

static enum mg_status
read_steps(const struct reader *r, const json_t *object, struct mg_asked *q, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const json_t *list = json_object_get(object, "steps");
    size_t n = json_array_size(list);

    MG_REQUIRE((list == NULL || json_is_null(list) || json_is_array(list)) && n <= MAX_STEPS, MG_INPUT,
               "%s:%zu: \"steps\" is not a list of at most %d", r->path, r->line, (int)MAX_STEPS);
    MG_ALLOC(q->step, n);
    for (size_t i = 0; i < n; i++) {
        struct mg_lookup *step = &q->step[q->n_steps++];

        MG_TRY(read_string(r, json_array_get(list, i), "ask", &step->ask, err));
        MG_TRY(read_answer(r, json_array_get(list, i), &step->answer, err));
    }
out:
    return st;
}

static enum mg_status
read_template(const struct reader *r, const json_t *object, struct mg_asked *q, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_question_file *f = r->f;
    const char *name = json_string_value(json_object_get(object, "template"));
    char **grown;

    name = name != NULL ? name : "";
    for (q->kind = 0; q->kind < f->n_templates; q->kind++)
        if (strcmp(f->template_name[q->kind], name) == 0)
            return MG_OK;
    grown = realloc(f->template_name, (f->n_templates + 1) * sizeof *grown);
    MG_REQUIRE(grown != NULL, MG_FAIL, "out of memory: %u templates", f->n_templates + 1);
    f->template_name = grown;
    MG_STRDUP(grown[f->n_templates], name);
    f->n_templates++;
out:
    return st;
}

static enum mg_status
read_question(const struct reader *r, const json_t *object, struct mg_asked *q, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const char *name = json_string_value(json_object_get(object, "split"));
    const json_t *hops = json_object_get(object, "hops");
    int s = 0;

    while (s < MG_N_SPLITS && (name == NULL || strcmp(name, split_name[s]) != 0))
        s++;
    MG_REQUIRE(s < MG_N_SPLITS, MG_INPUT, "%s:%zu: \"split\" is %.20s, need train, dev or test", r->path, r->line,
               name != NULL ? name : "missing");
    q->split = (enum mg_split)s;
    MG_REQUIRE(hops == NULL || json_is_null(hops) ||
                   (json_is_integer(hops) && json_integer_value(hops) >= 1 && json_integer_value(hops) <= MAX_STEPS),
               MG_INPUT, "%s:%zu: \"hops\" is no whole number from 1 to %d", r->path, r->line, (int)MAX_STEPS);
    q->hops = json_is_integer(hops) ? (uint32_t)json_integer_value(hops) : 1;
    MG_TRY(read_string(r, object, "id", &q->id, err));
    MG_TRY(read_string(r, object, "question", &q->text, err));
    MG_TRY(read_template(r, object, q, err));
    MG_TRY(read_answer(r, object, &q->answer, err));
    MG_TRY(read_steps(r, object, q, err));
out:
    return st;
}

static enum mg_status
add_line(const struct reader *r, const char *line, size_t len, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_question_file *f = r->f;
    json_error_t where;
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);

    MG_REQUIRE(json_is_object(object), MG_INPUT, "%s:%zu: %s", r->path, r->line,
               object == NULL ? where.text : "not a JSON object");
    MG_REQUIRE(f->n < MAX_QUESTIONS, MG_INPUT, "%s: more than %d questions", r->path, (int)MAX_QUESTIONS);
    MG_GROW(f->q, (size_t)f->n + 1, f->room);
    f->q[f->n] = (struct mg_asked){.line = r->line};
    MG_TRY(read_question(r, object, &f->q[f->n++], err));
out:
    json_decref(object);
    return st;
}

/* ---- Steps by their text ---- */

static uint64_t
hash_text(const char *text)
{
    return mg_rng_mix(mg_hash(text, strlen(text)));
}

/* The place of a normalised text: that of a step with this text, or a free one. */
static struct mg_known *
place_of(const struct mg_question_file *f, const char *normal)
{
    size_t i = (size_t)hash_text(normal) & (f->n_known - 1);

    while (f->known[i].normal != NULL && strcmp(f->known[i].normal, normal) != 0)
        i = (i + 1) & (f->n_known - 1);
    return &f->known[i];
}

static enum mg_status
index_step(struct mg_question_file *f, const struct mg_lookup *step, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_known *place;
    char *normal = NULL;
    bool agree = false;

    MG_TRY(mg_answer_normalise(step->ask, strlen(step->ask), &normal, err));
    place = place_of(f, normal);
    if (place->normal == NULL) {
        *place = (struct mg_known){normal, step};
        normal = NULL;
    }
    MG_TRY(mg_answers_agree(&place->step->answer, &step->answer, &agree, err));
    MG_REQUIRE(agree, MG_INPUT, "the step \"%.100s\" has the answer \"%.60s\", and before it \"%.60s\"", step->ask,
               step->answer.text, place->step->answer.text);
out:
    free(normal);
    return st;
}

static enum mg_status
index_steps(struct mg_question_file *f, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t steps = 0, places = 16;

    for (uint32_t i = 0; i < f->n; i++)
        steps += f->q[i].n_steps;
    while (places < 2 * steps)
        places *= 2;
    MG_ALLOC(f->known, places);
    f->n_known = places;
    for (uint32_t i = 0; i < f->n; i++)
        for (uint32_t j = 0; j < f->q[i].n_steps; j++)
            if ((st = index_step(f, &f->q[i].step[j], err)) != MG_OK)
                return mg_fail_at(err, "%.200s:%zu", path, f->q[i].line);
out:
    return st;
}

enum mg_status
mg_question_file_load(const char *path, struct mg_question_file *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_question_file f = {0};
    struct reader r = {.f = &f, .path = path};
    struct mg_lines lines = {0};
    bool more;

    MG_TRY(mg_lines_open(&lines, path, MAX_LINE, err));
    for (;;) {
        MG_TRY(mg_lines_next(&lines, &more, err));
        if (!more)
            break;
        r.line = lines.number;
        MG_TRY(add_line(&r, lines.text, lines.len, err));
    }
    MG_REQUIRE(f.n > 0, MG_INPUT, "%s holds no questions", path);
    MG_TRY(index_steps(&f, path, err));
    MG_TRY(mg_question_file_check(&f, path, err));
    *out = f;
    f = (struct mg_question_file){0};
out:
    if (st == MG_INPUT)
        mg_hint(err, "mgrpo-questions(5) says what a question file holds: a JSON object a line.");
    mg_lines_close(&lines);
    mg_question_file_free(&f);
    return st;
}

static void
free_answer(struct mg_answer *a)
{
    free(a->text);
    for (uint32_t i = 0; i < a->n_aliases; i++)
        free(a->alias[i]);
    free(a->alias);
}

void
mg_question_file_free(struct mg_question_file *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        struct mg_asked *q = &f->q[i];

        free(q->id);
        free(q->text);
        free_answer(&q->answer);
        for (uint32_t j = 0; j < q->n_steps; j++) {
            free(q->step[j].ask);
            free_answer(&q->step[j].answer);
        }
        free(q->step);
    }
    for (uint32_t i = 0; i < f->n_templates; i++)
        free(f->template_name[i]);
    free(f->template_name);
    for (size_t i = 0; i < f->n_known; i++)
        free(f->known[i].normal);
    free(f->q);
    free(f->known);
    *f = (struct mg_question_file){0};
}

const struct mg_asked *
mg_question_find(const struct mg_question_file *f, const char *text)
{
    for (uint32_t i = 0; i < f->n; i++)
        if (strcmp(f->q[i].text, text) == 0)
            return &f->q[i];
    return NULL;
}

/* ---- Verdicts ---- */

enum mg_status
mg_asked_correct(const struct mg_asked *q, const char *given, bool *right, struct mg_err *err)
{
    return mg_answer_is(&q->answer, given, right, err);
}

enum mg_status
mg_expert_verdict(const struct mg_question_file *f, const char *subtask, const char *given, bool *known, double *expert,
                  struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_lookup *step;
    char *normal = NULL;
    bool right = false;

    MG_TRY(mg_answer_normalise(subtask, strlen(subtask), &normal, err));
    step = place_of(f, normal)->step;
    if (step != NULL)
        MG_TRY(mg_answer_is(&step->answer, given, &right, err));
    *known = step != NULL;
    *expert = right ? 1.0 : 0.0;
out:
    free(normal);
    return st;
}
