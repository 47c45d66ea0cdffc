/* SPDX-License-Identifier: Apache-2.0 */
#include "world/question.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum {
    BUCKETS = 64,     /* entities without a country are spread over this many buckets, each with a cap of its own */
    PARTNER_TRIES = 8 /* draws of the second entity of a comparison before it is given up */
};
static const double clear_ratio = 1.25; /* of two populations that a question compares */
static const double lifetime = 90;      /* years that a question looks back at most */

/* What is shared while the questions of one template are chosen. */
struct chooser {
    const struct mg_world *world;
    struct mg_questions *out;
    uint32_t template;
    uint32_t *order;   /* the entities, shuffled */
    unsigned *used;    /* [n_entities + BUCKETS] questions of each bridge country or bucket */
    struct mg_rng rng; /* of the entity at hand; does not depend on the world */
};

double
mg_number(const char *text)
{
    double x = 0;

    if (!text[0])
        return -1;
    for (; *text; text++) {
        if (*text >= '0' && *text <= '9')
            x = x * 10 + (*text - '0');
        else if (*text != ',')
            return -1;
    }
    return x;
}

void
mg_number_text(double x, struct mg_text *out)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%.0f", x);

    for (int i = 0; i < n; i++) {
        mg_text_addn(out, &digits[i], 1);
        if (i + 1 < n && (n - 1 - i) % 3 == 0 && digits[i] != '-')
            mg_text_add(out, ",");
    }
}

struct mg_phrasing
mg_phrasing_draw(struct mg_rng *rng, bool held_out)
{
    uint32_t n = held_out ? MG_FORMS : MG_FORMS - 1;
    struct mg_phrasing p;

    p.frame = (unsigned char)mg_rng_below(rng, n);
    for (int i = 0; i < MG_PATH; i++)
        p.relation[i] = (unsigned char)mg_rng_below(rng, n);
    return p;
}

bool
mg_phrasing_held_out(const struct mg_question *q)
{
    const struct mg_template *t = &mg_template[q->template];

    if (q->phrasing.frame == MG_FORMS - 1)
        return true;
    for (int i = 0; t->compare == MG_CHAIN && i < MG_PATH && t->path[i]; i++)
        if (q->phrasing.relation[i] == MG_FORMS - 1)
            return true;
    return false;
}

/* Numbers are asked only of entities with one country: the number of a shared currency would be easy to guess. */
static bool
may_ask(const struct mg_world *w, uint32_t entity, const char *key)
{
    if (!w->present[entity] || w->facts.entity[entity].flag == '-')
        return false;
    return strcmp(key, "number") != 0 || mg_world_attr(w, entity, "country") != NULL;
}

/* Follows the template's path from `entity`, appending the steps; false where a fact is missing or doubtful. */
static bool
walk(const struct mg_world *w, const struct mg_template *t, uint32_t entity, struct mg_question *q)
{
    for (int i = 0; i < MG_PATH && t->path[i]; i++) {
        const struct mg_attr *a;

        if (entity == MG_NO_ENTITY || !may_ask(w, entity, t->path[i]))
            return false;
        a = mg_world_attr(w, entity, t->path[i]);
        if (!a)
            return false;
        q->step[q->n_steps++] = (struct mg_step){entity, a};
        entity = a->ref;
    }
    return true;
}

/* The split that all entities of the question agree on, or SHARED where they do not. */
static enum mg_class
split_of(const struct mg_world *w, const struct mg_question *q)
{
    enum mg_class split = MG_CLASS_SHARED;

    for (int i = 0; i < q->n_steps; i++) {
        enum mg_class cls = (enum mg_class)w->cls[q->step[i].entity];

        if (cls == MG_CLASS_SHARED)
            continue;
        if (split != MG_CLASS_SHARED && split != cls)
            return MG_CLASS_SHARED;
        split = cls;
    }
    return split;
}

/* Index of the counter of the question's first country. */
static uint32_t
bridge(const struct chooser *c, uint32_t entity)
{
    const struct mg_entity *e = &c->world->facts.entity[entity];
    const struct mg_attr *country = mg_world_attr(c->world, entity, "country");

    if (e->kind == MG_COUNTRY)
        return entity;
    return country && country->ref != MG_NO_ENTITY ? country->ref : c->world->facts.n_entities + entity % BUCKETS;
}

static bool
clearly_differ(const struct mg_template *t, double a, double b)
{
    if (a < 0 || b < 0 || a == b)
        return false;
    if (t->compare == MG_MORE || t->compare == MG_MORE_BY)
        return a > b ? a >= clear_ratio * b : b >= clear_ratio * a;
    return t->compare != MG_LESS_BY || fabs(a - b) <= lifetime;
}

/* Swaps the entities: the one whose value is more, or less, is named first. */
static void
turn_round(struct mg_question *q)
{
    int half = q->n_steps / 2;

    for (int i = 0; i < half; i++) {
        struct mg_step step = q->step[i];

        q->step[i] = q->step[half + i];
        q->step[half + i] = step;
    }
    q->winner = 0;
}

