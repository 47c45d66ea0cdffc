/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tune/tune_search.h"

bool
tune_use(struct tune_search *s, const struct tune_candidate *x)
{
    size_t bytes = 0;
    cl_int code = CL_SUCCESS;

    if (!tune_ok(s->t, clg_tune_set(s->t->ctx, s->r->op, s->r->shape_class, x->values, s->r->n_params), s->c->op) ||
        (s->c->workspace != NULL && !tune_ok(s->t, s->c->workspace(s->t, s->c, &bytes), s->c->op)))
        return false;
    if (bytes > s->space_bytes || s->c->space.buf == NULL) {
        if (s->c->space.buf != NULL)
            clReleaseMemObject(s->c->space.buf);
        s->space_bytes = bytes + 64;
        s->c->space.buf = clCreateBuffer(clgrpo_context_cl(s->t->ctx), CL_MEM_READ_WRITE, s->space_bytes, NULL, &code);
    }
    s->c->space.bytes = s->space_bytes;
    return code == CL_SUCCESS;
}

bool
tune_run_for_result(struct tune_search *s, float *to)
{
    memset(to, 0xff, s->n_out * sizeof *to); /* NaN, so that an element that is not written is seen */
    return tune_ok(s->t, clgrpo_tensor_write(s->t->ctx, s->t->queue, &s->c->out, to, s->n_out * sizeof *to),
                   s->c->op) &&
           tune_ok(s->t, s->c->run(s->t, s->c), s->c->op) &&
           tune_ok(s->t, clgrpo_tensor_read(s->t->ctx, s->t->queue, &s->c->out, to, s->n_out * sizeof *to), s->c->op);
}

bool
tune_is_right(struct tune_search *s, const struct tune_candidate *x)
{
    if (!tune_use(s, x) || !tune_run_for_result(s, s->got))
        return false;
    return x->changes_order ? s->c->check(s->c, s->got) : memcmp(s->got, s->standard, s->n_out * sizeof *s->got) == 0;
}

double
tune_time(struct tune_search *s)
{
    const double start = bench_now_us();

    for (unsigned i = 0; i < s->repeat; i++)
        if (!tune_ok(s->t, s->c->run(s->t, s->c), s->c->op))
            return -1.0;
    return tune_ok(s->t, clgrpo_queue_finish(s->t->ctx, s->t->queue), s->c->op) ? (bench_now_us() - start) / s->repeat
                                                                                : -1.0;
}
