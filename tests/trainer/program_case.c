/* SPDX-License-Identifier: Apache-2.0 */
#include "program_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_policy.h"
#include "scratch.h"
#include "suite.h"

char dir[64];
struct mg_tokenizer *tok;
struct mg_processes *processes;
struct mg_tools *tools;
struct mg_tool_log *tool_log;
struct mg_policy *policy[2];
const struct mg_sampling sampled = {.temperature = 1.0f, .top_p = 1.0f};
const struct mg_rollout_limits limits = {5, 24, 400, 16};

static const char *const calc[] = {"calc"};
static const struct mg_rollout_part counter = {"roles", true, NULL, calc, 0, 1};

void
setup(void)
{
    struct mg_policy_limits l = {.slots = 64, .context = 1024, .max_tokens = 4096};

    scratch_make(dir);
    mg_ok(mg_fake_tokenizer(&tok, &err));
    mg_ok(mg_processes_create(4, &processes, &err));
    for (int i = 0; i < 2; i++)
        mg_ok(mg_policy_open(dir, &l, &policy[i], &err));
}

void
teardown(void)
{
    mg_processes_destroy(processes);
    mg_tools_close(tools);
    mg_tool_log_close(tool_log);
    for (int i = 0; i < 2; i++)
        mg_policy_close(policy[i]);
    mg_tokenizer_free(tok);
    scratch_remove(dir);
}

void
use(const char *name, const char *script, double seconds)
{
    const char *command[] = {"/bin/sh", "-c", script, NULL};
    struct mg_tool_spec spec = {
        .name = name,
        .kind = "exec",
        .command = command,
        .folder = dir,
        .limits = {.seconds = seconds, .memory = 512, .files = 32, .processes = 16, .file_size = 1, .output = 48}};

    mg_tools_close(tools);
    mg_ok(mg_tools_open(&spec, 1, processes, &tools, &err));
}

static enum mg_status
count_end(void *arg, struct mg_rollout *r, struct mg_err *e)
{
    (void)e;
    *(unsigned *)arg += r->state == MG_ROLLOUT_DONE;
    return MG_OK;
}

struct mg_rollouts *
new_rollouts(uint32_t slots, unsigned *ended)
{
    struct mg_rollouts_config c = {.policy = policy[0],
                                   .tok = tok,
                                   .part = counter,
                                   .tools = tools,
                                   .limits = limits,
                                   .seed = 5,
                                   .event = count_end,
                                   .arg = ended};
    struct mg_rollouts *b = NULL;

    c.limits.slots = slots;
    mg_ok(mg_rollouts_create(&c, &b, &err));
    return b;
}

void
add_all(struct mg_rollouts *b)
{
    mg_rollouts_begin(b, &sampled, tool_log);
    for (uint32_t i = 0; i < N; i++) {
        struct mg_key key = {.phase = 1, .question = i / K, .rollout = i % K};
        char text[64];

        snprintf(text, sizeof text, "What is %u plus %u and so on?", i / K, 7 * (i / K));
        mg_ok(mg_rollouts_add(b, &key, "q1", text, &err));
    }
}

void
run(struct mg_rollouts *b)
{
    bool busy = true;

    add_all(b);
    while (busy)
        mg_ok(mg_rollouts_tick(b, &busy, &err));
    ck_assert_uint_eq(mg_rollouts_done(b), N);
}

void
expect_same(struct mg_rollouts *a, struct mg_rollouts *b)
{
    ck_assert_uint_eq(mg_rollouts_count(a), mg_rollouts_count(b));
    for (size_t i = 0; i < mg_rollouts_count(a); i++) {
        const struct mg_rollout *x = mg_rollouts_get(a, i), *y = mg_rollouts_get(b, i);

        ck_assert_mem_eq(&x->t.key, &y->t.key, sizeof x->t.key);
        ck_assert_uint_eq(x->t.len, y->t.len);
        ck_assert_mem_eq(x->t.ids, y->t.ids, x->t.len * sizeof *x->t.ids);
        ck_assert_mem_eq(x->t.mask, y->t.mask, x->t.len);
        ck_assert_mem_eq(x->t.logprob, y->t.logprob, x->t.len * sizeof *x->t.logprob);
        ck_assert_int_eq(x->fault, y->fault);
        ck_assert_uint_eq(x->calls, y->calls);
    }
}
