/* SPDX-License-Identifier: Apache-2.0 */
#include "run/repeatable.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/run_path.h"

static bool
is_there(struct mg_path path)
{
    return access(path.text, F_OK) == 0;
}

/* Neighbouring train steps, as a list has them: "3", "0 to 9". */
struct stretch {
    bool any;
    uint32_t first, last;
};

static void
stretch_add(struct stretch *s, uint32_t step)
{
    s->first = s->any ? s->first : step;
    s->last = step;
    s->any = true;
}

static void
stretch_print(const struct stretch *s, char *text, size_t room)
{
    if (s->first == s->last)
        snprintf(text, room, "%u", s->first);
    else
        snprintf(text, room, "%u to %u", s->first, s->last);
}

/* The first train steps between `state` and `phase` that have no trajectories. */
static struct stretch
find_gap(const char *dir, const struct mg_plan *plan, uint32_t state, uint32_t phase)
{
    struct stretch gap = {.any = false};

    for (uint32_t number = state; number <= phase; number++) {
        struct mg_phase one = mg_plan_phase(plan, number);

        if (one.kind != MG_PHASE_TRAIN)
            continue;
        if (!is_there(mg_rollouts_path(dir, number)))
            stretch_add(&gap, one.step);
        else if (gap.any)
            break;
    }
    return gap;
}

/* ---- What can be repeated instead ---- */

enum { LISTED = 160 }; /* bytes of the list; a run has few stretches of steps, since it has few states */

static void
list_add(char list[LISTED], const struct stretch *s)
{
    size_t n = strlen(list);

    n += (size_t)snprintf(list + n, LISTED - n, "%s", n > 0 ? ", " : "");
    if (n < LISTED)
        stretch_print(s, list + n, LISTED - n);
}

/* The steps whose weights can be had: behind a state, or the first model, with all trajectories in between. States
 * between `state` and `phase` are damaged, or repeating would begin with them. */
static void
list_steps(const char *dir, const struct mg_plan *plan, uint32_t state, uint32_t phase, char list[LISTED])
{
    struct stretch can = {.any = false};
    bool weights = true;
    uint32_t length = mg_plan_length(plan);

    list[0] = '\0';
    for (uint32_t number = 0; number < length; number++) {
        struct mg_phase one = mg_plan_phase(plan, number);

        weights |= (number <= state || number > phase) && is_there(mg_state_path(dir, number));
        if (one.kind != MG_PHASE_TRAIN)
            continue;
        weights &= is_there(mg_rollouts_path(dir, number));
        if (weights) {
            stretch_add(&can, one.step);
        } else if (can.any) {
            list_add(list, &can);
            can.any = false;
        }
    }
    if (can.any)
        list_add(list, &can);
}

enum mg_status
mg_repeatable_check(const char *agent_dir, const struct mg_plan *plan, uint32_t keep, uint32_t state, uint32_t phase,
                    struct mg_err *err)
{
    struct stretch gap = find_gap(agent_dir, plan, state, phase);
    char from[64] = "the model that the run began with", gone[32], why[64] = "", list[LISTED];

    if (!gap.any)
        return MG_OK;
    if (state > 0)
        snprintf(from, sizeof from, "the state of step %u", mg_plan_phase(plan, state).step);
    if (keep > 0)
        snprintf(why, sizeof why, ": the run keeps those of its newest %u (keep_rollouts)", keep);
    stretch_print(&gap, gone, sizeof gone);
    mg_fail(err, MG_INPUT,
            "step %u cannot be repeated: it takes all rollouts from %s on, and those of step%s %s are gone%s",
            mg_plan_phase(plan, phase).step, from, gap.first < gap.last ? "s" : "", gone, why);
    list_steps(agent_dir, plan, state, phase, list);
    if (list[0] != '\0')
        mg_hint(err, "Steps that can be repeated: %s.", list);
    else
        mg_hint(err, "No step of this run can be repeated. Of one with keep_rollouts = 0 every step can.");
    return MG_INPUT;
}
