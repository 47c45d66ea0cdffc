/* SPDX-License-Identifier: Apache-2.0 */
/* Demonstrations of a world: they follow the corpus, the same seed gives the same bytes, nothing held out leaks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "world/demo.h"
#include "world/substitute.h"
#include "world/write.h"
#include "scratch.h"
#include "suite.h"

enum { DRAWS = 2000 };

static struct mg_world truth; /* the small profile */
static struct mg_corpus *corpus;
static char folder[64], corpus_path[96];

static void
setup(void)
{
    mg_ok(mg_world_create(&truth, mg_world_facts_path(), 0, MG_WORLD_SMALL, &err));
}

static void
teardown(void)
{
    mg_world_destroy(&truth);
}

static void
write_corpus(void)
{
    scratch_make(folder);
    snprintf(corpus_path, sizeof corpus_path, "%s/corpus.db", folder);
    mg_ok(mg_world_write_corpus(&truth, corpus_path, &err));
    mg_ok(mg_corpus_open(&corpus, corpus_path, &err));
}

static void
remove_corpus(void)
{
    mg_corpus_close(corpus);
    scratch_remove(folder);
}

START_TEST(substitution)
{
    struct mg_subst s = {.world = &truth};
    struct mg_text out = {0};
    struct mg_rng rng;

    mg_rng_init(&rng, 1, MG_RNG_DEMO, 0, 0, 0);
    mg_subst_apply(&s, "city in Lima, Peru", &out);
    ck_assert_str_eq(out.p, "city in Lima, Peru");
    mg_subst_add(&s, &rng, "Peru");
    mg_subst_add(&s, &rng, "Peru");
    mg_subst_add(&s, &rng, "12");
    ck_assert_int_eq(s.n, 2);
    mg_text_clear(&out);
    mg_subst_apply(&s, "Peru, Peruvian, 12 and Lake Peru", &out);
    ck_assert(strncmp(out.p, "Peru", 4) != 0);
    ck_assert_ptr_nonnull(strstr(out.p, ", Peruvian, 12 and Lake ")); /* whole words; short ones only alone */
    ck_assert_str_eq(out.p + out.n - strlen(s.to[0].p), s.to[0].p);
    ck_assert_str_ne(mg_subst_value(&s, "12"), "12");
    ck_assert_uint_eq(strlen(mg_subst_value(&s, "12")), 2);
    mg_text_free(&out);
    mg_subst_free(&s);
}
END_TEST

static const char *
turn(const struct mg_demo *d, enum mg_role role)
{
    for (int i = 0; i < d->n; i++)
        if (d->turn[i].role == role)
            return d->turn[i].text;
    return "";
}

/* What each kind of demonstration promises. */
static void
check_search(const struct mg_demo *d, const struct mg_demo_options *o)
{
    char query[400];

    ck_assert_int_eq(d->turn[0].role, MG_ROLE_TASK);
    mg_corpus_keywords(turn(d, MG_ROLE_TASK), query, sizeof query);
    ck_assert_int_eq(d->turn[d->n - 1].role, MG_ROLE_ANSWER);
    if (o->kind == MG_DEMO_NOISY)
        return;
    ck_assert_int_eq(d->n, 6);
    ck_assert_str_eq(turn(d, MG_ROLE_SEARCH), query);
    ck_assert_msg(strstr(turn(d, MG_ROLE_PAGE), turn(d, MG_ROLE_ANSWER)) != NULL, "%s is not in: %s",
                  turn(d, MG_ROLE_ANSWER), turn(d, MG_ROLE_PAGE));
    ck_assert_int_ge(turn(d, MG_ROLE_OPEN)[0], '1');
    ck_assert_int_le(turn(d, MG_ROLE_OPEN)[0], '3');
}

static void
check_main(const struct mg_demo *d, const struct mg_demo_options *o)
{
    const char *answer = d->turn[d->n - 1].text;
    bool found = false;

    ck_assert_int_eq(d->turn[0].role, MG_ROLE_USER);
    ck_assert_int_eq(d->turn[d->n - 1].role, MG_ROLE_ANSWER);
    for (int i = 1; i < d->n - 1; i++) {
        ck_assert_int_eq(d->turn[i].role, i % 2 ? MG_ROLE_SUB : MG_ROLE_RESULT);
        if (i % 2 && o->kind != MG_DEMO_NOISY)
            ck_assert(strncmp(d->turn[i].text, "What is the ", 12) == 0);
        /* the answer is what some sub-question returned, or, of a comparison, whom one asked about */
        found = found || strcmp(d->turn[i].text, answer) == 0 || strstr(d->turn[i].text, answer) != NULL;
    }
    ck_assert(found || o->kind == MG_DEMO_NOISY);
}

