/* SPDX-License-Identifier: Apache-2.0 */
#include "base/interval.h"

#include <math.h>

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
