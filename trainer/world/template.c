/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "world/question.h"

/* clang-format off */
enum { CAP = 10, CAP_LOW = 2 }; /* questions per bridge country; CAP_LOW where few answers are possible */

const struct mg_template mg_template[] = {
    {"country.capital", MG_COUNTRY, {"capital"}, CAP, MG_CHAIN, {0}},
    {"country.currency", MG_COUNTRY, {"currency"}, CAP, MG_CHAIN, {0}},
    {"country.language", MG_COUNTRY, {"language"}, CAP, MG_CHAIN, {0}},
    {"country.calling code", MG_COUNTRY, {"calling code"}, CAP, MG_CHAIN, {0}},
    {"country.demonym", MG_COUNTRY, {"demonym"}, CAP, MG_CHAIN, {0}},
    {"country.population", MG_COUNTRY, {"population"}, CAP, MG_CHAIN, {0}},
    {"country.domain", MG_COUNTRY, {"domain"}, CAP, MG_CHAIN, {0}},
    {"element.symbol", MG_ELEMENT, {"symbol"}, CAP, MG_CHAIN, {0}},
    {"element.discovery year", MG_ELEMENT, {"discovery year"}, CAP, MG_CHAIN, {0}},
    {"person.birth year", MG_PERSON, {"birth year"}, CAP, MG_CHAIN, {0}},
    {"city.time zone", MG_CITY, {"time zone"}, CAP, MG_CHAIN, {0}},
    {"city.country.capital", MG_CITY, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"city.country.currency", MG_CITY, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"city.country.language", MG_CITY, {"country", "language"}, CAP, MG_CHAIN, {0}},
    {"city.country.calling code", MG_CITY, {"country", "calling code"}, CAP, MG_CHAIN, {0}},
    {"region.country.capital", MG_REGION, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"region.country.currency", MG_REGION, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"region.country.language", MG_REGION, {"country", "language"}, CAP, MG_CHAIN, {0}},
    {"region.country.calling code", MG_REGION, {"country", "calling code"}, CAP, MG_CHAIN, {0}},
    {"person.country.capital", MG_PERSON, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"person.country.currency", MG_PERSON, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"person.country.language", MG_PERSON, {"country", "language"}, CAP, MG_CHAIN, {0}},
    {"feature.country.capital", MG_FEATURE, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"feature.country.currency", MG_FEATURE, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"feature.country.language", MG_FEATURE, {"country", "language"}, CAP, MG_CHAIN, {0}},
    {"feature.country.calling code", MG_FEATURE, {"country", "calling code"}, CAP, MG_CHAIN, {0}},
    {"currency.country.capital", MG_CURRENCY, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"currency.country.language", MG_CURRENCY, {"country", "language"}, CAP, MG_CHAIN, {0}},
    {"currency.country.calling code", MG_CURRENCY, {"country", "calling code"}, CAP, MG_CHAIN, {0}},
    {"currency.country.domain", MG_CURRENCY, {"country", "domain"}, CAP, MG_CHAIN, {0}},
    {"language.country.capital", MG_LANGUAGE, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"language.country.currency", MG_LANGUAGE, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"language.country.calling code", MG_LANGUAGE, {"country", "calling code"}, CAP, MG_CHAIN, {0}},
    {"element.country.capital", MG_ELEMENT, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"element.country.currency", MG_ELEMENT, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"element.country.language", MG_ELEMENT, {"country", "language"}, CAP, MG_CHAIN, {0}},
    {"element.country.calling code", MG_ELEMENT, {"country", "calling code"}, CAP, MG_CHAIN, {0}},
    {"script.country.capital", MG_SCRIPT, {"country", "capital"}, CAP, MG_CHAIN, {0}},
    {"script.country.currency", MG_SCRIPT, {"country", "currency"}, CAP, MG_CHAIN, {0}},
    {"country.capital.population", MG_COUNTRY, {"capital", "population"}, CAP, MG_CHAIN, {0}},
    {"country.capital.time zone", MG_COUNTRY, {"capital", "time zone"}, CAP, MG_CHAIN, {0}},
    {"country.currency.number", MG_COUNTRY, {"currency", "number"}, CAP, MG_CHAIN, {0}},
    {"city.time zone.offset", MG_CITY, {"time zone", "offset"}, CAP_LOW, MG_CHAIN, {0}},
    {"city.country.capital.population", MG_CITY, {"country", "capital", "population"}, CAP, MG_CHAIN, {0}},
    {"city.country.capital.time zone", MG_CITY, {"country", "capital", "time zone"}, CAP, MG_CHAIN, {0}},
    {"city.country.currency.number", MG_CITY, {"country", "currency", "number"}, CAP, MG_CHAIN, {0}},
    {"region.country.capital.population", MG_REGION, {"country", "capital", "population"}, CAP, MG_CHAIN, {0}},
    {"region.country.capital.time zone", MG_REGION, {"country", "capital", "time zone"}, CAP, MG_CHAIN, {0}},
    {"region.country.currency.number", MG_REGION, {"country", "currency", "number"}, CAP, MG_CHAIN, {0}},
    {"person.country.capital.population", MG_PERSON, {"country", "capital", "population"}, CAP, MG_CHAIN, {0}},
    {"person.country.capital.time zone", MG_PERSON, {"country", "capital", "time zone"}, CAP, MG_CHAIN, {0}},
    {"person.country.currency.number", MG_PERSON, {"country", "currency", "number"}, CAP, MG_CHAIN, {0}},
    {"feature.country.capital.population", MG_FEATURE, {"country", "capital", "population"}, CAP, MG_CHAIN, {0}},
    {"feature.country.capital.time zone", MG_FEATURE, {"country", "capital", "time zone"}, CAP, MG_CHAIN, {0}},
    {"feature.country.currency.number", MG_FEATURE, {"country", "currency", "number"}, CAP, MG_CHAIN, {0}},
    {"element.country.capital.population", MG_ELEMENT, {"country", "capital", "population"}, CAP, MG_CHAIN, {0}},
    {"element.country.capital.time zone", MG_ELEMENT, {"country", "capital", "time zone"}, CAP, MG_CHAIN, {0}},
    {"element.country.currency.number", MG_ELEMENT, {"country", "currency", "number"}, CAP, MG_CHAIN, {0}},
    {"compare.city.population", MG_CITY, {"population"}, CAP, MG_MORE,
     {"Which city has more people: %s or %s?", "Which is the larger city: %s or %s?",
      "Of %s and %s, which city has more people?", "Of %s and %s, which is the larger city?"}},
    {"compare.person.birth year", MG_PERSON, {"birth year"}, CAP, MG_LESS,
     {"Who was born first: %s or %s?", "Who is older: %s or %s?", "Of %s and %s, who was born first?",
      "Of %s and %s, who is older?"}},
    {"compare.country.capital.population", MG_COUNTRY, {"capital", "population"}, CAP, MG_MORE,
     {"Which city has more people: the capital of %s or the capital of %s?",
      "Which capital has more people: the one of %s or the one of %s?",
      "Of the capital of %s and the capital of %s, which city has more people?",
      "Of the capitals of %s and %s, which has more people?"}},
    {"difference.country.population", MG_COUNTRY, {"population"}, CAP, MG_MORE_BY,
     {"How many more people live in %s than in %s?", "How many more people does %s have than %s?",
      "By how many people is %s larger than %s?", "How many more inhabitants does %s have than %s?"}},
    {"difference.city.population", MG_CITY, {"population"}, CAP, MG_MORE_BY,
     {"How many more people live in %s than in %s?", "How many more people does %s have than %s?",
      "By how many people is %s larger than %s?", "How many more inhabitants does %s have than %s?"}},
    {"difference.person.birth year", MG_PERSON, {"birth year"}, CAP, MG_LESS_BY,
     {"How old was %s when %s was born?", "What age was %s when %s was born?",
      "How many years after %s was %s born?", "By how many years is %s older than %s?"}},
};
const unsigned mg_n_templates = sizeof mg_template / sizeof *mg_template;

