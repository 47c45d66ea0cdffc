/* SPDX-License-Identifier: Apache-2.0 */
#include "rows/layer.h"
#include "rows/row_groups.h"

/*
 * One decoder layer, forward and then backward, as a trainer would call it: one sequence, all weights with their
 * gradients. The limit is the arithmetic: that of the four products three times, that of attention 3.5 times.
 */
void
rows_layer(struct bench *b)
{
    enum { TOKENS = 1024 };
    static const struct layer_shape s = {TOKENS, 1, TOKENS, 512, 8, 2, 64, 1408};
    static struct plan p;
    struct bench_case c = {.row = "layer.f32.1024x512", .kind = BENCH_FLOP, .run = plan_run, .arg = &p};
    struct layer_inputs in;
    struct layer_weights w, dw;
    struct layer_state state;

    if (!bench_wanted(b, c.row))
        return;
    p = (struct plan){.b = b};
    c.work = 3.0 * layer_flop(&s) + 3.5 * layer_attention_flop(&s, 0.5 * TOKENS * (TOKENS + 1.0));
    in.position = plan_indices(&p, TOKENS, 1, 1, TOKENS);
    in.offsets = plan_indices(&p, 2, 1, TOKENS, TOKENS + 1);
    in.table = plan_matrix(&p, TOKENS, s.dim);
    w = layer_weights_of(&s, plan_vector(&p, layer_weight_elems(&s)), 0);
    dw = layer_weights_of(&s, plan_vector(&p, layer_weight_elems(&s)), 0);
    layer_forward(&p, &s, &in, &w, plan_matrix(&p, TOKENS, s.width), &state);
    layer_backward(&p, &s, &in, &w, &dw, &state, plan_matrix(&p, TOKENS, s.width));
    bench_run(b, &c);
    plan_release(&p);
}
