/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that the views of one operation share. */
#ifndef CLGRPO_VIEWS_H
#define CLGRPO_VIEWS_H

#include "internal.h"

/* One tensor of an operation; one without a buffer does not count. An output may be the same view as `same` or `other`,
 * where they are not NULL. */
struct clg_view {
    const char *name;
    const struct clgrpo_tensor *t;
    bool is_output;
    const struct clgrpo_tensor *same, *other;
};
/* Of a member of args: read; written; written, and possibly the view of one or two other members. */
#define CLG_IN(args, x)                   ((struct clg_view){#x, &(args)->x, false, NULL, NULL})
#define CLG_OUT(args, x)                  ((struct clg_view){#x, &(args)->x, true, NULL, NULL})
#define CLG_OUT_OR(args, x, same)         ((struct clg_view){#x, &(args)->x, true, &(args)->same, NULL})
#define CLG_OUT_OR2(args, x, same, other) ((struct clg_view){#x, &(args)->x, true, &(args)->same, &(args)->other})

/*
 * E_SHAPE: two elements of an output share memory, or an output shares some with another tensor and is not allowed to
 * be the same view. Sub-buffers count as the buffer that they are of. Views whose rows or heads lie between one
 * another's share nothing if their strides agree; if they do not, and the views reach into one another, it is taken
 * that they do. The views must have passed clg_tensor_check.
 */
enum clgrpo_status clg_views_check(struct clgrpo_context *ctx, const char *op, const struct clg_view *views, size_t n);
/* Defines that check as a function of an operation, whose args are `a` in the list. It is no part of the check of the
 * args alone, so that the size of a workspace can be asked for before there is memory for all tensors. */
#define CLG_VIEWS(function, name, op, ...)                                                                             \
    static enum clgrpo_status function(struct clgrpo_context *ctx, const struct name##_args *a)                        \
    {                                                                                                                  \
        const struct clg_view list[] = {__VA_ARGS__};                                                                  \
                                                                                                                       \
        return clg_views_check(ctx, op, list, sizeof list / sizeof list[0]);                                           \
    }

#endif
