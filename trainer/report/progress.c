/* SPDX-License-Identifier: Apache-2.0 */
#include "report/progress.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

enum { BAR = 24, LINE = 256 };

static const double learn_share = 1.0; /* cost of learning from a train step, relative to its rollouts */

void
mg_progress_init(struct mg_progress *p, FILE *out, bool terminal, const struct mg_plan *plan, double train_dialogues,
                 double eval_dialogues)
{
    *p = (struct mg_progress){.out = out,
                              .terminal = terminal,
                              .plan = *plan,
                              .train_work = train_dialogues * (1.0 + learn_share),
                              .eval_work = eval_dialogues,
                              .last_phase = UINT32_MAX};
}

static double
work_of(const struct mg_progress *p, uint32_t number)
{
    return mg_plan_phase(&p->plan, number).kind == MG_PHASE_TRAIN ? p->train_work : p->eval_work;
}

static double
work_done(const struct mg_progress *p, const struct mg_agent_note *n)
{
    double work = 0.0, part = n->total > 0 ? (double)n->done / (double)n->total : 0.0;
    uint32_t length = mg_plan_length(&p->plan);

    for (uint32_t i = 0; i < n->phase && i < length; i++)
        work += work_of(p, i);
    if (n->phase >= length)
        return work;
    if (mg_plan_phase(&p->plan, n->phase).kind == MG_PHASE_TRAIN)
        part /= 1.0 + learn_share;
    return work + part * work_of(p, n->phase);
}

static void
add_number(char line[LINE], const char *format, double value)
{
    size_t n = strlen(line);

    if (isnan(value))
        return;
    snprintf(line + n, LINE - n, format, value);
}

static void
add_rewards(char line[LINE], const struct mg_agent_note *const notes[], uint32_t n)
{
    bool any = false;

    for (uint32_t i = 0; i < n; i++)
        any |= notes[i] != NULL && !isnan(notes[i]->reward);
    for (uint32_t i = 0; any && i < n; i++) {
        double reward = notes[i] != NULL ? notes[i]->reward : (double)NAN;
        size_t end = strlen(line);

        snprintf(line + end, LINE - end, "%s%s", i == 0 ? "  reward " : "/", isnan(reward) ? "-" : "");
        add_number(line, "%.3f", reward);
    }
}

/* A figure of each agent: `what`, then the figures, with a dash for an agent that does not learn. */
static void
add_of_each(char line[LINE], const struct mg_progress *p, uint32_t n, const char *what, const char *format,
            double (*figure)(const struct mg_signal *s))
{
    for (uint32_t i = 0; i < n; i++) {
        bool learns = p->signal[i].steps > 0.0;
        size_t end = strlen(line);

        snprintf(line + end, LINE - end, "%s%s", i == 0 ? what : "/", learns ? "" : "-");
        if (learns)
            add_number(line, format, figure(&p->signal[i]));
    }
}

static double
equal(const struct mg_signal *s)
{
    return 100.0 * s->equal / (s->groups > 0.0 ? s->groups : 1.0);
}

static double
cut(const struct mg_signal *s)
{
    return s->cut_length + s->cut_context;
}

static double
texts_cut(const struct mg_signal *s)
{
    return s->texts_cut;
}

static double
taught(const struct mg_signal *s)
{
    return s->tokens;
}

/* What the last train step of each agent that learns had to teach. */
static void
add_signal(char line[LINE], const struct mg_progress *p, uint32_t n)
{
    bool any = false, any_text = false;

    for (uint32_t i = 0; i < n; i++) {
        any |= p->signal[i].steps > 0.0;
        any_text |= p->signal[i].texts_cut > 0.0;
    }
    if (!any)
        return;
    add_of_each(line, p, n, "  equal ", "%.0f%%", equal);
    add_of_each(line, p, n, "  cut ", "%.0f", cut);
    if (any_text)
        add_of_each(line, p, n, "  texts cut ", "%.0f", texts_cut);
    add_of_each(line, p, n, "  taught ", "%.0f", taught);
}

static void
add_time(char line[LINE], double seconds)
{
    size_t n = strlen(line);
    unsigned long s = (unsigned long)seconds;

    if (s >= 3600)
        snprintf(line + n, LINE - n, "  ETA %lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(line + n, LINE - n, "  ETA %lu:%02lu", s / 60, s % 60);
}

static void
update_rate(struct mg_progress *p, double now, double tokens)
{
    double passed = now - p->rate_time;

    if (passed < 1.0)
        return;
    if (p->rate_time > 0.0 && tokens >= p->rate_tokens)
        p->rate = 0.7 * p->rate + 0.3 * (tokens - p->rate_tokens) / passed;
    p->rate_time = now;
    p->rate_tokens = tokens;
}

static void
add_bar(char line[LINE], double share)
{
    size_t n = strlen(line);
    int full = (int)(share * BAR + 0.5);

    line[n++] = '[';
    for (int i = 0; i < BAR; i++)
        line[n++] = i < full ? '#' : '.';
    line[n++] = ']';
    line[n++] = ' ';
    line[n] = '\0';
}

static void
compose(const struct mg_progress *p, const struct mg_agent_note *const notes[], uint32_t n_notes, double share,
        double eta, char line[LINE])
{
    const struct mg_agent_note *m = notes[0];
    uint32_t length = mg_plan_length(&p->plan);
    struct mg_phase phase = mg_plan_phase(&p->plan, m->phase < length ? m->phase : length - 1);
    size_t n;

    line[0] = '\0';
    if (p->terminal)
        add_bar(line, share);
    n = strlen(line);
    snprintf(line + n, LINE - n, "%5.1f%%  step %u/%u %s", 100.0 * share, phase.step, p->plan.steps,
             m->phase < length ? mg_phase_name(&p->plan, &phase) : "done");
    add_rewards(line, notes, n_notes);
    add_signal(line, p, n_notes);
    add_number(line, "  held-out %.3f", m->held_out);
    add_number(line, "  %.0f tok/s", p->rate > 0.0 ? p->rate : (double)NAN);
    add_time(line, eta);
}

void
mg_progress_show(struct mg_progress *p, const struct mg_agent_note *const notes[], uint32_t n)
{
    const struct mg_agent_note *m = notes[0];
    double tokens = 0.0, total = 0.0, done = work_done(p, m), now = mg_clock(), eta, share;
    char line[LINE];

    for (uint32_t i = 0; i < mg_plan_length(&p->plan); i++)
        total += work_of(p, i);
    if (!p->looked) {
        p->start = now;
        p->start_work = done;
        p->looked = true;
    }
    share = total > 0.0 ? done / total : 1.0;
    eta = done > p->start_work ? (total - done) * (now - p->start) / (done - p->start_work) : 0.0;
    for (uint32_t i = 0; i < n; i++)
        tokens += notes[i] != NULL ? notes[i]->tokens : 0.0;
    update_rate(p, now, tokens);
    if (!p->terminal && m->phase == p->last_phase)
        return;
    p->last_phase = m->phase;
    compose(p, notes, n, share, eta, line);
    fprintf(p->out, p->terminal ? "\r%-140s" : "%s\n", line);
    fflush(p->out);
}

void
mg_progress_end(struct mg_progress *p)
{
    if (p->terminal && p->looked)
        fputc('\n', p->out);
}
