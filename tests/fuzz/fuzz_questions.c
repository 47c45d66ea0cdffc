/* SPDX-License-Identifier: Apache-2.0 */
#include "question/question_file.h"
#include "memory_file.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is a file of questions. Each one of an accepted file answers itself, and
 * the result that each of its steps expects is worth 0 or 1.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct mg_question_file *f, const struct mg_asked *q)
{
    struct mg_err err = {0};
    bool known, right;
    double expert;

    if (q->split >= MG_N_SPLITS || q->kind >= f->n_templates || mg_asked_correct(q, NULL, &right, &err) != MG_OK ||
        right)
        abort();
    if (mg_asked_correct(q, q->answer.text, &right, &err) != MG_OK)
        abort();
    for (uint32_t i = 0; i < q->n_steps; i++) {
        if (mg_expert_verdict(f, q->step[i].ask, q->step[i].answer.text, &known, &expert, &err) != MG_OK)
            abort();
        if (!known || (expert != 0.0 && expert != 1.0))
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_question_file f = {0};
    struct mg_err err = {0};
    const char *path = memory_file(data, size);
    enum mg_status st;

    st = mg_question_file_load(path, &f, &err);
    if (st != MG_OK && err.text[0] == '\0')
        abort();
    for (uint32_t i = 0; st == MG_OK && i < f.n; i++)
        ask(&f, &f.q[i]);
    mg_question_file_free(&f);
    return 0;
}
