/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of the simt family's attention. No choice changes a bit. */
#ifndef CLGRPO_ATTENTION_SIMT_H
#define CLGRPO_ATTENTION_SIMT_H

#include "internal.h"

enum clg_attention_pass { CLG_ATTENTION_FORWARD, CLG_ATTENTION_BACKWARD };

/* Items of a row of a work-group, its rows, and all defines of its kernels. */
enum { CLG_ATTENTION_SIMT_X = 8, CLG_ATTENTION_DEFINES = 192 };
struct clg_attention_simt {
    size_t rows;
    cl_kernel kernel[2]; /* in the order in which they were asked for */
    char defines[CLG_ATTENTION_DEFINES];
};
/* What the defines depend on: the head dimension, prefixes, and n views that the kernels move by rows. */
struct clg_attention_simt_shape {
    size_t head_dim;
    const struct clgrpo_tensor *prefix, *const *tensors;
    size_t n;
};
/* The tile of this number, or where the device or one of the kernels, pairs of a unit and an entry, does not take its
 * work-group, the smallest one. */
enum clgrpo_status clg_attention_simt_choose(struct clgrpo_context *ctx, size_t tile,
                                             const struct clg_attention_simt_shape *shape,
                                             const char *const (*kernels)[2], size_t n_kernels,
                                             struct clg_attention_simt *out);
/* E_VALUE: the device has no tile of this number, or cannot run it with this head dimension; `place` begins the
 * sentence. */
enum clgrpo_status clg_attention_simt_check(struct clgrpo_context *ctx, const char *place, enum clg_attention_pass pass,
                                            size_t head_dim, size_t tile);

#endif
