/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/eval_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"

json_t *
mg_json_weights(const struct mg_asking *a)
{
    json_t *all = json_object();

    for (uint32_t i = 0; i < a->config.n_agents; i++) {
        const struct mg_source *w = &a->source[i];
        json_t *step = w->kind == MG_SOURCE_GIVEN ? json_null() : json_integer((json_int_t)w->step);
        char hex[17];

        snprintf(hex, sizeof hex, "%016" PRIx64, w->digest);
        json_object_set_new(all, a->config.agent[i].name,
                            json_pack("{s:s, s:s, s:o, s:s}", "kind", mg_source_name(w->kind), "path", w->path.text,
                                      "step", step, "digest", hex));
    }
    return all;
}

static void
print_unavailable(const struct mg_scores *s)
{
    if (s->unavailable > 0.0)
        printf(" (%.0f verdicts unavailable)", s->unavailable);
}

void
mg_print_measured(const char *name, const struct mg_config *c, const struct mg_measured *m)
{
    struct mg_share right = mg_measured_mean(m, 0), pass = mg_measured_pass(m);

    printf("%-12s %5u questions   ", name, m->n);
    if (m->draws == 1)
        printf("success %s", mg_share_text_of(&right).text);
    else
        printf("mean@%u %s   pass@%u %s", m->draws, mg_share_text_of(&right).text, m->draws,
               mg_share_text_of(&pass).text);
    print_unavailable(&m->agent[0]);
    printf("   calls per question %.2f", m->calls);
    for (uint32_t k = 1; k < m->n_agents; k++) {
        right = mg_measured_mean(m, k);
        printf("   %s right %s of %.0f", c->agent[k].name, mg_share_text_of(&right).text, right.n);
        print_unavailable(&m->agent[k]);
    }
    putchar('\n');
}

json_t *
mg_json_measured(const struct mg_config *c, const struct mg_measured *m)
{
    const struct mg_share success = mg_measured_mean(m, 0), pass = mg_measured_pass(m);
    json_t *expert = json_object(), *unavailable = json_object();

    for (uint32_t k = 1; k < m->n_agents; k++) {
        const struct mg_share right = mg_measured_mean(m, k);

        json_object_set_new(expert, c->agent[k].name, mg_json_share(&right));
    }
    for (uint32_t k = 0; k < m->n_agents; k++)
        json_object_set_new(unavailable, c->agent[k].name, json_integer((json_int_t)m->agent[k].unavailable));
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:f, s:o, s:I, s:o}", "n", (json_int_t)m->n, "draws",
                     (json_int_t)m->draws, "success", mg_json_real(success.mean), "lo", mg_json_real(success.lo), "hi",
                     mg_json_real(success.hi), "pass", mg_json_share(&pass), "calls", m->calls, "expert", expert,
                     "judged", (json_int_t)success.n, "unavailable", unavailable);
}
