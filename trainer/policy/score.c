/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/batch.h"

static enum mg_status
score_argmax(struct mg_policy *p, const struct mg_batch *b, int32_t *out, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_sampling greedy = {.top_p = 1.0f};

    for (size_t at = 0; at < b->n_rows; at += p->sample_rows) {
        size_t n = b->n_rows - at < p->sample_rows ? b->n_rows - at : p->sample_rows;
        struct clgrpo_tensor hidden = mg_rows(&p->hidden, n);

        hidden.offset += at * hidden.stride[0];
        MG_TRY(mg_op_zero(p, mg_rows(&p->keys, n), err));
        MG_TRY(mg_op_draw(p, hidden, &greedy, false, err));
        MG_TRY(mg_op_read(p, mg_vector(&p->drawn, 0, n), out + at, err));
    }
out:
    return st;
}

enum mg_status
mg_policy_score(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature, float **logprob,
                int32_t **argmax, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_packed_rows k = {0};
    struct mg_prefix_plan plan = {0};

    MG_TRY(mg_packed_alloc(&k, p->rows, err));
    MG_TRY(mg_prefix_plan_make(rows, n_rows, true, p->rows, p->limits.context, &plan, err));
    for (size_t next = 0; next < plan.n_groups;) {
        size_t first = next;

        mg_pack(&k, &plan, &next);
        MG_TRY(mg_packed_upload(p, &k, err));
        MG_TRY(mg_forward(p, &k.batch, err));
        MG_TRY(mg_head_forward(p, &k.batch, temperature, err));
        MG_TRY(mg_op_read(p, mg_line(&p->head_out, MG_OUT_LOGPROB, k.batch.n_rows), k.out, err));
        if (logprob != NULL)
            for (size_t g = first, at = 0; g < next; at += plan.fed[plan.order[g++]])
                memcpy(logprob[plan.order[g]] + 1, k.out + at, plan.fed[plan.order[g]] * sizeof *k.out);
        if (argmax == NULL)
            continue;
        MG_TRY(score_argmax(p, &k.batch, k.ints, err));
        for (size_t g = first, at = 0; g < next; at += plan.fed[plan.order[g++]])
            memcpy(argmax[plan.order[g]] + 1, k.ints + at, plan.fed[plan.order[g]] * sizeof *k.ints);
    }
out:
    mg_prefix_plan_free(&plan);
    mg_packed_free(&k);
    return st;
}

enum mg_status
mg_policy_logprobs(struct mg_policy *p, const struct mg_train_row *rows, size_t n_rows, float temperature,
                   float **logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_packed_rows k = {0};
    struct mg_prefix_plan plan = {0};

    MG_TRY(mg_packed_alloc(&k, p->rows, err));
    MG_TRY(mg_prefix_plan_make(rows, n_rows, false, p->rows, p->limits.context, &plan, err));
    for (size_t next = 0, r = 0; next < plan.n_groups;) {
        size_t end, at = 0;

        mg_pack(&k, &plan, &next);
        MG_TRY(mg_packed_upload(p, &k, err));
        MG_TRY(mg_forward(p, &k.batch, err));
        MG_TRY(mg_head_forward(p, &k.batch, temperature, err));
        MG_TRY(mg_op_read(p, mg_line(&p->head_out, MG_OUT_LOGPROB, k.batch.n_rows), k.out, err));
        for (end = plan.group[next - 1].first + plan.group[next - 1].n; r < end; r++) {
            const size_t row = plan.order[r];

            for (size_t i = 1; i <= plan.fed[row]; i++)
                if (mg_prefix_plan_wants(&plan, &rows[row], i))
                    logprob[row][i] = k.out[at++];
        }
    }
out:
    mg_prefix_plan_free(&plan);
    mg_packed_free(&k);
    return st;
}
