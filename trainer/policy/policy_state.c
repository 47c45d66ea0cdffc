/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/hash.h"
#include "policy/policy_internal.h"
#include "policy/state_format.h"

static enum mg_status
gather_state(struct mg_policy *p, float *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;

    MG_TRY(mg_op_read(p, p->weights, host, err));
    MG_TRY(mg_op_read(p, p->m, host + n, err));
    MG_TRY(mg_op_read(p, p->v, host + 2 * n, err));
out:
    return st;
}

enum mg_status
mg_policy_save_state(struct mg_policy *p, const char *path, const char *extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    float *host = NULL;

    MG_REQUIRE(p->limits.train, MG_FAIL, "the policy was opened without optimiser state");
    MG_ALLOC(host, 3 * p->params.elems);
    MG_TRY(gather_state(p, host, err));
    MG_TRY(mg_state_write(path, p->params.elems, host, p->version, extra, err));
out:
    free(host);
    return st;
}

static enum mg_status
scatter_state(struct mg_policy *p, const float *host, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;

    MG_TRY(mg_op_write(p, p->weights, host, err));
    MG_TRY(mg_op_write(p, p->m, host + n, err));
    MG_TRY(mg_op_write(p, p->v, host + 2 * n, err));
    MG_TRY(mg_op_zero(p, p->grad, err));
    p->packed_fresh = false;
out:
    return st;
}

enum mg_status
mg_policy_load_state(struct mg_policy *p, const char *path, char **extra, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint64_t version;
    char *text = NULL;
    float *host = NULL;

    MG_REQUIRE(p->limits.train, MG_FAIL, "the policy was opened without optimiser state");
    MG_ALLOC(host, 3 * p->params.elems);
    MG_TRY(mg_state_read(path, p->params.elems, host, &version, &text, err));
    MG_TRY(scatter_state(p, host, err));
    p->version = version;
    *extra = text;
    text = NULL;
out:
    free(host);
    free(text);
    return st;
}

enum mg_status
mg_policy_digest(struct mg_policy *p, uint64_t *digest, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    size_t n = p->params.elems;
    float *host = NULL;

    MG_ALLOC(host, n);
    MG_TRY(mg_op_read(p, p->weights, host, err));
    *digest = mg_hash(host, n * sizeof *host);
out:
    free(host);
    return st;
}
