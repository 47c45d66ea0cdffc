/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_OP_CASES_H
#define CLGRPO_TESTS_OP_CASES_H

#include "fixture.h"

/* Every operation once, with small arguments that are the same each time: for tests of what all have in common. */
enum { OP_TENSORS = 12 };
struct op_bag {
    struct clgrpo_context *ctx;
    enum clgrpo_dtype act;    /* of tensors of activations: f32 in a zeroed bag */
    enum clgrpo_dtype values; /* random values are rounded to what this type can hold */
    void *args;
    struct clgrpo_tensor tensor[OP_TENSORS];
    bool is_output[OP_TENSORS];
    unsigned n;
    struct clgrpo_workspace workspace;
};
struct op_case {
    const char *name;
    void (*make)(struct op_bag *b); /* fills a zeroed bag whose ctx is set */
    enum clgrpo_status (*call)(const struct op_bag *b, cl_command_queue queue, cl_event *event);
};
extern const struct op_case op_cases[];
extern const unsigned n_op_cases;
/* Fails the test if there is none of this name. */
const struct op_case *op_case_named(const char *name);

/* The bag's next tensor, which it then owns. */
struct clgrpo_tensor op_bag_keep(struct op_bag *b, struct clgrpo_tensor t, bool is_output);
/* One of random values; of host's. */
struct clgrpo_tensor op_bag_fill(struct op_bag *b, enum clgrpo_dtype dtype, unsigned rank, const size_t *shape,
                                 bool is_output);
struct clgrpo_tensor op_bag_integers(struct op_bag *b, size_t n, const int32_t *host);
void op_bag_release(struct op_bag *b);
/* Where the args hold the bag's tensor; NULL if they do not. */
struct clgrpo_tensor *op_bag_in_args(const struct op_bag *b, unsigned i);
/* The outputs, one behind the other; malloc'ed. Fails the test if a guard was touched. */
unsigned char *op_bag_outputs(const struct op_bag *b, size_t *bytes);

#endif
