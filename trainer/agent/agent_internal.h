/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_AGENT_INTERNAL_H
#define MGRPO_AGENT_INTERNAL_H

#include "agent/agent.h"
#include "learn/learn.h"
#include "learn/reward.h"
#include "run/stage.h"
#include "rollout/judging.h"
#include "rollout/pending.h"
#include "rollout/rollout_config.h"
#include "run/best.h"
#include "question/question_file.h"
#include "store/store.h"
#include "base/clock.h"
#include "base/stop.h"

struct mg_agent {
    const struct mg_config *config;
    uint32_t agent; /* its number in the configuration; 0: the root */
    const struct mg_agent_config *part;
    char *dir; /* the agent's own folder */
    struct mg_plan plan;
    bool root;
    struct mg_rollout_limits limits;
    int lock; /* file descriptor; this process is the agent as long as it is open */
    struct mg_store *store;
    bool first; /* the store knew no holder of the role before */
    struct mg_tokenizer *tok;
    struct mg_toolbox toolbox;
    struct mg_question_file questions;
    struct mg_policy *policy, *reference; /* reference: of the KL term, or NULL */
    struct mg_rollouts *rollouts;
    struct mg_pending pending; /* subtasks to be asked (root), results to be handed in (others) */
    struct mg_judging *judging;
    const uint32_t *question; /* of the phase, as in its work */
    struct mg_known_verdict {
        struct mg_key key;
        struct mg_verdict verdict;
    } * known; /* [n_known] of the phase, which the store had before it */
    size_t n_known;
    uint32_t state;      /* the phase of the state that was loaded or written last, which is good */
    struct mg_best best; /* as of the last evaluation */
    bool knows_best;
    bool told_network; /* that judges have one */
    struct mg_agent_note note;
    double told;  /* when, by mg_clock */
    double since; /* when the last phase ended, or the agent was started */
};

/* What one phase is about, and what became of it. */
struct mg_phase_work {
    struct mg_phase phase;
    uint32_t *question; /* [n_questions] indices into the question file */
    uint32_t n_first;   /* questions that are asked in any case; those behind may replace them */
    uint32_t n_questions,
        n_rollouts;             /* all that are asked in the end, of a phase that runs at most; rollouts of each */
    struct mg_stage stage;      /* of a train step */
    struct mg_rollout_row *row; /* root: [n_questions * n_rollouts], what was handed in */
    double rollout_seconds;     /* from the start to the end of the rollouts */
    double wait_seconds;        /* of them, without anything to do */
    uint64_t tokens;            /* generated in the phase */
};

/* The rollouts of a phase, to their end: in the order of their keys afterwards. */
enum mg_status mg_agent_rollouts_root(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err);
enum mg_status mg_agent_rollouts_called(struct mg_agent *a, struct mg_phase_work *w, struct mg_err *err);
/* Before the rollouts of a phase: which verdicts the store has already. They are not asked for again, so that a run
 * that was killed goes on from what it was told first. */
enum mg_status mg_agent_recall(struct mg_agent *a, const struct mg_phase_work *w, struct mg_err *err);
/* The verdict on a dialogue that has ended, now or later. */
enum mg_status mg_agent_judge(struct mg_agent *a, struct mg_rollout *r, struct mg_err *err);
/* Nothing to do: waits a little, for verdicts or for other agents. */
enum { MG_AGENT_PAUSE_MS = 10 };
void mg_agent_wait(struct mg_agent *a, struct mg_pause *pause, struct mg_phase_work *w);
/* Says on standard error which tools, agents and judges failed in a phase. */
void mg_agent_tell_trouble(struct mg_agent *a, const struct mg_phase *phase);
/* Tells the store how far this agent is; unless `now`, a few times a second. */
enum mg_status mg_agent_tell(struct mg_agent *a, bool now, struct mg_err *err);

/* ---- Learning ---- */

enum { N_FAULTS = MG_FAULT_TURNS + 1, MAX_CALLS = 16 };

/* What an agent learnt from in one train step, and how it went. */
struct mg_lesson {
    uint32_t trajectories, unavailable; /* rolled out; without a reward */
    double reward, expert, format; /* means over those with a reward; expert over those with a verdict; NaN without */
    uint32_t verdicts;
    double part[MG_N_PARTS];          /* means of the reward's parts, over the same */
    double calls;                     /* mean per rollout of the root */
    uint32_t calls_of[MAX_CALLS + 1]; /* root: rollouts with so many subtasks; the last: or more */
    uint32_t left_out;                /* rollouts that did not call this agent: they are not in its groups */
    uint32_t fault[N_FAULTS];         /* trajectories that ended by each fault, or by none */
    uint32_t texts_cut;               /* texts that they read in part, for want of room in the context */
    double length;                    /* mean of their tokens; NaN without any */
    uint32_t longest;
    uint32_t groups, groups_without; /* that have a trajectory; in which none is better than another */
    double entropy;                  /* mean of -log p over all sampled tokens; NaN without any */
    struct mg_lesson_sums sums;
    double seconds;
};

/* The end of a phase: judges its rollouts and, in a train step, learns if the agent trains. */
enum mg_status mg_agent_learn(struct mg_agent *a, struct mg_phase_work *w, struct mg_lesson *l, struct mg_err *err);
/* Says on standard error where a train step had nothing to teach, and why. */
void mg_agent_tell_lesson(const struct mg_agent *a, const struct mg_phase *phase, const struct mg_lesson *l);
/* Writes metrics and times of a phase. */
enum mg_status mg_agent_record(struct mg_agent *a, const struct mg_phase_work *w, const struct mg_lesson *l,
                               struct mg_err *err);
/* Drops what was written down about this phase and later ones: the agent goes on from here. */
enum mg_status mg_agent_rewind(struct mg_agent *a, uint32_t phase, struct mg_err *err);

/* ---- State files ---- */

/* Loads the newest good state; *next is the phase to go on with, 0 without any. */
enum mg_status mg_agent_restore(struct mg_agent *a, uint32_t *next, struct mg_err *err);
/* Writes a state if it is time for one after this phase. */
enum mg_status mg_agent_checkpoint(struct mg_agent *a, const struct mg_phase *done, struct mg_err *err);

#endif
