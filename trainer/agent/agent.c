/* SPDX-License-Identifier: Apache-2.0 */
#include "rollout/rollout_config.h"
#include "agent/agent_internal.h"
#include "agent/join.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "run/config.h"
#include "run/run_path.h"
#include "run/start.h"
#include "base/file.h"
#include "tokenizer/vocabulary.h"

enum { LOCK_SECONDS = 30 };

/* One process at a time is an agent: the one that has this file locked. The system takes the lock back when it ends,
 * however it ends. */
static enum mg_status
lock_agent(struct mg_agent *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path path = mg_agent_path(a->dir, MG_AGENT_LOCK);
    double start = mg_clock();

    a->lock = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    MG_REQUIRE(a->lock >= 0, mg_file_fault(errno), "%s: %s", path.text, strerror(errno));
    while (flock(a->lock, LOCK_EX | LOCK_NB) != 0) {
        MG_REQUIRE(errno == EWOULDBLOCK || errno == EINTR, MG_FAIL, "%s: %s", path.text, strerror(errno));
        MG_REQUIRE(mg_clock() - start < LOCK_SECONDS, MG_INPUT, "another %s agent works on %s", a->part->name, a->dir);
        MG_TRY(mg_stop_check(err));
        mg_sleep_ms(50.0);
    }
out:
    return st;
}

static enum mg_status
on_event(void *arg, struct mg_rollout *r, struct mg_err *err)
{
    struct mg_agent *a = arg;
    enum mg_status st = MG_OK;
    enum mg_rollout_state wanted = a->root ? MG_ROLLOUT_WAITING : MG_ROLLOUT_DONE;

    if (r->state == MG_ROLLOUT_DONE)
        MG_TRY(mg_agent_judge(a, r, err));
    if (r->state == wanted)
        MG_TRY(mg_pending_add(&a->pending, r, err));
out:
    return st;
}

static enum mg_status
open_policy(struct mg_agent *a, const struct mg_agent_config *c, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_policy_limits limits = {.device = c->device[0] != '\0' ? c->device : NULL,
                                      .slots = a->limits.slots,
                                      .context = a->limits.context,
                                      .max_tokens = c->max_tokens,
                                      .train = a->part->train};
    struct mg_rollouts_config rollouts = {.tok = a->tok,
                                          .tools = a->toolbox.tools,
                                          .part = mg_rollout_part_of(a->config, a->agent),
                                          .limits = a->limits,
                                          .seed = mg_agent_seed(a->config->seed, a->agent),
                                          .event = on_event,
                                          .arg = a};
    const struct mg_loss_params loss = mg_loss_params_of(a->config);
    const struct mg_sampling how[] = {mg_sampling_of(a->config, false), mg_sampling_of(a->config, true)};

    MG_TRY(mg_policy_open(c->model, &limits, &a->policy, err));
    MG_TRY(mg_vocabulary_check(mg_policy_config(a->policy)->vocab_size, c->model, a->tok, a->config->tokenizer, err));
    MG_TRY(mg_policy_prepare(a->policy, how, sizeof how / sizeof how[0], &loss, err));
    if (a->part->train)
        MG_TRY(mg_reference_open(a->config, c, &a->reference, err));
    if (a->reference != NULL)
        fprintf(stderr,
                "mgrpo agent: the first model is kept for kl_beta, in %s: %.1f MiB beside the policy's %.1f MiB\n",
                mg_storage_kinds[a->config->reference_type].name, (double)mg_policy_bytes(a->reference) / 0x1p20,
                (double)mg_policy_bytes(a->policy) / 0x1p20);
    rollouts.policy = a->policy;
    MG_TRY(mg_rollouts_create(&rollouts, &a->rollouts, err));
out:
    return st;
}

