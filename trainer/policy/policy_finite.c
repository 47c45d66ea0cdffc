/* SPDX-License-Identifier: Apache-2.0 */
/* Whether weights and gradients are finite; where they are not, the first tensor that is not has a name. */
#include <math.h>
#include <stdlib.h>

#include "policy/policy_internal.h"

struct search {
    const float *host; /* [P] */
    const char *what;
};

static enum mg_status
check_slice(void *arg, const struct mg_param_slice *s, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct search *at = arg;
    size_t n = s->rows * (s->cols > 0 ? s->cols : 1);

    for (size_t i = 0; i < n; i++)
        MG_REQUIRE(isfinite(at->host[s->offset + i]), MG_END, "the %s of %s is not finite: %g at element %zu of %zu",
                   at->what, s->name, (double)at->host[s->offset + i], i, n);
out:
    return st;
}

enum mg_status
mg_finite_check(struct mg_policy *p, struct clgrpo_tensor flat, const char *what, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    float *host = NULL;

    MG_ALLOC(host, p->params.elems);
    MG_TRY(mg_op_read(p, flat, host, err));
    MG_TRY(mg_params_each(&p->params, check_slice, &(struct search){host, what}, err));
out:
    free(host);
    return st;
}