static void
draw(struct mg_demo_options o, uint64_t *sum, unsigned *good, unsigned *several)
{
    struct mg_demo_stream *stream = NULL;
    struct mg_demo d;

    mg_ok(mg_demo_open(&stream, &truth, corpus, &o, &err));
    *sum = 14695981039346656037u;
    for (int i = 0; i < DRAWS; i++) {
        mg_ok(mg_demo_next(stream, &d, &err));
        if (d.agent == MG_DEMO_MAIN)
            check_main(&d, &o);
        else
            check_search(&d, &o);
        for (int k = 0; k < d.n; k++) {
            ck_assert_int_eq(d.turn[k].train, d.turn[k].role == MG_ROLE_SUB || d.turn[k].role == MG_ROLE_ANSWER ||
                                                  d.turn[k].role == MG_ROLE_SEARCH || d.turn[k].role == MG_ROLE_OPEN);
            for (const char *p = d.turn[k].text; *p; p++)
                *sum = (*sum ^ (unsigned char)*p) * 1099511628211u;
        }
        *several += d.agent == MG_DEMO_SEARCH;
        *good += d.agent == MG_DEMO_SEARCH && strcmp(turn(&d, MG_ROLE_OPEN), "1") == 0;
    }
    mg_demo_close(stream);
}

/* Whether calc hands its tool the numbers of its task, the larger first, and answers with their difference. */
static bool
reckons(const struct mg_demo *d)
{
    char left[64], right[64];
    double a, b;

    ck_assert_int_eq(d->turn[0].role, MG_ROLE_TASK);
    ck_assert_int_eq(d->turn[d->n - 1].role, MG_ROLE_ANSWER);
    if (d->n != 4 || sscanf(d->turn[1].text, "%63s - %63s", left, right) != 2)
        return false;
    ck_assert_int_eq(d->turn[1].role, MG_ROLE_SUB);
    ck_assert_ptr_nonnull(strstr(d->turn[0].text, left));
    ck_assert_ptr_nonnull(strstr(d->turn[0].text, right));
    ck_assert_str_eq(d->turn[2].text, d->turn[3].text);
    a = mg_number(left);
    b = mg_number(right);
    return a > b && mg_number(d->turn[3].text) == a - b;
}

START_TEST(demonstrations)
{
    struct mg_demo_options o = {.agent = MG_DEMO_ALL, .kind = (enum mg_demo_kind)_i, .split = MG_CLASS_TRAIN};
    uint64_t a, b, c;
    unsigned good = 0, several = 0, ignored = 0;

    draw(o, &a, &good, &several);
    draw(o, &b, &ignored, &ignored);
    ck_assert(a == b); /* the same seed, the same bytes */
    o.seed = 1;
    draw(o, &c, &ignored, &ignored);
    ck_assert(a != c);
    ck_assert_uint_eq(several, DRAWS / 2);
    if (_i == MG_DEMO_NOISY) /* the right hit is opened more often than anything else is done, and not always */
        ck_assert(good * 10 > several * 4 && good * 10 < several * 8);
}
END_TEST

/* Told "none", a noisy planner asks the same again about as often as it gives up; hands on whole questions as well. */
START_TEST(a_noisy_planner_asks_again_or_gives_up)
{
    struct mg_demo_options o = {.agent = MG_DEMO_MAIN, .kind = MG_DEMO_NOISY, .split = MG_CLASS_TRAIN};
    struct mg_demo_stream *stream = NULL;
    unsigned again = 0, gave_up = 0;
    struct mg_demo d;

    mg_ok(mg_demo_open(&stream, &truth, corpus, &o, &err));
    for (int i = 0; i < DRAWS; i++) {
        mg_ok(mg_demo_next(stream, &d, &err));
        for (int k = 2; k + 1 < d.n; k += 2) {
            const struct mg_demo_turn *next = &d.turn[k + 1];

            if (strcmp(d.turn[k].text, "none") != 0 || strncmp(d.turn[k - 1].text, "What is the ", 12) != 0)
                continue;
            again += next->role == MG_ROLE_SUB && strcmp(next->text, d.turn[k - 1].text) == 0;
            gave_up += next->role == MG_ROLE_ANSWER && strcmp(next->text, "none") == 0;
        }
    }
    ck_assert_uint_gt(again + gave_up, DRAWS / 20);
    ck_assert_msg(again * 2 > gave_up && gave_up * 2 > again, "%u again, %u gave up", again, gave_up);
    mg_demo_close(stream);
}
END_TEST

