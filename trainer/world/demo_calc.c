/* SPDX-License-Identifier: Apache-2.0 */
/* Demonstrations of the agent calc: it is asked for a difference, and has a tool that evaluates expressions. */
#include "world/demo_internal.h"

/* What a noisy agent does; GOOD is the likeliest. */
enum habit {
    GOOD,   /* hands the right expression to its tool and answers with what comes back */
    TURNED, /* hands over the operands the wrong way round */
    HEAD,   /* answers without the tool, wrongly */
    ECHO    /* answers with one of the numbers */
};
static const double p_habit[] = {0.45, 0.20, 0.20, 0.15};
static const double p_main_form = 0.8; /* of subtasks put in the planner's own form */

static void
use_tool(struct mg_demo_stream *s, const char *left, const char *right)
{
    struct mg_text *turn = mg_demo_begin_turn(s, MG_ROLE_SUB, true);

    mg_text_addf(turn, "%s - %s", left, right);
    mg_text_clear(&s->scratch);
    mg_number_text(mg_number(left) - mg_number(right), &s->scratch);
    mg_demo_say(s, MG_ROLE_RESULT, false, mg_text_str(&s->scratch));
    mg_demo_say(s, MG_ROLE_ANSWER, true, mg_text_str(&s->scratch));
}

void
mg_demo_calc(struct mg_demo_stream *s, uint32_t item, bool *made)
{
    const struct mg_question *q = &s->qs.q[s->difference[item]];
    const char *less, *more;
    unsigned form = 0;
    enum habit habit;

    mg_subst_clear(&s->subst);
    if (s->options.kind != MG_DEMO_GOLD)
        mg_demo_substitute(s, q);
    *made = mg_demo_difference(s, q, &less, &more);
    if (!*made)
        return;
    if (s->options.split == MG_CLASS_TRAIN && !mg_demo_chance(s, p_main_form))
        form = 1 + mg_rng_below(&s->rng, MG_ASK_FORMS - 1);
    mg_difference_text(form, less, more, mg_demo_begin_turn(s, MG_ROLE_TASK, false));
    habit = (enum habit)mg_demo_habit(s, p_habit, sizeof p_habit / sizeof p_habit[0]);
    if (habit == GOOD || habit == TURNED) {
        use_tool(s, habit == GOOD ? more : less, habit == GOOD ? less : more);
    } else if (habit == HEAD) {
        mg_demo_misreckon(s, mg_number(more) - mg_number(less), &s->scratch);
        mg_demo_say(s, MG_ROLE_ANSWER, true, mg_text_str(&s->scratch));
    } else {
        mg_demo_say(s, MG_ROLE_ANSWER, true, mg_demo_chance(s, 0.5) ? less : more);
    }
}
