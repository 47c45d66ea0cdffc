/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_internal.h"

#include <math.h>
#include <stdlib.h>

#include "policy/policy_files.h"

static enum mg_status
check_limits(const struct mg_policy_limits *l, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_REQUIRE(l->context >= 2, MG_INPUT, "a context of %u tokens, need 2 or more", l->context);
    MG_REQUIRE(l->max_tokens >= l->context, MG_INPUT, "max_tokens is %u, less than one sequence of %u", l->max_tokens,
               l->context);
    MG_REQUIRE(l->storage == CLGRPO_F32 || (!l->train && l->slots == 0), MG_FAIL,
               "a policy that samples or trains has f32 weights");
out:
    return st;
}

/* A device that somebody named and that is not there is a wrong name; wrong are settings in the environment, too. That
 * there is none at all does not change by another try. */
static enum mg_status
open_device(struct mg_policy *p, const char *selector, struct mg_err *err)
{
    struct clgrpo_context_config config = CLGRPO_CONTEXT_CONFIG_INIT;
    char sentence[512] = "";
    enum clgrpo_status rc;
    const char *named = selector != NULL ? selector : getenv("CLGRPO_DEVICE");
    bool misnamed, input;

    config.queue_properties = p->limits.profile ? CL_QUEUE_PROFILING_ENABLE : 0;
    rc = clgrpo_context_open(selector, &config, &p->ctx, sentence, sizeof sentence);
    misnamed = rc == CLGRPO_E_DEVICE && named != NULL && named[0] != '\0';
    input = misnamed || rc == CLGRPO_E_VALUE || rc == CLGRPO_E_TUNING;

    if (rc == CLGRPO_OK)
        return MG_OK;
    mg_fail(err, input ? MG_INPUT : rc == CLGRPO_E_DEVICE ? MG_END : MG_FAIL, "%s", sentence);
    if (misnamed)
        mg_hint(err, "clgrpo-info lists the devices; clgrpo_context(3) says how one is named.");
    return err->status;
}

enum mg_status
mg_policy_try(const struct mg_policy_limits *limits, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_policy p = {.limits = *limits};

    MG_TRY(check_limits(limits, err));
    MG_TRY(open_device(&p, limits->device, err));
out:
    clgrpo_context_destroy(p.ctx);
    return st;
}

enum mg_status
mg_policy_init(const struct mg_model_config *config, uint64_t seed, const struct mg_policy_limits *limits,
               struct mg_policy **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_policy *p = NULL;
    float *host = NULL;

    MG_TRY(check_limits(limits, err));
    MG_ALLOC(p, 1);
    p->config = *config;
    p->limits = *limits;
    MG_TRY(mg_params_layout(config, &p->params, err));
    p->attention_scale = (float)(1.0 / sqrt((double)p->params.dims.D));
    MG_TRY(open_device(p, limits->device, err));
    p->queue = clgrpo_context_queue(p->ctx);
    MG_TRY(mg_buffers_create(p, err));
    MG_ALLOC(host, p->params.elems);
    mg_params_draw(&p->params, seed, host);
    MG_TRY(mg_weights_write(p, host, err));
    *out = p;
    p = NULL;
out:
    free(host);
    mg_policy_close(p);
    return st;
}

enum mg_status
mg_policy_open(const char *dir, const struct mg_policy_limits *limits, struct mg_policy **out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_model_config config;
    struct mg_policy *p = NULL;

    MG_TRY(mg_model_config_load(dir, &config, err));
    MG_TRY(mg_policy_init(&config, 0, limits, &p, err));
    MG_TRY(mg_policy_read_weights(p, dir, err));
    *out = p;
    p = NULL;
out:
    mg_policy_close(p);
    return st;
}

void
mg_policy_close(struct mg_policy *p)
{
    if (p == NULL)
        return;
    if (p->ctx != NULL)
        mg_buffers_destroy(p);
    clgrpo_context_destroy(p->ctx);
    mg_params_free(&p->params);
    free(p);
}

const struct mg_model_config *
mg_policy_config(const struct mg_policy *p)
{
    return &p->config;
}

struct clgrpo_context *
mg_policy_context(struct mg_policy *p)
{
    return p->ctx;
}

uint64_t
mg_policy_version(const struct mg_policy *p)
{
    return p->version;
}

/* The norm of a flat vector, and what max_norm makes of it, in p->norm_out. */
static enum mg_status
take_norm(struct mg_policy *p, struct clgrpo_tensor flat, float max_norm, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_global_norm_args norm = CLGRPO_GLOBAL_NORM_ARGS_INIT;

    norm.grad = flat;
    norm.out = p->norm_out;
    norm.max_norm = max_norm;
    MG_RUN_WITH_WORKSPACE(clgrpo_global_norm, clgrpo_global_norm_workspace, norm);
out:
    return st;
}

/* A norm that is not finite is searched for the tensor that made it so; finite elements may have one, too. */
static enum mg_status
check_norm(struct mg_policy *p, struct clgrpo_tensor flat, const char *what, double *norm, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    float out_host[2];

    MG_TRY(mg_op_read(p, p->norm_out, out_host, err));
    *norm = (double)out_host[0];
    if (isfinite(*norm))
        goto out;
    MG_TRY(mg_finite_check(p, flat, what, err));
    st = mg_fail(err, MG_END, "the norm of all %ss is not finite, though each is", what);
out:
    return st;
}

enum mg_status
mg_policy_step(struct mg_policy *p, const struct mg_adam *adam, double *grad_norm, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct clgrpo_adamw_args step = CLGRPO_ADAMW_ARGS_INIT;
    double weight_norm = 0.0;

    MG_TRY(take_norm(p, p->grad, adam->max_norm, err));
    MG_TRY(check_norm(p, p->grad, "gradient", grad_norm, err));
    step.grad = p->grad;
    step.param = p->weights;
    step.m = p->m;
    step.v = p->v;
    step.scale = mg_vector(&p->norm_out, 1, 1);
    step.lr = adam->lr;
    step.beta1 = adam->beta1;
    step.beta2 = adam->beta2;
    step.eps = adam->eps;
    step.weight_decay = adam->weight_decay;
    step.decay_elems = p->params.decay_elems;
    step.step = p->version + 1;
    MG_RUN(clgrpo_adamw, step);
    p->version++;
    p->packed_fresh = false;
    MG_TRY(mg_op_zero(p, p->grad, err));
    MG_TRY(take_norm(p, p->weights, 0.0f, err));
    MG_TRY(check_norm(p, p->weights, "parameter", &weight_norm, err));
out:
    return st;
}
