/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_TESTS_SAMPLE_CASE_H
#define CLGRPO_TESTS_SAMPLE_CASE_H

#include "fixture.h"

struct sample_draw {
    int32_t *token;
    float *logprob;
};

/* n_rows draws from [n_rows][vocab] logits, or from one row if `one_row`; row b has the key (seed, b). */
struct sample_draw sample_draw(struct clgrpo_context *ctx, const float *logits, bool one_row, size_t n_rows,
                               size_t vocab, uint64_t seed, float temperature, unsigned top_k, float top_p);
void sample_draw_free(struct sample_draw *d);

#endif
