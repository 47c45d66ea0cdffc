/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds: facts are read, pages and questions agree, splits do not leak, demonstrations follow the corpus. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "scorer.h"
#include "world/demo.h"
#include "world/substitute.h"
#include "world/write.h"

enum { DRAWS = 2000 };
static const char corpus_path[] = "check_world.db", table_path[] = "check_world.facts";

static struct mg_err err;
static struct mg_world truth, other; /* seed 0 and seed 5 of the small profile */

#define mg_ok(expr)                                                                                                    \
    do {                                                                                                               \
        mg_err_clear(&err);                                                                                            \
        ck_assert_msg((expr) == MG_OK, "%s: %s", #expr, err.text);                                                     \
    } while (0)

static const char *
facts_path(void)
{
    static char path[4096];
    const char *srcdir = getenv("srcdir");

    snprintf(path, sizeof path, "%s/data/atlas.facts.gz", srcdir ? srcdir : ".");
    return path;
}

static void
setup(void)
{
    mg_ok(mg_world_create(&truth, facts_path(), 0, MG_PROFILE_SMALL, &err));
    mg_ok(mg_world_create(&other, facts_path(), 5, MG_PROFILE_SMALL, &err));
}

static void
teardown(void)
{
    mg_world_destroy(&truth);
    mg_world_destroy(&other);
}

static uint32_t
entity(const struct mg_world *w, const char *id)
{
    for (uint32_t i = 0; i < w->facts.n_entities; i++)
        if (strcmp(w->facts.entity[i].id, id) == 0)
            return i;
    ck_abort_msg("no entity %s", id);
    return 0;
}

static const char *
fact(const struct mg_world *w, const char *id, const char *key)
{
    const struct mg_attr *a = mg_world_attr(w, entity(w, id), key);

    return a ? mg_facts_value(&w->facts, a) : "";
}

START_TEST(known_facts)
{
    ck_assert_str_eq(fact(&truth, "country:PE", "capital"), "Lima");
    ck_assert_str_eq(fact(&truth, "country:PE", "currency"), "Peruvian Sol");
    ck_assert_str_eq(fact(&truth, "country:PE", "calling code"), "+51");
    ck_assert_str_eq(fact(&truth, "country:PE", "language"), ""); /* two official ones: shown, not asked */
    ck_assert_str_eq(fact(&truth, "currency:PEN", "country"), "Peru");
    ck_assert_str_eq(fact(&truth, "currency:EUR", "country"), "");
    ck_assert_str_eq(fact(&truth, "country:NL", "capital"), ""); /* the government sits elsewhere */
    ck_assert_str_eq(fact(&truth, "element:Ge", "symbol"), "Ge");
    ck_assert_str_eq(fact(&truth, "timezone:America/Lima", "offset"), "UTC-5:00");
}
END_TEST

START_TEST(page_form)
{
    struct mg_text page = {0};

    mg_world_page(&truth, entity(&truth, "country:PE"), &page);
    ck_assert_str_eq(page.p, "country in South America; capital: Lima; currency: Peruvian Sol; language: Spanish and "
                             "Quechua; calling code: +51; demonym: Peruvian; population: 31,915,000; domain: .pe; "
                             "time zone: America/Lima; code: PER");
    mg_text_clear(&page);
    mg_world_page(&truth, entity(&truth, "currency:EUR"), &page);
    ck_assert_ptr_nonnull(strstr(page.p, " and others; code: EUR"));
    mg_text_free(&page);
}
END_TEST

static int
by_title(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

START_TEST(titles_are_unique)
{
    uint32_t n = truth.facts.n_entities;
    const char **title = malloc(n * sizeof *title);

    ck_assert_ptr_nonnull(title);
    for (uint32_t i = 0; i < n; i++)
        title[i] = truth.facts.entity[i].title;
    qsort(title, n, sizeof *title, by_title);
    for (uint32_t i = 1; i < n; i++)
        ck_assert_str_ne(title[i - 1], title[i]);
    free(title);
}
END_TEST

/* A counterfactual world moves whole values: the same ones, to other countries of the same split. */
START_TEST(counterfactual_permutes)
{
    uint32_t moved = 0, countries = 0;
    uint64_t before[3] = {0}, after[3] = {0};

    for (uint32_t i = 0; i < truth.facts.n_entities; i++) {
        const struct mg_attr *a, *b;

        ck_assert_int_eq(truth.cls[i], other.cls[i]);
        if (truth.facts.entity[i].kind != MG_COUNTRY)
            continue;
        a = mg_world_attr(&truth, i, "capital");
        b = mg_world_attr(&other, i, "capital");
        ck_assert_int_eq(a == NULL, b == NULL);
        if (!a || a->ref == MG_NO_ENTITY)
            continue;
        countries++;
        moved += a->ref != b->ref;
        before[truth.cls[i]] += a->ref;
        after[truth.cls[i]] += b->ref;
    }
    ck_assert_uint_gt(countries, 150);
    ck_assert_uint_gt(moved * 10, countries * 8);
    ck_assert(memcmp(before, after, sizeof before) == 0);
    ck_assert_str_ne(fact(&other, "country:PE", "calling code"), fact(&truth, "country:PE", "calling code"));
    ck_assert_str_eq(fact(&other, "country:PE", "demonym"), "Peruvian");
}
END_TEST

/* The country that a currency's page names has that currency on its own page, in every world. */
START_TEST(inverses_agree)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < other.facts.n_entities; i++) {
        const struct mg_attr *to = mg_world_attr(&other, i, "country"), *back;
        enum mg_kind kind = other.facts.entity[i].kind;

        if (!to || (kind != MG_CURRENCY && kind != MG_LANGUAGE))
            continue;
        back = mg_world_attr(&other, to->ref, kind == MG_CURRENCY ? "currency" : "language");
        ck_assert_ptr_nonnull(back);
        ck_assert_uint_eq(back->ref, i);
        seen++;
    }
    ck_assert_uint_gt(seen, 100);
}
END_TEST