bool
mg_is_difference(const struct mg_template *t)
{
    return t->compare == MG_MORE_BY || t->compare == MG_LESS_BY;
}

static const char *const frame[MG_FORMS] = {"What is %s?", "Tell me %s.", "Name %s.", "Give me %s."};
static const char *const ask[MG_ASK_FORMS][2] = {{"What is the ", " of %s?"}, {"Find the ", " of %s."},
                                                 {"Look up the ", " of %s."}};
static const char *const subtract[MG_ASK_FORMS][2] = {{"Subtract ", " from "}, {"Take ", " away from "},
                                                      {"Deduct ", " from "}};

/* Phrasings of a relation, by the kind of entity that has the key. The last form is kept for the test split. */
static const struct relation {
    enum mg_kind kind;
    const char *key, *form[MG_FORMS];
} relation[] = {
    {MG_COUNTRY, "capital", {"the capital of %s", "the capital city of %s", "the national capital of %s", "the official capital of %s"}},
    {MG_COUNTRY, "currency", {"the currency of %s", "the currency used in %s", "the money of %s", "the money used in %s"}},
    {MG_COUNTRY, "language", {"the official language of %s", "the language of %s", "the language spoken in %s", "the official language spoken in %s"}},
    {MG_COUNTRY, "calling code", {"the calling code of %s", "the telephone calling code of %s", "the code for calling %s", "the telephone code for calling %s"}},
    {MG_COUNTRY, "demonym", {"the demonym of %s", "the demonym for people of %s", "the name for a person from %s", "the demonym for a person from %s"}},
    {MG_COUNTRY, "population", {"the population of %s", "the number of people in %s", "the number of inhabitants of %s", "the number of people of %s"}},
    {MG_COUNTRY, "domain", {"the domain of %s", "the internet domain of %s", "the web domain of %s", "the domain on the web of %s"}},
    {MG_CITY, "country", {"the country of %s", "the country where %s lies", "the country of the city of %s", "the country where the city of %s lies"}},
    {MG_CITY, "population", {"the population of %s", "the number of people in %s", "the number of inhabitants of %s", "the number of people of %s"}},
    {MG_CITY, "time zone", {"the time zone of %s", "the time zone in %s", "the time zone used in %s", "the zone of the time in %s"}},
    {MG_REGION, "country", {"the country of %s", "the country that contains %s", "the country of the region of %s", "the country that contains the region of %s"}},
    {MG_PERSON, "country", {"the country of %s", "the home country of %s", "the country that %s came from", "the home of %s"}},
    {MG_PERSON, "birth year", {"the birth year of %s", "the year of birth of %s", "the year in which %s was born", "the year of the birth of %s"}},
    {MG_FEATURE, "country", {"the country of %s", "the country where %s lies", "the country that contains %s", "the country in which %s lies"}},
    {MG_CURRENCY, "country", {"the country of the %s", "the country that uses the %s", "the country where the %s is used", "the country where people use the %s"}},
    {MG_CURRENCY, "number", {"the number of %s", "the ISO number of %s", "the numeric code of %s", "the ISO numeric code of %s"}},
    {MG_LANGUAGE, "country", {"the country of the %s language", "the country where %s is official", "the country where %s is an official language", "the country where the official language is %s"}},
    {MG_SCRIPT, "country", {"the country of the %s", "the country where the %s began", "the country where the %s originated", "the home country of the %s"}},
    {MG_ELEMENT, "country", {"the country where %s was discovered", "the discovery country of %s", "the country where the element %s was discovered", "the country of the discovery of %s"}},
    {MG_ELEMENT, "symbol", {"the symbol of %s", "the symbol of the element %s", "the chemical symbol of %s", "the chemical symbol of the element %s"}},
    {MG_ELEMENT, "discovery year", {"the discovery year of %s", "the year in which %s was discovered", "the year of discovery of %s", "the year in which the element %s was discovered"}},
    {MG_TIMEZONE, "offset", {"the offset of %s", "the UTC offset of %s", "the standard offset of %s", "the standard UTC offset of %s"}},
};
/* clang-format on */

