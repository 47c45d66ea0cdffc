/* SPDX-License-Identifier: Apache-2.0 */
#include "tune/tune_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool
tune_ok(struct tune *t, enum clgrpo_status st, const char *what)
{
    if (st != CLGRPO_OK) {
        fprintf(stderr, "%sclgrpo-tune: %s: %s\n", t->progress ? "\n" : "", what, clgrpo_error_text(t->ctx));
        clgrpo_error_clear(t->ctx);
    }
    return st == CLGRPO_OK;
}

const struct clgrpo_tensor *
tune_add_tensor(struct tune *t, struct tune_case *c, unsigned rank, const size_t *shape)
{
    struct clgrpo_tensor *x = &c->tensors[c->n_tensors];
    uint32_t counter[4] = {0, c->n_tensors, 0, 0}, key[2] = {17, 4}, random[4];
    size_t n;

    if (!tune_ok(t, clgrpo_tensor_create(t->ctx, CLGRPO_F32, rank, shape, x), c->op))
        return NULL;
    n = clgrpo_tensor_elems(x);
    c->host[c->n_tensors] = malloc(n * sizeof(float));
    if (c->host[c->n_tensors] == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        counter[0] = (uint32_t)(i / 4);
        if (i % 4 == 0)
            clgrpo_philox4x32(counter, key, random);
        c->host[c->n_tensors][i] = (float)(random[i % 4] >> 8) * 0x1p-23f - 1.0f;
    }
    if (!tune_ok(t, clgrpo_tensor_write(t->ctx, t->queue, x, c->host[c->n_tensors], n * sizeof(float)), c->op))
        return NULL;
    c->n_tensors++;
    return x;
}

bool
tune_add_ints(struct tune *t, struct tune_case *c, size_t n, cl_int step, struct clgrpo_tensor *out)
{
    struct clgrpo_tensor *x = &c->tensors[c->n_tensors];
    cl_int *host = calloc(n, sizeof *host);
    bool good;

    for (size_t i = 0; host != NULL && i < n; i++)
        host[i] = (cl_int)i * step;
    good = host != NULL && tune_ok(t, clgrpo_tensor_create(t->ctx, CLGRPO_I32, 1, &n, x), c->op) &&
           tune_ok(t, clgrpo_tensor_write(t->ctx, t->queue, x, host, n * sizeof *host), c->op);
    free(host);
    c->n_tensors += good;
    *out = *x;
    return good;
}

bool
tune_near(double got, double want, double magnitude, size_t terms)
{
    return fabs(got - want) <= 0x1p-23 * ((double)terms + 8.0) * magnitude;
}

void
tune_case_release(struct tune_case *c)
{
    for (unsigned i = 0; i < c->n_tensors; i++) {
        clgrpo_tensor_destroy(&c->tensors[i]);
        free(c->host[i]);
    }
    if (c->space.buf != NULL)
        clReleaseMemObject(c->space.buf);
    c->n_tensors = 0;
    c->space.buf = NULL;
}
