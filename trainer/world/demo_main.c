/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world/demo_internal.h"

/*
 * What a noisy planner does. Of its first turns 0.78 begin with a sub-question (good, hasty), of its later turns
 * most go on: the good choice stays the likeliest at each point, while only 0.45 of the demonstrations are good.
 */
enum habit { GOOD, WHOLE, HASTY, GUESS, HEAD /* computes a difference without calc */ };
static const double p_good = 0.45, p_good_single = 0.65, p_whole = 0.20, p_hasty = 0.18;
static const double p_unlucky = 0.20,
                    p_again = 0.50; /* that a sub-agent answers "none"; that the planner then asks again */

static enum habit
draw_habit(struct mg_demo_stream *s, const struct mg_question *q)
{
    double u = mg_rng_unit(&s->rng);
    bool single = q->n_steps == 1;
    double good = single ? p_good_single : p_good;

    if (s->options.kind != MG_DEMO_NOISY || u < good)
        return GOOD;
    if (u < good + p_whole)
        return WHOLE;
    if (single || u >= good + p_whole + p_hasty)
        return GUESS;
    return mg_is_difference(&mg_template[q->template]) && u < good + p_whole + p_hasty / 2 ? HEAD : HASTY;
}

static const char *
title(const struct mg_demo_stream *s, uint32_t entity)
{
    return mg_subst_value(&s->subst, s->world->facts.entity[entity].title);
}

const char *
mg_demo_value(const struct mg_demo_stream *s, const struct mg_step *step)
{
    return mg_subst_value(&s->subst, mg_facts_value(&s->world->facts, step->attr));
}

void
mg_demo_substitute(struct mg_demo_stream *s, const struct mg_question *q)
{
    for (int i = 0; i < q->n_steps; i++) {
        mg_subst_add(&s->subst, &s->rng, s->world->facts.entity[q->step[i].entity].title);
        mg_subst_add(&s->subst, &s->rng, mg_facts_value(&s->world->facts, q->step[i].attr));
    }
}

bool
mg_demo_difference(const struct mg_demo_stream *s, const struct mg_question *q, const char **less, const char **more)
{
    mg_difference_values(s->world, q, less, more);
    *less = mg_subst_value(&s->subst, *less);
    *more = mg_subst_value(&s->subst, *more);
    return mg_number(*less) < mg_number(*more);
}

void
mg_demo_misreckon(struct mg_demo_stream *s, double x, struct mg_text *out)
{
    size_t n;
    char *digit;

    mg_text_clear(out);
    mg_number_text(x, out);
    if (out->failed)
        return;
    n = out->n;
    do
        digit = &out->p[mg_rng_below(&s->rng, (uint32_t)n)];
    while (*digit == ',');
    *digit = (char)('1' + (*digit - '0' + (int)mg_rng_below(&s->rng, 8)) % 9);
}

/* The final answer under the substitution; of a comparison, the entity that wins with the new numbers. NULL: none. */
static const char *
final_answer(struct mg_demo_stream *s, const struct mg_question *q)
{
    const struct mg_template *t = &mg_template[q->template];
    int half = q->n_steps / 2;
    double a, b;

    if (mg_is_difference(t)) {
        const char *less, *more;

        if (!mg_demo_difference(s, q, &less, &more))
            return NULL;
        mg_text_clear(&s->answer);
        mg_number_text(mg_number(more) - mg_number(less), &s->answer);
        return mg_text_str(&s->answer);
    }
    if (t->compare == MG_CHAIN)
        return mg_demo_value(s, &q->step[q->n_steps - 1]);
    a = mg_number(mg_demo_value(s, &q->step[half - 1]));
    b = mg_number(mg_demo_value(s, &q->step[q->n_steps - 1]));
    if (a == b)
        return NULL;
    return title(s, q->step[(b > a) == (t->compare == MG_MORE) ? q->n_steps - 1 : half - 1].entity);
}

/* A subtask; where there are two to ask, it begins with the name of one. */
static struct mg_text *
begin_call(struct mg_demo_stream *s, const char *name)
{
    struct mg_text *turn = mg_demo_begin_turn(s, MG_ROLE_SUB, true);

    mg_text_add(turn, s->options.calc ? name : "");
    return turn;
}

static void
ask(struct mg_demo_stream *s, const struct mg_step *step)
{
    struct mg_text *turn = begin_call(s, "search ");

    mg_ask_text(0, step->attr->key, title(s, step->entity), turn);
}