static void
check_steps(const struct mg_world *w, const struct mg_question *q)
{
    const struct mg_template *t = &mg_template[q->template];
    int half = t->compare == MG_CHAIN ? q->n_steps : q->n_steps / 2;

    for (int i = 0; i < q->n_steps; i++) {
        const struct mg_step *s = &q->step[i];
        enum mg_class cls = (enum mg_class)w->cls[s->entity];

        ck_assert(w->present[s->entity]);
        ck_assert_int_ne(w->facts.entity[s->entity].flag, '-');
        ck_assert_str_eq(s->attr->key, t->path[i % half]);
        ck_assert_ptr_eq(mg_world_attr(w, s->entity, s->attr->key), s->attr);
        ck_assert(cls == MG_CLASS_SHARED || cls == q->split);
        if (i % half > 0)
            ck_assert_uint_eq(q->step[i - 1].attr->ref, s->entity);
    }
}

static void
check_comparison(const struct mg_question *q)
{
    const struct mg_template *t = &mg_template[q->template];
    double a = mg_number(q->step[q->n_steps / 2 - 1].attr->value), b = mg_number(q->step[q->n_steps - 1].attr->value);

    ck_assert(a >= 0 && b >= 0);
    ck_assert_int_eq(q->winner, (t->compare == MG_MORE) == (b > a));
    if (t->compare == MG_MORE)
        ck_assert((a > b ? a / b : b / a) >= 1.25);
}

START_TEST(questions_are_sound)
{
    const struct mg_world *w = _i ? &other : &truth;
    unsigned count[4] = {0};
    struct mg_questions qs;

    mg_ok(mg_questions_create(&qs, w, &err));
    for (uint32_t i = 0; i < qs.n; i++) {
        check_steps(w, &qs.q[i]);
        if (mg_template[qs.q[i].template].compare != MG_CHAIN)
            check_comparison(&qs.q[i]);
        if (mg_phrasing_held_out(&qs.q[i]))
            ck_assert_int_eq(qs.q[i].split, MG_CLASS_TEST);
        count[qs.q[i].split]++;
    }
    ck_assert_uint_gt(count[MG_CLASS_TRAIN], 4000);
    ck_assert_uint_gt(count[MG_CLASS_TEST], 800);
    ck_assert_uint_gt(count[MG_CLASS_DEV], 200);
    mg_questions_destroy(&qs);
}
END_TEST

