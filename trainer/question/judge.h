/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_JUDGE_H
#define MGRPO_JUDGE_H

#include "base/process.h"
#include "question/question_file.h"
#include "question/verdict.h"

/*
 * Who says how right an answer to a question is, or the result of a subtask (mgrpo-judge(7)).
 *
 * SCORER  compares with the reference answer of the question, or of the step that asks for the subtask: 0 or 1. A result
 *         is UNKNOWN if no step asks for its subtask.
 * EXEC    a program: a JSON object on standard input, a number from 0 to 1 or null (UNKNOWN) on standard output. If it
 *         crashes, is too slow or says anything else it is asked again, `retries` times, then the verdict is UNAVAILABLE.
 *         Where there is no answer there is nothing to ask: that is a VALUE of 0.
 * NONE    UNKNOWN, always.
 */
enum mg_judge_kind { MG_JUDGE_SCORER, MG_JUDGE_EXEC, MG_JUDGE_NONE };
struct mg_judge_spec {
    const char *name; /* in sentences and in what a program is given */
    enum mg_judge_kind kind;
    const char *const *command; /* EXEC: NULL-terminated */
    const char *folder;         /* EXEC: its working directory */
    struct mg_process_limits limits;
    uint32_t retries;
};
struct mg_judge;

/* All that is pointed to outlives the judge; only EXEC needs `processes`. */
enum mg_status mg_judge_create(const struct mg_judge_spec *spec, const struct mg_question_file *questions,
                               struct mg_processes *processes, struct mg_judge **out, struct mg_err *err);
/* Once its processes are destroyed; their requests are dropped. Accepts NULL. */
void mg_judge_destroy(struct mg_judge *j);

/* Called once, from within the asking or while the processes are polled. `reason`: why a verdict is UNAVAILABLE, one
 * sentence of valid UTF-8, else "". */
typedef void mg_judge_done(void *arg, const struct mg_verdict *v, const char *reason);
/* Asks for the verdict on the answer to a question, or on the result of a subtask; NULL: there is none. */
enum mg_status mg_judge_answer(struct mg_judge *j, const struct mg_asked *q, const char *answer, mg_judge_done *done,
                               void *arg, struct mg_err *err);
enum mg_status mg_judge_result(struct mg_judge *j, const char *subtask, const char *result, mg_judge_done *done,
                               void *arg, struct mg_err *err);

/* Whether a program had the network although its limits say that it may not: the system does not let it be turned
 * off. */
bool mg_judge_networked(const struct mg_judge *j);

/* What a program said: `n` bytes. Why they are no verdict, or NULL if they are one. */
const char *mg_verdict_parse(const char *text, size_t n, struct mg_verdict *out);

#endif