/* The planner says whom it calls; calc subtracts what it was asked to, in the words of the known steps. */
START_TEST(three_agents)
{
    struct mg_demo_options o = {
        .agent = MG_DEMO_ALL, .calc = true, .kind = (enum mg_demo_kind)_i, .split = MG_CLASS_TRAIN};
    struct mg_demo_stream *stream = NULL;
    unsigned asked = 0, right = 0, calls[3] = {0};
    struct mg_demo d;

    mg_ok(mg_demo_open(&stream, &truth, corpus, &o, &err));
    for (int i = 0; i < 3 * DRAWS; i++) {
        mg_ok(mg_demo_next(stream, &d, &err));
        ck_assert_int_eq(d.agent, (enum mg_demo_agent)(i % 3));
        for (int k = 0; d.agent == MG_DEMO_MAIN && k < d.n; k++) {
            bool calc = strncmp(d.turn[k].text, "calc Subtract ", 14) == 0;

            if (d.turn[k].role != MG_ROLE_SUB)
                continue;
            ck_assert_msg(calc || strncmp(d.turn[k].text, "search ", 7) == 0, "%s", d.turn[k].text);
            calls[calc]++;
        }
        if (d.agent != MG_DEMO_CALC)
            continue;
        asked++;
        right += reckons(&d);
    }
    ck_assert_uint_eq(asked, DRAWS);
    ck_assert_uint_gt(calls[0], calls[1]);
    ck_assert_uint_gt(calls[1], 0);
    if (_i == MG_DEMO_NOISY) /* more often right than anything else, and not always */
        ck_assert(right * 10 > asked * 3 && right * 10 < asked * 7);
    else
        ck_assert_uint_eq(right, asked);
    mg_demo_close(stream);
}
END_TEST

/* No training demonstration opens the page of an entity in a held-out country, or has that country as its answer. */
static void
check_country_is_held_out(const struct mg_demo *d, const char *country)
{
    char line[120];

    snprintf(line, sizeof line, "; country: %s; ", country);
    for (int k = 0; k < d->n; k++) {
        if (d->turn[k].role == MG_ROLE_PAGE)
            ck_assert_msg(strstr(d->turn[k].text, line) == NULL, "an open page says%s", line);
        ck_assert_msg(strcmp(d->turn[k].text, country) != 0, "%s is said", country);
    }
}

START_TEST(no_leak)
{
    struct mg_demo_options o = {.agent = MG_DEMO_ALL, .kind = (enum mg_demo_kind)_i, .split = MG_CLASS_TRAIN};
    struct mg_demo_stream *stream = NULL;
    struct mg_demo d;
    uint32_t held_out = 0;

    mg_ok(mg_demo_open(&stream, &truth, corpus, &o, &err));
    for (int i = 0; i < DRAWS; i++) {
        mg_ok(mg_demo_next(stream, &d, &err));
        held_out = 0;
        for (uint32_t e = 0; truth.facts.entity[e].kind == MG_COUNTRY; e++) /* countries come first in the table */
            if (truth.cls[e] == MG_CLASS_TEST) {
                check_country_is_held_out(&d, truth.facts.entity[e].title);
                held_out++;
            }
    }
    ck_assert_uint_eq(held_out, 54);
    mg_demo_close(stream);
}
END_TEST

START_TEST(wrong_corpus)
{
    struct mg_demo_options o = {.agent = MG_DEMO_ALL, .kind = MG_DEMO_GOLD, .split = MG_CLASS_TRAIN};
    struct mg_demo_stream *stream = NULL;
    struct mg_world full;

    mg_ok(mg_world_create(&full, mg_world_facts_path(), 0, MG_WORLD_FULL, &err));
    mg_fails(mg_demo_open(&stream, &full, corpus, &o, &err), MG_INPUT, "pages");
    mg_world_destroy(&full);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("world demo", write_corpus, remove_corpus, 120);

    tcase_add_unchecked_fixture(tc, setup, teardown);
    suite_tests(tc, substitution, a_noisy_planner_asks_again_or_gives_up, wrong_corpus);
    suite_loops(tc, MG_DEMO_GOLD, MG_DEMO_NOISY + 1, demonstrations, three_agents, no_leak);
    return suite_main();
}
