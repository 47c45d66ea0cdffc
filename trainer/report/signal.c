/* SPDX-License-Identifier: Apache-2.0 */
#include "report/signal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Metrics are read from a file that anyone may have written: what is no number from 0 on counts as 0. */
static double
number(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    double x = json_is_number(value) ? json_number_value(value) : 0.0;

    return x > 0.0 ? x : 0.0;
}

void
mg_signal_add(struct mg_signal *s, const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "name"));
    double groups = number(line, "groups");

    if (name == NULL || strcmp(name, "train") != 0 || json_object_get(line, "groups") == NULL)
        return;
    s->steps += 1.0;
    s->idle += number(line, "tokens_trained") == 0.0;
    s->groups += groups;
    s->equal += round(number(line, "no_signal") * groups);
    s->trajectories += number(line, "trajectories");
    s->unavailable += number(line, "unavailable");
    s->cut_length += number(line, "cut_length");
    s->cut_context += number(line, "cut_context");
    s->texts_cut += number(line, "texts_cut");
    s->tokens += number(line, "tokens_trained");
}

static double
percent(double part, double all)
{
    return all > 0.0 ? 100.0 * part / all : 0.0;
}

void
mg_signal_text(const struct mg_signal *s, char text[MG_SIGNAL_TEXT])
{
    if (s->idle == s->steps)
        snprintf(text, MG_SIGNAL_TEXT, "none of %.0f train steps taught anything: ", s->steps);
    else
        snprintf(text, MG_SIGNAL_TEXT, "%.0f tokens taught, in %.0f of %.0f train steps: ", s->tokens,
                 s->steps - s->idle, s->steps);
    snprintf(text + strlen(text), MG_SIGNAL_TEXT - strlen(text),
             "%.0f%% of %.0f groups without signal; of %.0f trajectories %.0f cut by length, %.0f by context",
             percent(s->equal, s->groups), s->groups, s->trajectories, s->cut_length, s->cut_context);
    if (s->unavailable > 0.0)
        snprintf(text + strlen(text), MG_SIGNAL_TEXT - strlen(text), ", %.0f unavailable", s->unavailable);
    if (s->texts_cut > 0.0)
        snprintf(text + strlen(text), MG_SIGNAL_TEXT - strlen(text),
                 "; %.0f results and subtasks were cut to fit the context", s->texts_cut);
}
