/* SPDX-License-Identifier: Apache-2.0 */
#include "base/interval.h"

#include <math.h>
#include <stdio.h>

struct mg_interval
mg_wilson(double successes, double n)
{
    const double z = 1.959963984540054;
    double p, centre, half, scale;

    if (n <= 0.0)
        return (struct mg_interval){0.0, 1.0};
    p = successes / n;
    scale = 1.0 / (1.0 + z * z / n);
    centre = p + z * z / (2.0 * n);
    half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    return (struct mg_interval){fmax(0.0, scale * (centre - half)), fmin(1.0, scale * (centre + half))};
}

struct mg_share
mg_share_of(double sum, double n)
{
    struct mg_interval i = mg_wilson(sum, n);

    if (n <= 0.0)
        return (struct mg_share){0.0, (double)NAN, (double)NAN, (double)NAN};
    return (struct mg_share){n, sum / n, i.lo, i.hi};
}

struct mg_share_text
mg_share_text_of(const struct mg_share *s)
{
    struct mg_share_text out = {"-"};

    if (isfinite(s->mean))
        snprintf(out.text, sizeof out.text, "%.3f [%.3f, %.3f]", s->mean, s->lo, s->hi);
    return out;
}
