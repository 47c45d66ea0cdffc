/* SPDX-License-Identifier: Apache-2.0 */
#include "views.h"

/* A view in bytes: where it begins and ends in the buffer that has the memory. */
struct place {
    const struct clgrpo_tensor *t;
    cl_mem root;
    size_t size, from, to;
};

static bool
is_there(const struct clgrpo_tensor *t)
{
    if (t->buf == NULL)
        return false;
    for (unsigned i = 0; i < t->rank; i++)
        if (t->shape[i] == 0)
            return false;
    return true;
}

/* Elements from the first to one past the last, of the dimensions whose stride is below `stride`. */
static size_t
extent_below(const struct clgrpo_tensor *t, size_t stride)
{
    size_t n = 1;

    for (unsigned i = 0; i < t->rank; i++)
        if (t->shape[i] > 1 && t->stride[i] < stride)
            n += (t->shape[i] - 1) * t->stride[i];
    return n;
}

static enum clgrpo_status
place_of(struct clgrpo_context *ctx, const struct clgrpo_tensor *t, struct place *p)
{
    enum clgrpo_status st = CLGRPO_OK;
    size_t origin;

    *p = (struct place){.t = t, .size = clgrpo_dtype_bytes(t->dtype)};
    CLG_TRY(clg_memory_of(ctx, t->buf, &p->root, &origin));
    p->from = origin + t->offset * p->size;
    p->to = p->from + extent_below(t, (size_t)-1) * p->size;
out:
    return st;
}

/* All strides of at least `step` bytes are multiples of it, so that the view's elements lie in parts of a width, `step`
 * bytes or a multiple of them apart. */
static bool
is_periodic(const struct place *p, size_t step)
{
    for (unsigned i = 0; i < p->t->rank; i++)
        if (p->t->shape[i] > 1 && p->t->stride[i] * p->size >= step && p->t->stride[i] * p->size % step != 0)
            return false;
    return true;
}

static size_t
width_below(const struct place *p, size_t step)
{
    return extent_below(p->t, (step + p->size - 1) / p->size) * p->size;
}

/* Both are periodic, and their parts lie beside one another in every period. */
static bool
are_interleaved(const struct place *a, const struct place *b, size_t step)
{
    size_t from;

    if (step == 0 || !is_periodic(a, step) || !is_periodic(b, step))
        return false;
    from = b->from >= a->from ? (b->from - a->from) % step : (step - (a->from - b->from) % step) % step;
    return from >= width_below(a, step) && from + width_below(b, step) <= step;
}

static bool
are_apart(const struct place *a, const struct place *b)
{
    if (a->root != b->root || a->to <= b->from || b->to <= a->from)
        return true;
    for (unsigned i = 0; i < a->t->rank; i++)
        if (a->t->shape[i] > 1 && are_interleaved(a, b, a->t->stride[i] * a->size))
            return true;
    for (unsigned i = 0; i < b->t->rank; i++)
        if (b->t->shape[i] > 1 && are_interleaved(a, b, b->t->stride[i] * b->size))
            return true;
    return false;
}

static bool
is_same(const struct place *a, const struct place *b)
{
    bool same = a->root == b->root && a->from == b->from && a->t->dtype == b->t->dtype && a->t->rank == b->t->rank;

    for (unsigned i = 0; same && i < a->t->rank; i++)
        same = a->t->shape[i] == b->t->shape[i] && (a->t->shape[i] <= 1 || a->t->stride[i] == b->t->stride[i]);
    return same;
}

static bool
may_be(const struct clg_view *output, const struct clg_view *v)
{
    return output->is_output && (output->same == v->t || output->other == v->t);
}

/* Every dimension steps over all that those of smaller strides reach. */
static enum clgrpo_status
check_alone(struct clgrpo_context *ctx, const char *op, const struct clg_view *v)
{
    enum clgrpo_status st = CLGRPO_OK;
    const struct clgrpo_tensor *t = v->t;

    for (unsigned i = 0; i < t->rank; i++) {
        size_t below = 1;

        if (t->shape[i] <= 1)
            continue;
        for (unsigned j = 0; j < t->rank; j++)
            if (j != i && t->shape[j] > 1 && (t->stride[j] < t->stride[i] || (t->stride[j] == t->stride[i] && j > i)))
                below += (t->shape[j] - 1) * t->stride[j];
        CLG_REQUIRE(ctx, t->stride[i] >= below, CLGRPO_E_SHAPE,
                    "%s: elements of %s share memory: stride %zu in dimension %u, need %zu or more", op, v->name,
                    t->stride[i], i, below);
    }
out:
    return st;
}

enum clgrpo_status
clg_views_check(struct clgrpo_context *ctx, const char *op, const struct clg_view *views, size_t n)
{
    enum { MOST = 16 };
    enum clgrpo_status st = CLGRPO_OK;
    struct place places[MOST];

    for (size_t i = 0; i < n && i < MOST; i++)
        if (is_there(views[i].t)) {
            CLG_TRY(place_of(ctx, views[i].t, &places[i]));
            if (views[i].is_output)
                CLG_TRY(check_alone(ctx, op, &views[i]));
        }
    for (size_t i = 0; i < n && i < MOST; i++)
        for (size_t j = i + 1; j < n && j < MOST; j++) {
            const struct clg_view *a = &views[i], *b = &views[j];

            if ((!a->is_output && !b->is_output) || !is_there(a->t) || !is_there(b->t))
                continue;
            CLG_REQUIRE(ctx,
                        are_apart(&places[i], &places[j]) ||
                            ((may_be(a, b) || may_be(b, a)) && is_same(&places[i], &places[j])),
                        CLGRPO_E_SHAPE, "%s: %s and %s share memory", op, a->name, b->name);
        }
out:
    return st;
}