/* Finds a second entity of the same split whose value differs clearly, and names the winner. */
static bool
pair_up(struct chooser *c, const struct mg_template *t, struct mg_question *q)
{
    const struct mg_facts *f = &c->world->facts;
    enum mg_class split = split_of(c->world, q);
    int half = q->n_steps;

    for (int i = 0; i < PARTNER_TRIES;) {
        uint32_t b = mg_rng_below(&c->rng, f->n_entities);
        double va, vb;

        if (f->entity[b].kind != t->start)
            continue;
        i++;
        q->n_steps = (unsigned char)half;
        if (b == q->step[0].entity || f->entity[b].flag != '+' || !walk(c->world, t, b, q) ||
            split_of(c->world, q) != split)
            continue;
        va = mg_number(q->step[half - 1].attr->value);
        vb = mg_number(q->step[2 * half - 1].attr->value);
        if (!clearly_differ(t, va, vb))
            continue;
        q->winner = (vb > va) == (t->compare == MG_MORE || t->compare == MG_MORE_BY);
        if (mg_is_difference(t) && q->winner == 1)
            turn_round(q);
        return true;
    }
    return false;
}

static enum mg_status
keep(struct mg_questions *qs, const struct mg_question *q, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_GROW(qs->q, (size_t)qs->n + 1, qs->room);
    qs->q[qs->n++] = *q;
out:
    return st;
}

/* Asks the template's question of one entity, if it has one and its country has room. */
static enum mg_status
choose(struct chooser *c, uint32_t entity, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_template *t = &mg_template[c->template];
    struct mg_question q = {.template = (unsigned short)c->template};
    unsigned *used = &c->used[bridge(c, entity)];
    enum mg_class split;

    if (*used >= t->cap || c->world->facts.entity[entity].flag != '+' || !walk(c->world, t, entity, &q))
        goto out;
    if (t->compare != MG_CHAIN && !pair_up(c, t, &q))
        goto out;
    split = split_of(c->world, &q);
    if (split == MG_CLASS_SHARED)
        goto out;
    q.split = (unsigned char)split;
    q.phrasing = mg_phrasing_draw(&c->rng, split == MG_CLASS_TEST);
    MG_TRY(keep(c->out, &q, err));
    (*used)++;
out:
    return st;
}

static enum mg_status
choose_all(struct chooser *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_template *t = &mg_template[c->template];
    uint32_t n = c->world->facts.n_entities;
    /* A country is its own bridge, so that its comparisons are drawn here, not found among many cities. */
    unsigned rounds = t->compare != MG_CHAIN && t->start == MG_COUNTRY ? t->cap : 1;

    mg_rng_init(&c->rng, 0, MG_RNG_QUESTION, c->template, UINT32_MAX, 0);
    for (uint32_t i = 0; i < n; i++)
        c->order[i] = i;
    mg_rng_shuffle(&c->rng, c->order, n);
    memset(c->used, 0, (n + BUCKETS) * sizeof *c->used);
    for (unsigned round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < n; i++) {
            uint32_t e = c->order[i];

            if (c->world->facts.entity[e].kind != t->start)
                continue;
            mg_rng_init(&c->rng, 0, MG_RNG_QUESTION, c->template, e, round);
            MG_TRY(choose(c, e, err));
        }
out:
    return st;
}

enum mg_status
mg_questions_create(struct mg_questions *out, const struct mg_world *world, bool calc, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct chooser c = {.world = world, .out = out};

    *out = (struct mg_questions){0};
    MG_ALLOC(c.order, world->facts.n_entities);
    MG_ALLOC(c.used, world->facts.n_entities + BUCKETS);
    for (c.template = 0; c.template <mg_n_templates; c.template ++)
        if (calc || !mg_is_difference(&mg_template[c.template]))
            MG_TRY(choose_all(&c, err));
out:
    free(c.order);
    free(c.used);
    if (st != MG_OK)
        mg_questions_destroy(out);
    return st;
}

void
mg_questions_destroy(struct mg_questions *qs)
{
    free(qs->q);
    *qs = (struct mg_questions){0};
}

uint32_t
mg_question_answer_entity(const struct mg_question *q)
{
    const struct mg_template *t = &mg_template[q->template];

    if (mg_is_difference(t))
        return MG_NO_ENTITY;
    if (t->compare == MG_CHAIN)
        return q->step[q->n_steps - 1].attr->ref;
    return q->step[(q->winner + 1) * (q->n_steps / 2) - 1].entity;
}

void
mg_difference_values(const struct mg_world *world, const struct mg_question *q, const char **less, const char **more)
{
    const char *first = mg_facts_value(&world->facts, q->step[q->n_steps / 2 - 1].attr);
    const char *second = mg_facts_value(&world->facts, q->step[q->n_steps - 1].attr);
    bool down = mg_template[q->template].compare == MG_MORE_BY;

    *less = down ? second : first;
    *more = down ? first : second;
}

void
mg_question_answer(const struct mg_world *world, const struct mg_question *q, struct mg_text *out)
{
    uint32_t e = mg_question_answer_entity(q);

    if (mg_is_difference(&mg_template[q->template])) {
        const char *less, *more;

        mg_difference_values(world, q, &less, &more);
        mg_number_text(mg_number(more) - mg_number(less), out);
    } else {
        mg_text_add(out, e == MG_NO_ENTITY ? q->step[q->n_steps - 1].attr->value : world->facts.entity[e].title);
    }
}
