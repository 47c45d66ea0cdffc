/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds: facts are read, pages and questions agree, counterfactuals permute, splits do not leak. */
#include <stdlib.h>
#include <string.h>

#include "question/scorer.h"
#include "suite.h"
#include "world/question.h"

static struct mg_world truth, other; /* seed 0 and seed 5 of the small profile */

static void
setup(void)
{
    mg_ok(mg_world_create(&truth, mg_world_facts_path(), 0, MG_WORLD_SMALL, &err));
    mg_ok(mg_world_create(&other, mg_world_facts_path(), 5, MG_WORLD_SMALL, &err));
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

/* The one that is named first is more, or less; the answer is the difference. */
static void
check_difference(const struct mg_world *w, const struct mg_question *q, double a, double b)
{
    bool more = mg_template[q->template].compare == MG_MORE_BY;
    struct mg_text answer = {0};

    ck_assert(more ? a >= 1.25 * b : a < b && b - a <= 90);
    ck_assert_uint_eq(mg_question_answer_entity(q), MG_NO_ENTITY);
    mg_question_answer(w, q, &answer);
    ck_assert_double_eq(mg_number(answer.p), more ? a - b : b - a);
    mg_text_free(&answer);
}

static void
check_comparison(const struct mg_world *w, const struct mg_question *q)
{
    const struct mg_template *t = &mg_template[q->template];
    double a = mg_number(q->step[q->n_steps / 2 - 1].attr->value), b = mg_number(q->step[q->n_steps - 1].attr->value);

    ck_assert(a >= 0 && b >= 0);
    if (mg_is_difference(t)) {
        check_difference(w, q, a, b);
        return;
    }
    ck_assert_int_eq(q->winner, (t->compare == MG_MORE) == (b > a));
    if (t->compare == MG_MORE)
        ck_assert((a > b ? a / b : b / a) >= 1.25);
}

START_TEST(questions_are_sound)
{
    const struct mg_world *w = _i ? &other : &truth;
    unsigned count[4] = {0};
    struct mg_questions qs;

    mg_ok(mg_questions_create(&qs, w, false, &err));
    for (uint32_t i = 0; i < qs.n; i++) {
        check_steps(w, &qs.q[i]);
        if (mg_template[qs.q[i].template].compare != MG_CHAIN)
            check_comparison(w, &qs.q[i]);
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

/* Differences come behind the questions that there are without them, and leave those as they are. */
START_TEST(differences_are_sound)
{
    struct mg_world full; /* with people */
    struct mg_questions plain, all;
    unsigned count[4] = {0};

    mg_ok(mg_world_create(&full, mg_world_facts_path(), 5, MG_WORLD_FULL, &err));
    mg_ok(mg_questions_create(&plain, &full, false, &err));
    mg_ok(mg_questions_create(&all, &full, true, &err));
    ck_assert_uint_gt(all.n, plain.n);
    ck_assert_int_eq(memcmp(all.q, plain.q, plain.n * sizeof *all.q), 0);
    for (uint32_t i = plain.n; i < all.n; i++) {
        ck_assert(mg_is_difference(&mg_template[all.q[i].template]));
        check_steps(&full, &all.q[i]);
        check_comparison(&full, &all.q[i]);
        count[all.q[i].split]++;
    }
    ck_assert_uint_gt(count[MG_CLASS_TRAIN], 1000);
    ck_assert_uint_gt(count[MG_CLASS_TEST], 200);
    mg_questions_destroy(&plain);
    mg_questions_destroy(&all);
    mg_world_destroy(&full);
}
END_TEST

START_TEST(numbers_as_pages_write_them)
{
    static const struct {
        double x;
        const char *text;
    } want[] = {{0, "0"},     {7, "7"},          {999, "999"},         {1000, "1,000"}, {1234567, "1,234,567"},
                {-36, "-36"}, {-1234, "-1,234"}, {-123456, "-123,456"}};
    struct mg_text text = {0};

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        mg_text_clear(&text);
        mg_number_text(want[i].x, &text);
        ck_assert_str_eq(text.p, want[i].text);
    }
    mg_text_free(&text);
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

int
main(void)
{
    TCase *tc = suite_case("world", NULL, NULL, 120);

    tcase_add_unchecked_fixture(tc, setup, teardown);
    suite_tests(tc, known_facts, page_form, titles_are_unique, counterfactual_permutes, inverses_agree,
                differences_are_sound, numbers_as_pages_write_them, phrasings);
    tcase_add_loop_test(tc, questions_are_sound, 0, 2);
    return suite_main();
}