START_TEST(phrasings)
{
    const struct mg_template *t = NULL;
    const char *const name[2] = {"Lima", "Lima"}, *const states[2] = {"United States", "Peru"};
    struct mg_text text = {0};

    for (unsigned i = 0; i < mg_n_templates; i++) {
        if (strcmp(mg_template[i].name, "city.country.capital.population") == 0)
            t = &mg_template[i];
        for (unsigned char f = 0; f < MG_FORMS; f++) { /* every form is whole */
            struct mg_phrasing p = {f, {f, f, f}};

            mg_text_clear(&text);
            mg_question_text(&mg_template[i], p, states, &text);
            ck_assert_ptr_nonnull(strstr(text.p, "United States"));
            ck_assert_ptr_null(strchr(text.p, '%'));
        }
    }
    ck_assert_ptr_nonnull(t);
    mg_text_clear(&text);
    mg_question_text(t, (struct mg_phrasing){0, {0, 0, 0}}, name, &text);
    ck_assert_str_eq(text.p, "What is the population of the capital of the country of Lima?");
    mg_text_clear(&text);
    mg_question_text(&mg_template[0], (struct mg_phrasing){0, {0}}, states, &text);
    ck_assert_str_eq(text.p, "What is the capital of the United States?");
    mg_text_clear(&text);
    mg_ask_text(0, "capital", "United States", &text);
    ck_assert_str_eq(text.p, "What is the capital of United States?");
    mg_text_free(&text);
}
END_TEST

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
draw(struct mg_demo_options o, struct mg_corpus *corpus, uint64_t *sum, unsigned *good, unsigned *several)
{
    struct mg_demo_stream *stream = NULL;
    struct mg_demo d;

    mg_ok(mg_demo_open(&stream, &truth, corpus, &o, &err));
    *sum = 14695981039346656037u;
    for (int i = 0; i < DRAWS; i++) {
        mg_ok(mg_demo_next(stream, &d, &err));
        if (d.agent == MG_AGENT_MAIN)
            check_main(&d, &o);
        else
            check_search(&d, &o);
        for (int k = 0; k < d.n; k++) {
            ck_assert_int_eq(d.turn[k].train, d.turn[k].role == MG_ROLE_SUB || d.turn[k].role == MG_ROLE_ANSWER ||
                                                  d.turn[k].role == MG_ROLE_SEARCH || d.turn[k].role == MG_ROLE_OPEN);
            for (const char *p = d.turn[k].text; *p; p++)
                *sum = (*sum ^ (unsigned char)*p) * 1099511628211u;
        }
        *several += d.agent == MG_AGENT_SEARCH;
        *good += d.agent == MG_AGENT_SEARCH && strcmp(turn(&d, MG_ROLE_OPEN), "1") == 0;
    }
    mg_demo_close(stream);
}

START_TEST(demonstrations)
{
    struct mg_demo_options o = {.agent = MG_AGENT_BOTH, .kind = (enum mg_demo_kind)_i, .split = MG_CLASS_TRAIN};
    struct mg_corpus *corpus = NULL;
    uint64_t a, b, c;
    unsigned good = 0, several = 0, ignored = 0;

    mg_ok(mg_world_write_corpus(&truth, corpus_path, &err));
    mg_ok(mg_corpus_open(&corpus, corpus_path, &err));
    draw(o, corpus, &a, &good, &several);
    draw(o, corpus, &b, &ignored, &ignored);
    ck_assert(a == b); /* the same seed, the same bytes */
    o.seed = 1;
    draw(o, corpus, &c, &ignored, &ignored);
    ck_assert(a != c);
    ck_assert_uint_eq(several, DRAWS / 2);
    if (_i == MG_DEMO_NOISY) /* the right hit is opened more often than anything else is done, and not always */
        ck_assert(good * 10 > several * 4 && good * 10 < several * 8);
    mg_corpus_close(corpus);
    unlink(corpus_path);
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
    struct mg_demo_options o = {.agent = MG_AGENT_BOTH, .kind = (enum mg_demo_kind)_i, .split = MG_CLASS_TRAIN};
    struct mg_demo_stream *stream = NULL;
    struct mg_corpus *corpus = NULL;
    struct mg_demo d;
    uint32_t held_out = 0;

    mg_ok(mg_world_write_corpus(&truth, corpus_path, &err));
    mg_ok(mg_corpus_open(&corpus, corpus_path, &err));
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
    mg_corpus_close(corpus);
    unlink(corpus_path);
}
END_TEST

