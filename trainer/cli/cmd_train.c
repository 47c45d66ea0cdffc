/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/extend.h"
#include "agent/inputs.h"
#include "agent/join.h"
#include "base/doing.h"
#include "base/stop.h"
#include "cli/cmd.h"
#include "cli/profile.h"
#include "question/question_file.h"
#include "report/progress.h"
#include "report/report.h"
#include "run/metrics.h"
#include "run/run_dir.h"
#include "run/run_path.h"
#include "run/run_unused.h"
#include "run/start.h"
#include "agent/supervise.h"

enum { MAX_PATH = 4096 };

struct train_options {
    const char *conf, *dir;
    bool quiet, profile;
    int n_words;
    char **word;     /* [n_words] the command line behind "mgrpo" */
    uint32_t extend; /* train steps in all; 0: as many as the run has */
};

#define AT(member) .offset = offsetof(struct train_options, member)
static const struct mg_option option_rows[] = {
    MG_OPTION('r', "run", "DIR", "folder of the run (default run)", MG_OPTION_TEXT, AT(dir)),
    MG_OPTION('q', "quiet", NULL, "no progress", MG_OPTION_FLAG, AT(quiet)),
    MG_OPTION(0, "extend", "STEPS", "go on from the end of a run, to so many train steps in all", MG_OPTION_U32,
              AT(extend), .min = 1, .max = MG_MAX_STEPS),
    MG_OPTION(0, "profile", NULL, "measure where the time of all agents goes, train nothing", MG_OPTION_FLAG,
              AT(profile)),
    MG_OPTION_END,
};

static enum mg_status
take_arguments(void *options, int n, char **argument, struct mg_err *err)
{
    struct train_options *o = options;

    if (n != 1)
        return mg_fail(err, MG_INPUT, "need one configuration file, got %d", n);
    if (o->profile && o->extend > 0)
        return mg_fail(err, MG_INPUT, "--profile trains nothing, and --extend %u trains on: which of them?", o->extend);
    o->conf = argument[0];
    return MG_OK;
}

struct watched {
    struct mg_store *store;
    struct mg_agent_note note[MG_MAX_AGENTS];
    bool found[MG_MAX_AGENTS], quiet;
    const struct mg_config *config;
    const char *dir;
    uint32_t n;
    struct mg_progress progress;
};

/* What the last train step taught an agent, by its metrics, where they are on this host. */
static enum mg_status
read_signal(struct watched *w, uint32_t agent, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_path dir = mg_run_agent_dir(w->dir, w->config->agent[agent].name);
    json_t *line = NULL;

    MG_TRY(mg_metrics_last(mg_agent_path(dir.text, MG_AGENT_METRICS).text, "train", &line, err));
    w->progress.signal[agent] = (struct mg_signal){0};
    mg_signal_add(&w->progress.signal[agent], line);
out:
    json_decref(line);
    return st;
}

static enum mg_status
look(void *arg, bool *moved, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct watched *w = arg;
    struct mg_agent_note before[MG_MAX_AGENTS];
    const struct mg_agent_note *notes[MG_MAX_AGENTS];

    memcpy(before, w->note, sizeof before);
    for (uint32_t i = 0; i < w->n; i++) {
        MG_TRY(mg_store_note(w->store, w->config->agent[i].name, &w->note[i], &w->found[i], err));
        moved[i] = w->note[i].phase > before[i].phase || w->note[i].version > before[i].version;
        notes[i] = w->found[i] ? &w->note[i] : NULL;
        if (!w->quiet && w->found[i] && w->note[i].phase != before[i].phase)
            MG_TRY(read_signal(w, i, err));
    }
    if (w->found[0] && !w->quiet)
        mg_progress_show(&w->progress, notes, w->n);
out:
    return st;
}

/* How many questions an evaluation asks; says so where the split has fewer than are wanted. */
static enum mg_status
count_held_out(const struct mg_config *c, uint32_t *n, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_question_file questions = {0};
    enum mg_split split = MG_SPLIT_TEST;

    *n = c->eval_questions;
    if (*n == 0)
        return MG_OK;
    MG_TRY(mg_split_parse(c->eval_split, &split, err));
    MG_TRY(mg_question_file_load(c->questions, &questions, err));
    *n = mg_question_most(&questions, split, *n);
    MG_REQUIRE(*n > 0, MG_INPUT, "%s: none of the %u questions is of split %s, and eval_questions is %u", c->questions,
               questions.n, c->eval_split, c->eval_questions);
    if (*n < c->eval_questions)
        fprintf(stderr,
                "mgrpo train: eval_questions is %u, and split %s has %u: an evaluation asks each of them once\n",
                c->eval_questions, c->eval_split, *n);
out:
    mg_question_file_free(&questions);
    return st;
}

static void
say(void *arg, const char *sentence)
{
    const struct watched *w = arg;

    fprintf(stderr, "%smgrpo train: %s\n", w->progress.terminal && !w->quiet ? "\n" : "", sentence);
}

static void
init_watched(struct watched *w, const char *dir, const struct mg_config *c, uint32_t held_out, bool quiet)
{
    struct mg_plan plan = mg_config_plan(c);

    w->config = c;
    w->dir = dir;
    w->n = c->n_agents;
    w->quiet = quiet;
    mg_progress_init(&w->progress, stderr, isatty(STDERR_FILENO) != 0, &plan, (double)c->step_questions * c->rollouts,
                     held_out);
}