static enum mg_status
open_all(struct mg_agent *a, const char *run_dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_config *c = a->config;

    MG_TRY(mg_dir_make(a->dir, err));
    MG_TRY(lock_agent(a, err));
    MG_TRY(mg_join(c, run_dir, a->dir, "mgrpo agent", &a->store, err));
    MG_TRY(mg_store_hold(a->store, a->part->name, &a->first, err));
    MG_TRY(mg_tokenizer_load(c->tokenizer, &a->tok, err));
    if (mg_tokenizer_unicode(a->tok) != NULL)
        fprintf(stderr, "%s\n", mg_tokenizer_unicode(a->tok));
    MG_TRY(mg_question_file_load(c->questions, &a->questions, err));
    MG_TRY(mg_judging_open(c, &a->questions, &a->judging, err));
    if (a->part->tools.n > 0)
        MG_TRY(mg_toolbox_open(c, &a->part->tools, NULL, &a->toolbox, err));
    MG_TRY(open_policy(a, a->part, err));
out:
    return st;
}

enum mg_status
mg_agent_open(const struct mg_config *config, const char *run_dir, uint32_t agent, struct mg_agent **out,
              struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_agent *a = NULL;

    MG_ALLOC(a, 1);
    a->lock = -1;
    a->since = mg_clock();
    a->config = config;
    a->agent = agent;
    a->part = &config->agent[agent];
    a->root = agent == 0;
    a->plan = mg_config_plan(config);
    a->limits = mg_rollout_limits_of(config, agent);
    a->note.reward = a->note.held_out = (double)NAN;
    MG_STRDUP(a->dir, mg_run_agent_dir(run_dir, a->part->name).text);
    MG_TRY(open_all(a, run_dir, err));
    *out = a;
    a = NULL;
out:
    mg_agent_close(a);
    return st;
}

void
mg_agent_close(struct mg_agent *a)
{
    if (a == NULL)
        return;
    mg_judging_close(a->judging);
    mg_rollouts_destroy(a->rollouts);
    mg_policy_close(a->policy);
    mg_policy_close(a->reference);
    mg_question_file_free(&a->questions);
    mg_toolbox_close(&a->toolbox);
    mg_tokenizer_free(a->tok);
    mg_store_close(a->store);
    if (a->lock >= 0)
        close(a->lock);
    free(a->pending.r);
    free(a->known);
    free(a->dir);
    free(a);
}

/* Which stage of the curriculum a train step belongs to; a change is told once. */
static enum mg_status
find_stage(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    MG_TRY(mg_stage_find(a->config, mg_agent_path(a->dir, MG_AGENT_METRICS).text, w->phase.step, &w->stage, err));
    if (w->stage.begun == w->phase.step && w->stage.begun > 0)
        fprintf(stderr,
                "mgrpo agent: train step %u: the second stage begins: success was %.3f over the last %u steps\n",
                w->phase.step, w->stage.success, a->config->first_window);
out:
    return st;
}

static enum mg_status
choose_questions(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    const struct mg_config *c = a->config;
    bool train = w->phase.kind == MG_PHASE_TRAIN;
    enum mg_split split = MG_SPLIT_TRAIN;

    w->n_first = c->step_questions;
    w->n_questions = c->step_questions * (1 + c->dynamic_rounds);
    w->n_rollouts = train ? c->rollouts : 1;
    if (train) {
        MG_TRY(find_stage(a, w, err));
    } else {
        MG_TRY(mg_split_parse(c->eval_split, &split, err));
        w->n_first = w->n_questions = mg_question_most(&a->questions, split, c->eval_questions);
    }
    MG_ALLOC(w->question, w->n_questions);
    MG_TRY(mg_question_draw(&a->questions,
                            &(struct mg_draw){.split = split,
                                              .max_hops = train && w->stage.number == 1 ? c->first_hops : 0,
                                              .seed = c->seed,
                                              .stream = train ? w->phase.step : 0,
                                              .once = !train},
                            w->question, w->n_questions, err));
    MG_ALLOC(w->row, (size_t)w->n_questions * w->n_rollouts);
out:
    return st;
}

