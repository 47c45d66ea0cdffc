/* SPDX-License-Identifier: Apache-2.0 */
/* What suites of the profile share: each fails the test with the library's sentence. */
#ifndef CLGRPO_TESTS_PROFILE_CASE_H
#define CLGRPO_TESTS_PROFILE_CASE_H

#include "fixture.h"

/* A context whose queue has times. */
struct clgrpo_context *profile_open(enum clgrpo_family family);
struct clgrpo_profile *profile_begin(struct clgrpo_context *ctx, size_t most);
struct clgrpo_profile_counts profile_finish(struct clgrpo_context *ctx, struct clgrpo_profile *p);
struct clgrpo_profile_record profile_record(struct clgrpo_context *ctx, struct clgrpo_profile *p, size_t i);
/* A tensor of zeros, [rows][columns]. */
struct clgrpo_tensor profile_matrix(struct clgrpo_context *ctx, enum clgrpo_dtype dtype, size_t rows, size_t columns);

#endif
