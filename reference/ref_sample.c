/* SPDX-License-Identifier: Apache-2.0 */
#include "ref_sample.h"

#include <math.h>
#include <stdlib.h>

struct entry {
    float z;
    size_t id;
};

static int
more_likely_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->z != y->z)
        return x->z > y->z ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

void
ref_sample(const float *logits, size_t n, float temperature, unsigned top_k, double top_p, double *probability,
           double *logprob, double *margin)
{
    struct entry *order = malloc(n * sizeof *order);
    const float inverse = 1.0f / temperature;
    double total = 0.0, mass = 0.0, kept = 0.0;
    size_t n_kept = top_k > 0 && top_k < n ? top_k : n;

    if (order == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        order[i] = (struct entry){logits[i] * inverse, i};
    qsort(order, n, sizeof *order, more_likely_first);
    for (size_t i = 0; i < n; i++) {
        const double w = exp((double)order[i].z - order[0].z);

        total += w;
        mass += i < n_kept ? w : 0.0;
        probability[order[i].id] = 0.0;
    }
    *margin = 1.0;
    for (size_t i = 0; i < n; i++) {
        const double w = exp((double)order[i].z - order[0].z);

        logprob[order[i].id] = log(w / total);
        if (i >= n_kept || (top_p < 1.0 && kept >= top_p * mass))
            continue;
        probability[order[i].id] = w;
        kept += w;
        if (top_p < 1.0)
            *margin = fmin(*margin, fabs(kept / mass - top_p));
    }
    for (size_t i = 0; i < n; i++)
        probability[i] /= kept;
    free(order);
}

double
ref_chi_square_tail(double value, double freedom)
{
    const double spread = 2.0 / (9.0 * freedom);
    const double normal = (cbrt(value / freedom) - (1.0 - spread)) / sqrt(spread);

    return 0.5 * erfc(normal / sqrt(2.0));
}
