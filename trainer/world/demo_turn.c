/* SPDX-License-Identifier: Apache-2.0 */
#include "world/demo_internal.h"

struct mg_text *
mg_demo_begin_turn(struct mg_demo_stream *s, enum mg_role role, bool train)
{
    struct mg_text *text = &s->text[s->out->n];

    s->out->turn[s->out->n++] = (struct mg_demo_turn){role, train, ""};
    mg_text_clear(text);
    return text;
}

void
mg_demo_say(struct mg_demo_stream *s, enum mg_role role, bool train, const char *text)
{
    mg_text_add(mg_demo_begin_turn(s, role, train), text);
}

bool
mg_demo_chance(struct mg_demo_stream *s, double p)
{
    return mg_rng_unit(&s->rng) < p;
}

int
mg_demo_habit(struct mg_demo_stream *s, const double *p, int n)
{
    double u = mg_rng_unit(&s->rng);
    int i = 0;

    if (s->options.kind != MG_DEMO_NOISY)
        return 0;
    for (; i < n - 1 && u >= p[i]; i++)
        u -= p[i];
    return i;
}

bool
mg_demo_may_open(const struct mg_demo_stream *s, uint32_t entity)
{
    unsigned char cls = s->world->cls[entity];

    return s->options.split == MG_CLASS_TEST || cls == MG_CLASS_TRAIN || cls == MG_CLASS_SHARED;
}
