/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/doing.h"
#include "base/json.h"
#include "world/demo_internal.h"

enum {
    TRIES = 256,      /* draws without a demonstration before a stream fails */
    CALC_STREAM = 100 /* number of a random stream; those of the other agents are 2 kind and 2 kind + 1 */
};

static int
by_fact(const void *pa, const void *pb)
{
    const struct mg_step *a = pa, *b = pb;

    if (a->entity != b->entity)
        return a->entity < b->entity ? -1 : 1;
    return (a->attr > b->attr) - (a->attr < b->attr);
}

static enum mg_status
collect_items(struct mg_demo_stream *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t n = 0;

    MG_ALLOC(s->question, s->qs.n);
    MG_ALLOC(s->difference, s->qs.n);
    MG_ALLOC(s->step, (size_t)s->qs.n * MG_STEPS);
    for (uint32_t i = 0; i < s->qs.n; i++) {
        if (s->qs.q[i].split != s->options.split)
            continue;
        s->question[s->n_questions++] = i;
        if (mg_is_difference(&mg_template[s->qs.q[i].template]))
            s->difference[s->n_differences++] = i;
        for (int k = 0; k < s->qs.q[i].n_steps; k++)
            s->step[n++] = s->qs.q[i].step[k];
    }
    MG_REQUIRE(n > 0 && (!s->options.calc || s->n_differences > 0), MG_INPUT, "the world has no question of the split");
    qsort(s->step, n, sizeof *s->step, by_fact);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || s->step[i].attr != s->step[s->n_steps - 1].attr)
            s->step[s->n_steps++] = s->step[i];
out:
    return st;
}

static enum mg_status
collect_pages(struct mg_demo_stream *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t n = s->world->facts.n_entities, pages = 0;

    MG_ALLOC(s->page_entity, n);
    MG_ALLOC(s->any, n);
    for (uint32_t i = 0; i < n; i++) {
        unsigned char cls = s->world->cls[i];

        if (!s->world->present[i])
            continue;
        s->page_entity[pages++] = i;
        if (cls == MG_CLASS_TRAIN || cls == MG_CLASS_SHARED)
            s->any[s->n_any++] = i;
    }
    MG_REQUIRE(pages == mg_corpus_pages(s->corpus), MG_INPUT, "the corpus has %u pages and the world %u",
               (unsigned)mg_corpus_pages(s->corpus), (unsigned)pages);
out:
    return st;
}

enum mg_status
mg_demo_open(struct mg_demo_stream **out, const struct mg_world *world, struct mg_corpus *corpus,
             const struct mg_demo_options *options, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_demo_stream *s = NULL;

    MG_ALLOC(s, 1);
    s->world = world;
    s->corpus = corpus;
    s->options = *options;
    MG_TRY(mg_questions_create(&s->qs, world, options->calc, err));
    MG_TRY(collect_items(s, err));
    MG_TRY(collect_pages(s, err));
    s->subst.world = world;
    s->subst.pool = s->any;
    s->subst.n_pool = s->n_any;
    *out = s;
    s = NULL;
out:
    mg_demo_close(s);
    return st;
}

void
mg_demo_close(struct mg_demo_stream *s)
{
    if (!s)
        return;
    mg_questions_destroy(&s->qs);
    mg_subst_free(&s->subst);
    for (int i = 0; i < MG_DEMO_TURNS; i++)
        mg_text_free(&s->text[i]);
    mg_text_free(&s->scratch);
    mg_text_free(&s->answer);
    free(s->question);
    free(s->difference);
    free(s->step);
    free(s->page_entity);
    free(s->any);
    free(s);
}

uint32_t
mg_demo_items(const struct mg_demo_stream *s, enum mg_demo_agent agent)
{
    return agent == MG_DEMO_MAIN ? s->n_questions : agent == MG_DEMO_CALC ? s->n_differences : s->n_steps;
}

/* The item of a draw: at random for training, the next one that works for a pass over the test split. */
static uint32_t
pick(struct mg_demo_stream *s, uint64_t turn, uint32_t n, uint32_t attempt)
{
    if (s->options.split == MG_CLASS_TEST)
        return (uint32_t)((turn + attempt) % n);
    return mg_rng_below(&s->rng, n);
}

static enum mg_status
make(struct mg_demo_stream *s, struct mg_demo *out, uint64_t turn, uint32_t attempt, bool *made, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t n = mg_demo_items(s, out->agent);

    out->n = 0;
    *made = true;
    if (out->agent == MG_DEMO_MAIN)
        mg_demo_main(s, pick(s, turn, n, attempt), made);
    else if (out->agent == MG_DEMO_CALC)
        mg_demo_calc(s, pick(s, turn, n, attempt), made);
    else
        MG_TRY(mg_demo_search(s, pick(s, turn, n, attempt), made, err));
out:
    return st;
}

enum mg_status
mg_demo_next(struct mg_demo_stream *s, struct mg_demo *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_demo_options *o = &s->options;
    uint64_t n_agents = o->calc ? 3 : 2, turn = o->agent == MG_DEMO_ALL ? s->next / n_agents : s->next;
    uint32_t stream;
    bool made = false;

    out->agent = o->agent == MG_DEMO_ALL ? (enum mg_demo_agent)(s->next % n_agents) : o->agent;
    s->out = out;
    stream = out->agent == MG_DEMO_CALC ? CALC_STREAM + (uint32_t)o->kind : (uint32_t)o->kind * 2 + out->agent;
    mg_rng_init(&s->rng, o->seed, MG_RNG_DEMO, stream, (uint32_t)turn, (uint32_t)(turn >> 32));
    for (uint32_t attempt = 0; !made && attempt < TRIES; attempt++)
        MG_TRY(make(s, out, turn, attempt, &made, err));
    MG_REQUIRE(made, MG_FAIL, "no demonstration was found in %d draws", TRIES);
    s->next++;
    for (int i = 0; i < out->n; i++) {
        MG_REQUIRE(!s->text[i].failed, MG_FAIL, "out of memory: a turn of %zu bytes", s->text[i].n);
        out->turn[i].text = mg_text_str(&s->text[i]);
    }
out:
    return st;
}

static json_t *
demo_json(const struct mg_demo *d)
{
    static const char *const agent[] = {"main", "search", "calc"};
    json_t *turns = json_array();

    for (int i = 0; i < d->n; i++) {
        json_t *turn = json_pack("{ssss}", "role", mg_role_name(d->turn[i].role), "text", d->turn[i].text);

        if (turn && d->turn[i].train)
            json_object_set_new(turn, "train", json_integer(1));
        json_array_append_new(turns, turn);
    }
    return json_pack("{ssso}", "agent", agent[d->agent], "turns", turns);
}

enum mg_status
mg_demo_write(struct mg_demo_stream *stream, uint64_t count, const char *path, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_file_new *f = NULL;
    struct mg_demo demo;

    MG_TRY(mg_file_new_open(path, &f, err));
    for (uint64_t i = 0; i < count; i++) {
        mg_doing("demonstration %llu of %llu", (unsigned long long)i + 1, (unsigned long long)count);
        MG_TRY(mg_demo_next(stream, &demo, err));
        MG_TRY(mg_json_write_line(f, demo_json(&demo), err));
    }
    MG_TRY(mg_file_new_commit(&f, err));
out:
    mg_file_new_abort(f);
    return st;
}