/* The agents are this program again, each with its own weights, optimiser and device. */
static enum mg_status
run_agents(const char *dir, struct watched *w, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_watch watch = {.look = look, .say = say, .arg = w, .every = 0.5};
    struct mg_child child[MG_MAX_AGENTS] = {{0}};
    struct mg_path log[MG_MAX_AGENTS];
    char exe[MAX_PATH], *argv[MG_MAX_AGENTS][5];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    MG_REQUIRE(n > 0, MG_FAIL, "the path of this program cannot be found");
    exe[n] = '\0';
    for (uint32_t i = 0; i < w->n; i++) {
        const char *name = w->config->agent[i].name;

        log[i] = mg_run_agent_log(dir, name);
        argv[i][0] = exe;
        argv[i][1] = (char *)"agent";
        argv[i][2] = (char *)name;
        argv[i][3] = (char *)dir;
        argv[i][4] = NULL;
        child[i] = (struct mg_child){.name = name, .argv = argv[i], .log = log[i].text};
    }
    MG_TRY(mg_supervise(child, w->n, &watch, err));
out:
    return st;
}

/* What a finished run leaves for people: summary.json, report.html, and the table on standard output. */
static enum mg_status
conclude(const char *dir, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct mg_report r;
    struct mg_path page = mg_run_path(dir, MG_RUN_REPORT);

    MG_TRY(mg_report_load(dir, &r, err));
    MG_TRY(mg_summary_write(dir, &r.summary, err));
    MG_TRY(mg_report_write(&r, page.text, err));
    mg_summary_print(stdout, &r.summary);
    printf("  report: %s\n", page.text);
out:
    mg_report_free(&r);
    return st;
}

static enum mg_status
record_start(const struct train_options *o, struct mg_err *err)
{
    json_t *words = json_array();

    for (int i = 0; i < o->n_words; i++)
        json_array_append_new(words, mg_start_text(o->word[i]));
    return mg_start_record(mg_run_path(o->dir, MG_RUN_STARTS).text, json_pack("{s:o}", "command", words), err);
}

/* A first start that failed binds the next one to nothing. */
static enum mg_status
begin(const struct train_options *o, struct mg_config *config, const struct mg_digests *inputs, struct mg_err *err)
{
    enum mg_status st = mg_run_begin(o->dir, o->conf, config, inputs, err);

    if (st != MG_INPUT || !mg_run_begun(o->dir) || !mg_run_unused(o->dir))
        return st;
    fprintf(stderr, "mgrpo train: %s\n  It had not ended its first phase, and begins again with this one.\n",
            err->text);
    mg_err_clear(err);
    MG_TRY(mg_run_forget(o->dir, err));
    MG_TRY(mg_run_begin(o->dir, o->conf, config, inputs, err));
out:
    return st;
}

static enum mg_status
train(const void *options, struct mg_err *err)
{
    const struct train_options *o = options;
    enum mg_status st = MG_OK;
    struct mg_config config = {0};
    struct watched w = {0};
    struct mg_digests inputs;
    int lock = -1;
    uint32_t held_out = 0;

    MG_TRY(mg_config_load(o->conf, &config, err));
    if (o->profile) {
        st = mg_profile_agents(&config, err);
        goto out;
    }
    MG_REQUIRE(o->extend == 0 || mg_run_begun(o->dir), MG_INPUT, "%s is no run that could be extended", o->dir);
    if (mg_run_begun(o->dir))
        MG_TRY(mg_run_lock(o->dir, &lock, err));
    for (uint32_t i = 0; i < config.n_agents; i++) {
        mg_doing("looking at what %s reads and runs", config.agent[i].name);
        MG_TRY(mg_inputs_check(&config, i, o->conf, err));
    }
    MG_TRY(count_held_out(&config, &held_out, err));
    MG_TRY(mg_digests_take(&config, MG_ALL_AGENTS, &inputs, err));
    if (lock < 0)
        MG_TRY(mg_run_lock(o->dir, &lock, err));
    MG_TRY(begin(o, &config, &inputs, err));
    if (o->extend > 0)
        MG_TRY(mg_extend(o->dir, &config, MG_ALL_AGENTS, o->extend, err));
    MG_TRY(mg_join(&config, o->dir, NULL, "mgrpo train", &w.store, err));
    if (o->extend > 0)
        MG_TRY(mg_run_record(o->dir, &config, err));
    MG_TRY(record_start(o, err));
    mg_doing_end(); /* the run has a line of its own */
    init_watched(&w, o->dir, &config, held_out, o->quiet);
    st = run_agents(o->dir, &w, err);
    mg_progress_end(&w.progress);
    MG_TRY(st);
    MG_TRY(conclude(o->dir, err));
out:
    if (st == MG_STOP)
        fprintf(stderr, "stopped; the same command goes on\n");
    mg_store_close(w.store);
    mg_config_free(&config);
    if (lock >= 0)
        close(lock);
    return st;
}

int
mg_cmd_train(int argc, char **argv)
{
    static const struct mg_command command = {
        .name = "train",
        .arguments = "[OPTION]... RUN.conf",
        .about = "Train a planner and the agents that it asks by M-GRPO, as RUN.conf says (mgrpo.conf(5)).\n"
                 "A run that was interrupted goes on where it was.\n",
        .options = option_rows,
        .take_arguments = take_arguments,
        .run = train,
        .stops = MG_STOP_OTHER_SECONDS,
    };
    struct train_options o = {.dir = "run", .n_words = argc, .word = argv};

    return mg_cmd_run(&command, &o, argc, argv);
}