static enum mg_status
run_phase(struct mg_agent *a, uint32_t number, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_phase_work w = {.phase = mg_plan_phase(&a->plan, number)};
    struct mg_sampling how = mg_sampling_of(a->config, w.phase.greedy);
    struct mg_lesson lesson = {0};
    struct mg_tool_log *log = NULL;
    uint64_t tokens = mg_rollouts_tokens(a->rollouts);
    double start = mg_clock();

    MG_TRY(choose_questions(a, &w, err));
    MG_TRY(mg_tool_log_open(mg_tool_log_path(a->dir, number).text, &log, err));
    mg_rollouts_begin(a->rollouts, &how, log);
    mg_rollouts_leave_out(a->rollouts, w.phase.extra);
    a->pending.n = 0;
    a->question = w.question;
    MG_TRY(mg_agent_recall(a, &w, err));
    a->note.phase = number;
    a->note.training = false;
    a->note.total = w.n_first * w.n_rollouts;
    if (a->root)
        MG_TRY(mg_agent_rollouts_root(a, &w, err));
    else
        MG_TRY(mg_agent_rollouts_called(a, &w, err));
    mg_agent_tell_trouble(a, &w.phase);
    w.rollout_seconds = mg_clock() - start;
    w.tokens = mg_rollouts_tokens(a->rollouts) - tokens;
    a->note.training = true;
    MG_TRY(mg_agent_tell(a, true, err));
    MG_TRY(mg_agent_learn(a, &w, &lesson, err));
    mg_agent_tell_lesson(a, &w.phase, &lesson);
    MG_TRY(mg_agent_record(a, &w, &lesson, err));
    MG_TRY(mg_agent_checkpoint(a, &w.phase, err));
out:
    mg_tool_log_close(log);
    free(w.question);
    free(w.row);
    return st;
}

static enum mg_status
write_model(struct mg_agent *a, struct mg_err *err)
{
    enum mg_status st = mg_policy_save_model(a->policy, mg_agent_path(a->dir, MG_AGENT_MODEL).text, "f32", err);

    if (st != MG_OK)
        return st;
    return mg_file_copy(a->config->tokenizer, mg_agent_path(a->dir, MG_AGENT_TOKENIZER).text, 1 << 28, err);
}

/* The last file of a model to be written is the first to go: a run that was extended has its last model no more. */
static enum mg_status
remove_mark(struct mg_agent *a, struct mg_err *err)
{
    struct mg_path mark = mg_agent_path(a->dir, MG_AGENT_TOKENIZER);

    if (unlink(mark.text) != 0 && errno != ENOENT && errno != ENOTDIR)
        return mg_fail(err, MG_FAIL, "%s: %s", mark.text, strerror(errno));
    return MG_OK;
}

/* Which device the agent runs on, for people. */
static enum mg_status
record_start(struct mg_agent *a, uint32_t phase, struct mg_err *err)
{
    struct clgrpo_device_info d = CLGRPO_DEVICE_INFO_INIT;
    struct clgrpo_context *ctx = mg_policy_context(a->policy);
    bool known = ctx != NULL && clgrpo_device_info_get(ctx, &d) == CLGRPO_OK;

    return mg_start_record(mg_agent_path(a->dir, MG_AGENT_STARTS).text,
                           json_pack("{s:I, s:o, s:o, s:o}", "phase", (json_int_t)phase, "platform",
                                     mg_start_text(known ? d.platform : ""), "device",
                                     mg_start_text(known ? d.name : ""), "driver",
                                     mg_start_text(known ? d.driver : "")),
                           err);
}

enum mg_status
mg_agent_run(struct mg_agent *a, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    uint32_t next = 0, length = mg_plan_length(&a->plan);

    MG_TRY(mg_agent_restore(a, &next, err));
    if (a->first && next > 0) {
        st = mg_fail(err, MG_INPUT, "the store has never seen this agent, which has a state of phase %u", next);
        mg_hint(err, "It has lost the run, or is another one; begin the run again in another folder.");
        goto out;
    }
    MG_TRY(mg_agent_rewind(a, next, err));
    if (next < length) {
        MG_TRY(record_start(a, next, err));
        MG_TRY(remove_mark(a, err)); /* a model is that of the run's end, or no whole one */
    }
    for (; next < length; next++)
        MG_TRY(run_phase(a, next, err));
    MG_TRY(write_model(a, err));
    a->note.phase = length;
    MG_TRY(mg_agent_tell(a, true, err));
out:
    return st;
}
