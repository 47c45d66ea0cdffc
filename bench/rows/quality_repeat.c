/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows/quality.h"
#include "rows/row_groups.h"
#include "rows/step.h"

/* Each row is of so many runs, which start from zeroed outputs. Its value is how many gave the bits of the first. */
enum { RUNS = 10 };

static bool
same(const struct quality_outputs *o, float *const x[], float *const y[])
{
    for (unsigned i = 0; i < o->n; i++)
        if (memcmp(x[i], y[i], clgrpo_tensor_elems(&o->t[i]) * sizeof(float)) != 0)
            return false;
    return true;
}

static void
repeat_row(const char *name, struct plan *p, const struct quality_outputs *o)
{
    float *first[QUALITY_OUTPUTS] = {NULL};
    unsigned equal = 0;
    double us = 0.0;

    for (unsigned run = 0; run < RUNS && us >= 0.0; run++) {
        float *now[QUALITY_OUTPUTS] = {NULL};

        quality_zero(p->b, o);
        us = quality_time(p);
        if (us >= 0.0 && quality_read_all(p->b, o, now))
            equal += run == 0 || same(o, first, now);
        for (unsigned i = 0; i < o->n; i++) {
            if (run == 0)
                first[i] = now[i];
            else
                free(now[i]);
        }
    }
    for (unsigned i = 0; i < o->n; i++)
        free(first[i]);
    quality_add(p->b, name, "runs", equal, RUNS, "promise", us);
}

/* Each function fills a plan and says which tensors it writes. */
static void
repeat_gemm(struct plan *p, struct quality_outputs *o)
{
    *o = (struct quality_outputs){{plan_matrix(p, 500, 300)}, 1};
    quality_plan_gemm(p, plan_matrix(p, 500, 700), plan_matrix(p, 700, 300), o->t[0]);
}

static void
repeat_attention(struct plan *p, struct quality_outputs *o)
{
    struct quality_attention a = quality_attention_inputs(p, 600, 8, 2, 64);
    struct quality_gradients g;

    a.offsets = quality_offsets(p, 2, 300);
    a.max_len = 300;
    quality_plan_attention(p, &a);
    quality_plan_attention_backward(p, &a, &g);
    *o = (struct quality_outputs){{a.o, a.lse, g.dq, g.dk, g.dv}, 5};
}

static void
repeat_head(struct plan *p, struct quality_outputs *o)
{
    const struct quality_head h = quality_head_inputs(p, 300, 128, 5000);

    *o = (struct quality_outputs){{h.logprob, h.lse, plan_matrix(p, 300, 128), plan_matrix(p, 5000, 128)}, 4};
    quality_plan_head(p, &h);
    quality_plan_head_backward(p, &h, plan_vector(p, 300), o->t[2], o->t[3]);
}

static void
repeat_norm(struct plan *p, struct quality_outputs *o)
{
    struct clgrpo_global_norm_args a = CLGRPO_GLOBAL_NORM_ARGS_INIT;

    a.grad = plan_vector(p, 1000003);
    a.out = plan_vector(p, 2);
    a.max_norm = 1.0f;
    PLAN_WITH_SPACE(p, global_norm, a);
    *o = (struct quality_outputs){{a.out}, 1};
}

static void
repeat_sample(struct plan *p, struct quality_outputs *o)
{
    enum { B = 32, V = 20000 };
    struct clgrpo_sample_args a = CLGRPO_SAMPLE_ARGS_INIT;
    const cl_int words[4 * B] = {1, 2, 3, 4};

    a.logits = plan_matrix(p, B, V);
    a.key = plan_ints(p, 4 * B, words);
    a.key = clgrpo_tensor_view(a.key.buf, 0, CLGRPO_U64, 2, BENCH_SHAPE(B, 2));
    a.token = plan_ints(p, B, words);
    a.logprob = plan_vector(p, B);
    a.top_p = 0.9f;
    PLAN_WITH_SPACE(p, sample, a);
    *o = (struct quality_outputs){{a.token, a.logprob}, 2};
}

static const struct {
    const char *name;
    void (*fill)(struct plan *p, struct quality_outputs *o);
} repeats[] = {
    {"quality.repeat.gemm", repeat_gemm},     {"quality.repeat.attention", repeat_attention},
    {"quality.repeat.head", repeat_head},     {"quality.repeat.norm", repeat_norm},
    {"quality.repeat.sample", repeat_sample},
};

void
rows_repeat(struct bench *b)
{
    static const char whole[] = "quality.repeat.step";
    static struct plan p;
    static struct step step;
    struct quality_outputs o;

    for (size_t i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
        if (!quality_wanted(b, repeats[i].name))
            continue;
        p = (struct plan){.b = b};
        repeats[i].fill(&p, &o);
        repeat_row(repeats[i].name, &p, &o);
        plan_release(&p);
    }
    if (!quality_wanted(b, whole))
        return;
    step_prepare(b, &step_shapes[0], 0.0f, &step); /* a rate of 0, so that all runs start from one model */
    o = (struct quality_outputs){{step.grad, step.logprob}, 2};
    repeat_row(whole, &step.plan, &o);
    plan_release(&step.plan);
}
