/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "question/question_file.h"
#include "base/rng.h"

/* The questions of a split, template by template. */
struct by_template {
    uint32_t *first;    /* [n_templates + 1] */
    uint32_t *question; /* [first[n_templates]] */
    uint32_t *left;     /* per template: how many are still to be drawn from */
    uint32_t *filled;   /* templates that have any */
    uint32_t n_filled;
};

static void
free_by_template(struct by_template *s)
{
    free(s->first);
    free(s->question);
    free(s->left);
    free(s->filled);
}

static bool
is_drawn_from(const struct mg_asked *q, const struct mg_draw *how)
{
    return q->split == how->split && (how->max_hops == 0 || q->hops <= how->max_hops);
}

static enum mg_status
fill(const struct mg_question_file *f, const struct mg_draw *how, struct by_template *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_ALLOC(s->first, f->n_templates + 1);
    MG_ALLOC(s->question, f->n);
    MG_ALLOC(s->left, f->n_templates);
    MG_ALLOC(s->filled, f->n_templates);
    for (uint32_t i = 0; i < f->n; i++)
        s->first[f->q[i].kind + 1] += is_drawn_from(&f->q[i], how);
    for (uint32_t t = 0; t < f->n_templates; t++) {
        if (s->first[t + 1] > 0)
            s->filled[s->n_filled++] = t;
        s->first[t + 1] += s->first[t];
    }
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t t = f->q[i].kind;

        if (is_drawn_from(&f->q[i], how))
            s->question[s->first[t] + s->left[t]++] = i;
    }
out:
    return st;
}

/* Takes one of a template's questions that is left: with the last one it changes places, so that it is not left. */
static uint32_t
take(struct by_template *s, uint32_t t, struct mg_rng *rng)
{
    uint32_t *own = s->question + s->first[t], at = mg_rng_below(rng, s->left[t]), taken = own[at];

    own[at] = own[--s->left[t]];
    own[s->left[t]] = taken;
    return taken;
}

/* A template that has questions left; where the one that is drawn has none, they can be taken again, or, with `once`,
 * it is not drawn any more. */
static uint32_t
draw_template(struct by_template *s, struct mg_rng *rng, bool once)
{
    for (;;) {
        uint32_t i = mg_rng_below(rng, s->n_filled), t = s->filled[i];

        if (s->left[t] == 0 && !once)
            s->left[t] = s->first[t + 1] - s->first[t];
        if (s->left[t] > 0)
            return t;
        s->filled[i] = s->filled[--s->n_filled];
    }
}

uint32_t
mg_question_count(const struct mg_question_file *f, enum mg_split split)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < f->n; i++)
        n += f->q[i].split == split;
    return n;
}

uint32_t
mg_question_most(const struct mg_question_file *f, enum mg_split split, uint32_t wanted)
{
    uint32_t count = mg_question_count(f, split);

    return wanted < count ? wanted : count;
}

enum mg_status
mg_question_draw(const struct mg_question_file *f, const struct mg_draw *how, uint32_t *index, uint32_t n,
                 struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t count = 0;
    struct by_template s = {0};
    struct mg_rng rng;

    for (uint32_t i = 0; i < f->n; i++)
        count += is_drawn_from(&f->q[i], how);
    MG_REQUIRE(count > 0 || how->max_hops == 0, MG_INPUT,
               "none of the %u questions is of the split that is asked for and has at most %u hops", f->n,
               how->max_hops);
    MG_REQUIRE(count > 0, MG_INPUT, "none of the %u questions is of the split that is asked for", f->n);
    MG_REQUIRE(!how->once || n <= count, MG_INPUT, "%u questions, each once, of a split that has %u", n, count);
    MG_TRY(fill(f, how, &s, err));
    mg_rng_init(&rng, how->seed, MG_RNG_QUESTION, how->stream, (uint32_t)how->split, 0);
    for (uint32_t i = 0; i < n; i++)
        index[i] = take(&s, draw_template(&s, &rng, how->once), &rng);
out:
    free_by_template(&s);
    return st;
}
