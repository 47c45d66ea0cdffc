/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world/demo_internal.h"

/*
 * What a noisy search agent does. 0.62 of the demonstrations open a hit, 0.45 the right one; of the queries 0.87 are
 * whole: the good choice stays the likeliest at each point.
 */
enum habit { GOOD, WRONG, SNIPPET, POOR, LOST };
static const double p_habit[] = {0.45, 0.17, 0.17, 0.13, 0.08};
static const double p_main_form = 0.7; /* of sub-questions put in the planner's own form */
static const double p_any_key = 0.4;   /* of substituted demonstrations that ask for any key of any page */

enum { QUERY_MAX = 400 };

/* What one demonstration is about. */
struct task {
    struct mg_step step;
    struct mg_hits hits;
    int gold; /* place of the right page in the hits */
};

static uint32_t
entity_of(const struct mg_demo_stream *s, const struct mg_hit *hit)
{
    return s->page_entity[hit->page - 1];
}

static void
apply(void *arg, const char *text, struct mg_text *out)
{
    mg_subst_apply(arg, text, out);
}

/* Any key with one plain value, of any page that may be shown; notes and other names are no answers. */
static bool
draw_any_step(struct mg_demo_stream *s, struct mg_step *step)
{
    uint32_t e = s->any[mg_rng_below(&s->rng, s->n_any)];
    const struct mg_entity *entity = &s->world->facts.entity[e];
    const struct mg_attr *a;

    if (entity->n_attr == 0)
        return false;
    a = &entity->attr[mg_rng_below(&s->rng, entity->n_attr)];
    if (a->hidden || strcmp(a->key, "note") == 0 || strcmp(a->key, "also") == 0 ||
        mg_world_attr(s->world, e, a->key) != a)
        return false;
    *step = (struct mg_step){e, a};
    return true;
}

static enum mg_status
search(struct mg_demo_stream *s, const char *query, struct mg_hits *hits, struct mg_err *err)
{
    return mg_corpus_search(s->corpus, query, strlen(query), hits, err);
}

/* Searches for the page as the gold query for `key` does; gold is -1 where the page is not among the hits. */
static enum mg_status
look_up(struct mg_demo_stream *s, struct task *t, const char *key, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char query[QUERY_MAX];

    mg_text_clear(&s->scratch);
    mg_ask_text(0, key, s->world->facts.entity[t->step.entity].title, &s->scratch);
    mg_corpus_keywords(mg_text_str(&s->scratch), query, sizeof query);
    MG_TRY(search(s, query, &t->hits, err));
    t->gold = -1;
    for (int i = 0; i < t->hits.n; i++)
        if (entity_of(s, &t->hits.hit[i]) == t->step.entity)
            t->gold = i;
out:
    return st;
}

static void
shuffle(struct mg_demo_stream *s, struct task *t)
{
    for (int i = t->hits.n - 1; i > 0; i--) {
        int j = (int)mg_rng_below(&s->rng, (uint32_t)i + 1);
        struct mg_hit swap = t->hits.hit[i];

        t->hits.hit[i] = t->hits.hit[j];
        t->hits.hit[j] = swap;
        t->gold = t->gold == i ? j : t->gold == j ? i : t->gold;
    }
}

/* Replaces the title and the answer, and half of the time every other value of the page as well. */
static void
substitute(struct mg_demo_stream *s, const struct mg_step *step)
{
    const struct mg_entity *e = &s->world->facts.entity[step->entity];

    mg_subst_add(&s->subst, &s->rng, e->title);
    mg_subst_add(&s->subst, &s->rng, mg_facts_value(&s->world->facts, step->attr));
    if (mg_demo_chance(s, 0.5))
        return;
    for (uint32_t i = 0; i < e->n_attr; i++)
        if (!e->attr[i].hidden && strcmp(e->attr[i].key, "note") != 0)
            mg_subst_add(&s->subst, &s->rng, mg_facts_value(&s->world->facts, &e->attr[i]));
}

static void
cut(char *out, size_t cap, const struct mg_text *text)
{
    size_t n = text->n < cap ? text->n : cap - 1;

    memcpy(out, mg_text_str(text), n);
    out[n] = '\0';
}

static void
say_hits(struct mg_demo_stream *s, const struct mg_hits *hits)
{
    struct mg_hits shown = *hits;
    char text[MG_HITS_TEXT_MAX];

    for (int i = 0; i < shown.n; i++) {
        mg_text_clear(&s->scratch);
        mg_subst_apply(&s->subst, hits->hit[i].title, &s->scratch);
        cut(shown.hit[i].title, sizeof shown.hit[i].title, &s->scratch);
        mg_text_clear(&s->scratch);
        mg_subst_apply(&s->subst, hits->hit[i].snippet, &s->scratch);
        cut(shown.hit[i].snippet, sizeof shown.hit[i].snippet, &s->scratch);
    }
    mg_corpus_hits_text(&shown, text);
    mg_demo_say(s, MG_ROLE_HITS, false, text);
}

/* Says the query: the key words of the task. */
static void
say_query(struct mg_demo_stream *s)
{
    char query[QUERY_MAX];

    mg_corpus_keywords(s->out->turn[0].text, query, sizeof query);
    mg_demo_say(s, MG_ROLE_SEARCH, true, query);
}

static void
open_hit(struct mg_demo_stream *s, const struct mg_hits *hits, int i)
{
    char number[2] = {(char)('1' + i), '\0'};

    mg_demo_say(s, MG_ROLE_OPEN, true, number);
    mg_world_page_changed(s->world, entity_of(s, &hits->hit[i]), apply, &s->subst,
                          mg_demo_begin_turn(s, MG_ROLE_PAGE, false));
}

