/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_policy.h"
#include "base/file.h"
#include "run/metrics.h"
#include "dialogue/rollout_log.h"
#include "run/run_dir.h"
#include "suite.h"

enum { MAX_IDS = 512, UNKNOWN = 1 /* in a text: a token that the tokenizer lacks */ };

static const char conf_text[] =
    "corpus = c.db\nquestions = q.jsonl\ntokenizer = tokenizer.json\n"
    "agent main {\n model = \"a<b>&model\"\n calls = {search}\n}\nagent search {\n model = s\n}\n";
static const char *const sides[] = {"main", "search"};

static const char *where; /* the folder that is being written */

void
fake_run_path(char *path, size_t room, const char *folder, const char *side, const char *name)
{
    snprintf(path, room, "%s/run/%s/%s", folder, side, name);
}

struct turn {
    enum mg_role role;
    const char *text;
};

static void
add_row(struct mg_rollout_log *log, uint32_t question, uint32_t call, float reward, const struct turn *turn, int n)
{
    static int32_t ids[MAX_IDS];
    static uint8_t mask[MAX_IDS];
    static float logprob[MAX_IDS];
    struct mg_trajectory row = {.key = {.question = question, .call = call},
                                .ids = ids,
                                .mask = mask,
                                .logprob = logprob,
                                .weight = 1.0f,
                                .reward = reward};

    ids[row.len++] = MG_FAKE_BOS;
    for (int t = 0; t < n; t++) {
        ids[row.len++] = MG_FAKE_ROLE + (int32_t)turn[t].role;
        for (const char *at = turn[t].text; *at != '\0'; at++)
            ids[row.len++] = *at == UNKNOWN ? MG_FAKE_VOCAB : MG_FAKE_BYTE + (unsigned char)*at;
        ids[row.len++] = MG_FAKE_END;
    }
    ck_assert_msg(mg_rollout_log_add(log, &row, &err) == MG_OK, "%s", err.text);
}

/* Question 0 is right before and after; question 1 is learnt, with one subtask. */
static void
write_evening(const char *side, uint32_t phase, bool after)
{
    static const struct turn known[] = {{MG_ROLE_USER, "Known?"}, {MG_ROLE_ANSWER, "yes\1"}};
    static const struct turn guess[] = {{MG_ROLE_USER, "Who <b>won</b> & \"why\"?"}, {MG_ROLE_ANSWER, "a guess"}};
    static const struct turn asked[] = {{MG_ROLE_USER, "Who <b>won</b> & \"why\"?"},
                                        {MG_ROLE_SUB, "Look it up"},
                                        {MG_ROLE_RESULT, "Ada"},
                                        {MG_ROLE_ANSWER, "Ada"}};
    static const struct turn looked[] = {
        {MG_ROLE_TASK, "Look it up"}, {MG_ROLE_SEARCH, "who won"}, {MG_ROLE_PAGE, "Ada\nwon"}, {MG_ROLE_ANSWER, "Ada"}};
    struct mg_rollout_log *log = NULL;
    char name[64], path[256];

    snprintf(name, sizeof name, "rollouts/%06u.jsonl.gz", phase);
    fake_run_path(path, sizeof path, where, side, name);
    ck_assert_msg(mg_rollout_log_create(path, &log, &err) == MG_OK, "%s", err.text);
    if (strcmp(side, "main") == 0) {
        add_row(log, 0, 0, 1.0f, known, 2);
        add_row(log, 1, 0, after ? 1.0f : 0.1f, after ? asked : guess, after ? 4 : 2);
    } else if (after)
        add_row(log, 1, 0, 1.0f, looked, 4);
    ck_assert_msg(mg_rollout_log_commit(log, &err) == MG_OK, "%s", err.text);
}

static void
add_line(const char *side, const char *file, json_t *line)
{
    char path[256];

    fake_run_path(path, sizeof path, where, side, file);
    ck_assert_msg(mg_metrics_append(path, line, &err) == MG_OK, "%s", err.text);
}

static void
write_evaluation(const char *side, int phase, const char *name, double success)
{
    add_line(side, "metrics.jsonl",
             json_pack("{s:i, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:i}", "phase", phase, "name", name, "step",
                       phase == 0 ? 0 : FAKE_RUN_STEPS, "trajectories", 40, "success", success, "lo", success - 0.125,
                       "hi", success + 0.125, "calls", 1.5, "expert", success, "verdicts", 10));
    write_evening(side, (uint32_t)phase, phase > 0);
}

static void
write_side(const char *side)
{
    char path[256];

    fake_run_path(path, sizeof path, where, side, "rollouts");
    ck_assert_msg(mg_dir_make(path, &err) == MG_OK, "%s", err.text);
    write_evaluation(side, 0, "before", 0.25);
    for (int i = 0; i < FAKE_RUN_STEPS; i++) {
        add_line(side, "metrics.jsonl",
                 json_pack("{s:i, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:i}", "phase", i + 1, "name", "train",
                           "step", i, "trajectories", 128, "reward", 0.125 * i, "success", 0.125 * i, "calls", 2.0,
                           "ratio_min", 1.0, "ratio_max", 1.0, "entropy", 0.5 - 0.0625 * i, "tokens_generated", 1000));
        add_line(side, "timing.jsonl",
                 json_pack("{s:i, s:s, s:i, s:f, s:f, s:f}", "phase", i + 1, "name", "train", "step", i, "rollout", 2.0,
                           "wait", 0.5, "learn", 3.0));
    }
    write_evaluation(side, FAKE_RUN_STEPS + 1, "after", 0.75);
}

void
fake_run_write(const char *folder)
{
    struct mg_config c = {0};
    char path[256], run[256], *tokenizer = mg_fake_tokenizer_json();

    where = folder;
    mg_err_clear(&err);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    ck_assert_int_eq(mg_file_write_atomic(path, tokenizer, strlen(tokenizer), &err), MG_OK);
    snprintf(path, sizeof path, "%s/run.conf", folder);
    ck_assert_int_eq(mg_file_write_atomic(path, conf_text, strlen(conf_text), &err), MG_OK);
    ck_assert_msg(mg_config_load(path, &c, &err) == MG_OK, "%s", err.text);
    snprintf(run, sizeof run, "%s/run", folder);
    ck_assert_msg(mg_run_begin(run, path, &c, &(struct mg_digests){.n = 0}, &err) == MG_OK, "%s", err.text);
    for (int s = 0; s < 2; s++)
        write_side(sides[s]);
    mg_config_free(&c);
    free(tokenizer);
}

void
fake_run_remove(const char *folder)
{
    static const char *const names[] = {
        "rollouts/000000.jsonl.gz", "rollouts/000006.jsonl.gz", "rollouts", "metrics.jsonl", "timing.jsonl", ""};
    static const char *const others[] = {
        "run/mgrpo.conf", "run/run.json", "run/report.html", "run", "run.conf", "tokenizer.json", ""};
    char path[256];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int s = 0; s < 2; s++) {
            fake_run_path(path, sizeof path, folder, sides[s], names[i]);
            remove(path);
        }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, others[i]);
        remove(path);
    }
    ck_assert_msg(access(folder, F_OK) != 0, "%s holds more than a run", folder);
}