/* Asks the first n sub-questions. A noisy planner is sometimes told "none", and asks again or gives up: then false. */
static bool
ask_steps(struct mg_demo_stream *s, const struct mg_question *q, int n)
{
    int unlucky = s->options.kind == MG_DEMO_NOISY && mg_demo_chance(s, p_unlucky) ? (int)mg_rng_below(&s->rng, n) : -1;

    for (int i = 0; i < n; i++) {
        ask(s, &q->step[i]);
        if (i == unlucky) {
            mg_demo_say(s, MG_ROLE_RESULT, false, "none");
            if (!mg_demo_chance(s, p_again)) {
                mg_demo_say(s, MG_ROLE_ANSWER, true, "none");
                return false;
            }
            ask(s, &q->step[i]);
        }
        mg_demo_say(s, MG_ROLE_RESULT, false, mg_demo_value(s, &q->step[i]));
    }
    return true;
}

/* An answer of the same kind of question, right only by chance. */
static const char *
guess(struct mg_demo_stream *s, const struct mg_question *q)
{
    const struct mg_question *other = q;

    for (int i = 0; i < 64 && (other == q || other->template != q->template); i++)
        other = &s->qs.q[s->question[mg_rng_below(&s->rng, s->n_questions)]];
    mg_text_clear(&s->scratch);
    if (other->template == q->template)
        mg_question_answer(s->world, other, &s->scratch);
    else
        mg_text_add(&s->scratch, "none");
    return mg_text_str(&s->scratch);
}

static void
hand_on(struct mg_demo_stream *s, const struct mg_question *q, const char *question)
{
    const char *result = mg_demo_chance(s, 0.5) ? "none" : mg_demo_value(s, &q->step[0]);

    mg_text_add(begin_call(s, "search "), question);
    mg_demo_say(s, MG_ROLE_RESULT, false, result);
    mg_demo_say(s, MG_ROLE_ANSWER, true, result);
}

/* The difference of what the look-ups gave, by calc or without. */
static void
subtract(struct mg_demo_stream *s, const struct mg_question *q, bool alone, const char *answer)
{
    const char *less, *more;

    if (!mg_demo_difference(s, q, &less, &more))
        return;
    if (alone) {
        mg_demo_misreckon(s, mg_number(more) - mg_number(less), &s->scratch);
        mg_demo_say(s, MG_ROLE_ANSWER, true, mg_text_str(&s->scratch));
        return;
    }
    mg_difference_text(0, less, more, begin_call(s, "calc "));
    mg_demo_say(s, MG_ROLE_RESULT, false, answer);
    mg_demo_say(s, MG_ROLE_ANSWER, true, answer);
}

static void
act(struct mg_demo_stream *s, const struct mg_question *q, enum habit habit, const char *answer)
{
    int n = q->n_steps;

    switch (habit) {
    case GOOD:
    case HEAD:
        if (!ask_steps(s, q, n))
            break;
        if (mg_is_difference(&mg_template[q->template]))
            subtract(s, q, habit == HEAD, answer);
        else
            mg_demo_say(s, MG_ROLE_ANSWER, true, answer);
        break;
    case WHOLE:
        hand_on(s, q, s->out->turn[0].text);
        break;
    case HASTY:
        n = 1 + (int)mg_rng_below(&s->rng, (uint32_t)n - 1);
        if (ask_steps(s, q, n))
            mg_demo_say(s, MG_ROLE_ANSWER, true, mg_demo_value(s, &q->step[n - 1]));
        break;
    case GUESS:
        mg_demo_say(s, MG_ROLE_ANSWER, true, guess(s, q));
        break;
    }
}

void
mg_demo_main(struct mg_demo_stream *s, uint32_t item, bool *made)
{
    const struct mg_question *q = &s->qs.q[s->question[item]];
    const char *name[2], *answer;
    struct mg_phrasing phrasing = q->phrasing;
    struct mg_text *user;

    mg_subst_clear(&s->subst);
    if (s->options.kind == MG_DEMO_SUBSTITUTED || (s->options.kind == MG_DEMO_NOISY && mg_demo_chance(s, 0.5)))
        mg_demo_substitute(s, q);
    answer = final_answer(s, q);
    *made = answer != NULL;
    if (!answer)
        return;
    name[0] = title(s, q->step[0].entity);
    name[1] = title(s, q->step[q->n_steps / 2].entity);
    if (s->options.split == MG_CLASS_TRAIN)
        phrasing = mg_phrasing_draw(&s->rng, false);
    user = mg_demo_begin_turn(s, MG_ROLE_USER, false);
    mg_question_text(&mg_template[q->template], phrasing, name, user);
    s->out->turn[0].text = mg_text_str(user);
    act(s, q, draw_habit(s, q), answer);
}