static void
answer_with(struct mg_demo_stream *s, const char *text)
{
    mg_subst_apply(&s->subst, text, mg_demo_begin_turn(s, MG_ROLE_ANSWER, true));
}

/* Opens another hit, and answers what its page says of the key, or "none". */
static bool
open_wrong(struct mg_demo_stream *s, const struct task *t)
{
    const struct mg_attr *a;
    int i;

    if (t->hits.n < 2)
        return false;
    i = (t->gold + 1 + (int)mg_rng_below(&s->rng, (uint32_t)t->hits.n - 1)) % t->hits.n;
    if (!mg_demo_may_open(s, entity_of(s, &t->hits.hit[i])))
        return false;
    open_hit(s, &t->hits, i);
    a = mg_world_attr(s->world, entity_of(s, &t->hits.hit[i]), t->step.attr->key);
    if (a)
        answer_with(s, mg_facts_value(&s->world->facts, a));
    else
        mg_demo_say(s, MG_ROLE_ANSWER, true, "none");
    return true;
}

/* Searches with one of the key words and gives up. */
static enum mg_status
search_poorly(struct mg_demo_stream *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    char query[QUERY_MAX], *word = query;
    struct mg_hits hits;

    mg_corpus_keywords(s->out->turn[0].text, query, sizeof query);
    if (mg_demo_chance(s, 0.5) && strrchr(query, ' '))
        word = strrchr(query, ' ') + 1;
    else
        query[strcspn(query, " ")] = '\0';
    MG_TRY(search(s, word, &hits, err));
    mg_demo_say(s, MG_ROLE_SEARCH, true, word);
    say_hits(s, &hits);
    mg_demo_say(s, MG_ROLE_ANSWER, true, "none");
out:
    return st;
}

/* A whole question as the task: no page has its answer. */
static enum mg_status
be_lost(struct mg_demo_stream *s, bool *made, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_question *q = &s->qs.q[s->question[mg_rng_below(&s->rng, s->n_questions)]];
    const char *const name[2] = {s->world->facts.entity[q->step[0].entity].title,
                                 s->world->facts.entity[q->step[q->n_steps / 2].entity].title};
    struct mg_text *task = mg_demo_begin_turn(s, MG_ROLE_TASK, false);
    char query[QUERY_MAX];
    struct mg_hits hits;

    mg_subst_clear(&s->subst);
    mg_question_text(&mg_template[q->template], mg_phrasing_draw(&s->rng, false), name, task);
    s->out->turn[0].text = mg_text_str(task);
    mg_corpus_keywords(mg_text_str(task), query, sizeof query);
    MG_TRY(search(s, query, &hits, err));
    *made = q->n_steps > 1 && hits.n > 0 && mg_demo_may_open(s, entity_of(s, &hits.hit[0]));
    if (!*made)
        goto out;
    say_query(s);
    say_hits(s, &hits);
    open_hit(s, &hits, 0);
    mg_demo_say(s, MG_ROLE_ANSWER, true, "none");
out:
    return st;
}

static enum mg_status
act(struct mg_demo_stream *s, const struct task *t, enum habit habit, bool *made, struct mg_err *err)
{
    if (habit == POOR)
        return search_poorly(s, err);
    say_query(s);
    say_hits(s, &t->hits);
    if (habit == WRONG) {
        *made = open_wrong(s, t);
    } else if (habit == SNIPPET) {
        bool name = mg_demo_chance(s, 0.5) && mg_demo_may_open(s, entity_of(s, &t->hits.hit[0]));

        answer_with(s, name ? t->hits.hit[0].title : "none");
    } else {
        open_hit(s, &t->hits, t->gold);
        answer_with(s, mg_facts_value(&s->world->facts, t->step.attr));
    }
    return MG_OK;
}

enum mg_status
mg_demo_search(struct mg_demo_stream *s, uint32_t item, bool *made, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    bool other_names = s->options.kind == MG_DEMO_SUBSTITUTED;
    struct task t = {.step = s->step[item]};
    enum habit habit = (enum habit)mg_demo_habit(s, p_habit, sizeof p_habit / sizeof p_habit[0]);
    const char *key = t.step.attr->key;
    struct mg_text *task;
    unsigned form = 0;

    mg_subst_clear(&s->subst);
    if (habit == LOST)
        return be_lost(s, made, err);
    if (other_names && mg_demo_chance(s, p_any_key) && draw_any_step(s, &t.step))
        /* one query per page keeps the number of different searches small */
        key = s->world->facts.entity[t.step.entity].attr[0].key;
    MG_TRY(look_up(s, &t, key, err));
    *made = t.gold >= 0;
    if (!*made)
        goto out;
    if (other_names || (s->options.kind == MG_DEMO_NOISY && mg_demo_chance(s, 0.5))) {
        substitute(s, &t.step);
        if (mg_demo_chance(s, 0.5))
            shuffle(s, &t);
    }
    if (s->options.split == MG_CLASS_TRAIN && !mg_demo_chance(s, p_main_form))
        form = 1 + mg_rng_below(&s->rng, MG_ASK_FORMS - 1);
    task = mg_demo_begin_turn(s, MG_ROLE_TASK, false);
    mg_ask_text(form, t.step.attr->key, mg_subst_value(&s->subst, s->world->facts.entity[t.step.entity].title), task);
    s->out->turn[0].text = mg_text_str(task);
    MG_TRY(act(s, &t, habit, made, err));
out:
    return st;
}