START_TEST(wrong_corpus)
{
    struct mg_demo_options o = {.agent = MG_AGENT_BOTH, .kind = MG_DEMO_GOLD, .split = MG_CLASS_TRAIN};
    struct mg_demo_stream *stream = NULL;
    struct mg_corpus *corpus = NULL;
    struct mg_world full;

    mg_ok(mg_world_create(&full, facts_path(), 0, MG_PROFILE_FULL, &err));
    mg_ok(mg_world_write_corpus(&truth, corpus_path, &err));
    mg_ok(mg_corpus_open(&corpus, corpus_path, &err));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_demo_open(&stream, &full, corpus, &o, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "pages"));
    mg_corpus_close(corpus);
    mg_world_destroy(&full);
    unlink(corpus_path);
}
END_TEST

static const struct {
    const char *text, *says;
} bad_table[] = {
    {"", "no rows"},
    {"# only a comment\n", "no rows"},
    {"country\ta\t+\tA\n", "field 5"},
    {"planet\ta\t+\tA\tb\n", "planet"},
    {"country\ta\t*\tA\tb\n", "flag"},
    {"country\ta\t+\tA\tb\tkey\n", "key=value"},
    {"country\ta\t+\tA\tb\t=value\n", "key=value"},
    {"country\ta\t+\tA\tb\tcapital=@nowhere\n", "nowhere"},
    {"country\ta\t+\tA\tb\ncity\ta\t+\tB\tb\n", "two rows"},
};

START_TEST(bad_tables)
{
    struct mg_facts facts;

    mg_ok(mg_file_write_atomic(table_path, bad_table[_i].text, strlen(bad_table[_i].text), &err));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_facts_read(&facts, table_path, &err), MG_INPUT);
    ck_assert_msg(strstr(err.text, bad_table[_i].says) != NULL, "%s", err.text);
    unlink(table_path);
}
END_TEST

START_TEST(torn_table)
{
    struct mg_facts facts;
    char *data = NULL;
    size_t len = 0;

    mg_ok(mg_file_read(facts_path(), 1 << 20, &data, &len, &err));
    mg_ok(mg_file_write_atomic(table_path, data, len / 2, &err));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_facts_read(&facts, table_path, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
    free(data);
    unlink(table_path);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("world");
    TCase *tc = tcase_create("world");
    SRunner *runner;
    int failed;

    tcase_add_unchecked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, known_facts);
    tcase_add_test(tc, page_form);
    tcase_add_test(tc, titles_are_unique);
    tcase_add_test(tc, counterfactual_permutes);
    tcase_add_test(tc, inverses_agree);
    tcase_add_loop_test(tc, questions_are_sound, 0, 2);
    tcase_add_test(tc, phrasings);
    tcase_add_test(tc, substitution);
    tcase_add_loop_test(tc, demonstrations, MG_DEMO_GOLD, MG_DEMO_NOISY + 1);
    tcase_add_loop_test(tc, no_leak, MG_DEMO_GOLD, MG_DEMO_NOISY + 1);
    tcase_add_test(tc, wrong_corpus);
    tcase_add_loop_test(tc, bad_tables, 0, sizeof bad_table / sizeof *bad_table);
    tcase_add_test(tc, torn_table);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