static const char *
relation_form(enum mg_kind kind, const char *key, unsigned form)
{
    for (size_t i = 0; i < sizeof relation / sizeof *relation; i++)
        if (relation[i].kind == kind && strcmp(relation[i].key, key) == 0)
            return relation[i].form[form];
    return "%s";
}

/* The kind that a key leads to. */
static enum mg_kind
kind_behind(const char *key)
{
    if (strcmp(key, "country") == 0)
        return MG_COUNTRY;
    if (strcmp(key, "capital") == 0)
        return MG_CITY;
    return strcmp(key, "currency") == 0 ? MG_CURRENCY : strcmp(key, "language") == 0 ? MG_LANGUAGE : MG_TIMEZONE;
}

static bool
ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), m = strlen(tail);

    return n >= m && strcmp(s + n - m, tail) == 0;
}

/* English puts an article before these names; pages, sub-questions and answers have none. */
static bool
takes_article(const char *name)
{
    static const char *const head[] = {
        "United ",     "Democratic Republic", "Republic of", "Dominican Republic", "Central African",
        "Netherlands", "Philippines",         "Bahamas",     "Maldives",           "Comoros",
        "Gambia",      "Seychelles"};
    static const char *const tail[] = {" Islands", " River", " Mountains", " Sea", " Desert", " Canal", " Strait"};

    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        if (strncmp(name, head[i], strlen(head[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof tail / sizeof *tail; i++)
        if (ends_with(name, tail[i]))
            return true;
    return false;
}

static void
add_name(struct mg_text *out, const char *name)
{
    mg_text_add(out, takes_article(name) ? "the " : "");
    mg_text_add(out, name);
}

static void
compare_text(const char *form, const char *const name[2], struct mg_text *out)
{
    for (int i = 0; i < 2; i++) {
        const char *hole = strstr(form, "%s");

        mg_text_addn(out, form, (size_t)(hole - form));
        add_name(out, name[i]);
        form = hole + 2;
    }
    mg_text_add(out, form);
}

void
mg_question_text(const struct mg_template *t, struct mg_phrasing phrasing, const char *const name[2],
                 struct mg_text *out)
{
    struct mg_text said[2] = {{0}, {0}};
    enum mg_kind kind = t->start;
    int now = 0;

    if (t->compare != MG_CHAIN) {
        compare_text(t->compare_form[phrasing.frame], name, out);
        return;
    }
    if (kind == MG_CURRENCY || kind == MG_SCRIPT || kind == MG_LANGUAGE)
        mg_text_add(&said[now], name[0]);
    else
        add_name(&said[now], name[0]);
    for (int i = 0; i < MG_PATH && t->path[i]; i++) {
        mg_text_clear(&said[!now]);
        mg_text_fill(&said[!now], relation_form(kind, t->path[i], phrasing.relation[i]), mg_text_str(&said[now]));
        now = !now;
        kind = kind_behind(t->path[i]);
    }
    mg_text_fill(out, frame[phrasing.frame], mg_text_str(&said[now]));
    out->failed = out->failed || said[0].failed || said[1].failed;
    mg_text_free(&said[0]);
    mg_text_free(&said[1]);
}

void
mg_ask_text(unsigned form, const char *key, const char *title, struct mg_text *out)
{
    mg_text_add(out, ask[form][0]);
    mg_text_add(out, key);
    mg_text_fill(out, ask[form][1], title);
}

void
mg_difference_text(unsigned form, const char *less, const char *more, struct mg_text *out)
{
    mg_text_add(out, subtract[form][0]);
    mg_text_add(out, less);
    mg_text_add(out, subtract[form][1]);
    mg_text_add(out, more);
    mg_text_add(out, ".");
}
