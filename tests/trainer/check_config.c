/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: defaults, ranges, sentences with file and line, the recorded form and its comparison. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_case.h"
#include "run/config_keys.h"

START_TEST(defaults_are_those_of_the_manual)
{
    struct mg_config c = {0};

    config_loads(HEAD MODELS, &c);
    ck_assert_uint_eq(c.step_questions, 16);
    ck_assert_uint_eq(c.rollouts, 8);
    ck_assert_uint_eq(c.n_agents, 2);
    ck_assert_uint_eq(c.agent[1].aligned, 8);
    ck_assert_uint_eq(c.steps, 80);
    ck_assert_int_eq(c.alignment, MG_ALIGN_EXPECT);
    ck_assert_str_eq(mg_objectives[c.objective].name, "dapo");
    ck_assert_int_eq(c.preset, MG_CO_TRAIN);
    ck_assert_double_eq(c.lr, 1e-4);
    ck_assert_double_eq(c.beta2, 0.98);
    ck_assert_str_eq(c.agent[0].name, "main");
    ck_assert_uint_eq(c.agent[0].turns, 7);
    ck_assert_double_eq(c.agent[0].reward.correct, 0.9);
    ck_assert_double_eq(c.agent[0].reward.expert, 0.0);
    ck_assert_str_eq(c.agent[1].name, "search");
    ck_assert_uint_eq(c.agent[1].context, 512);
    ck_assert_double_eq(c.agent[1].reward.correct, 0.4);
    ck_assert_double_eq(c.agent[1].reward.expert, 0.5);
    ck_assert(c.agent[0].train && c.agent[1].train);
    ck_assert_str_eq(c.tokenizer, "/t.json");
    mg_config_free(&c);
}
END_TEST

START_TEST(paths_begin_at_the_file)
{
    struct mg_config c = {0};
    char want[8192], *here = realpath(config_folder, NULL);

    config_loads(HEAD MODELS, &c);
    snprintf(want, sizeof want, "%s/c.db", here);
    ck_assert_str_eq(c.corpus, want);
    snprintf(want, sizeof want, "%s/s", here);
    ck_assert_str_eq(c.agent[1].model, want);
    mg_config_free(&c);
    free(here);
}
END_TEST

static void
try_range(void *at, const struct mg_config_key *key)
{
    double values[] = {key->min, key->max, key->min - 1.0, key->max * 1.5 + 1.0};

    for (int v = 0; v < 4; v++) {
        char text[64];
        const char *pointer = text;
        enum mg_status want = v < 2 ? MG_OK : MG_INPUT;

        snprintf(text, sizeof text, "%.17g", values[v]);
        mg_err_clear(&err);
        ck_assert_msg(mg_config_set(at, key, &pointer, 1, "x.conf:3", &err) == want, "%s = %s: %s", key->name, text,
                      err.text);
        ck_assert(want == MG_OK || (strstr(err.text, key->name) != NULL && strstr(err.text, text) != NULL));
    }
}

/* Both ends of every range are taken, a step beyond is refused with its line and value. */
START_TEST(every_range_ends_where_it_says)
{
    struct mg_config c = {0};

    for (size_t i = 0; i < mg_n_config_keys; i++)
        if (mg_config_keys[i].type == MG_KEY_UINT || mg_config_keys[i].type == MG_KEY_REAL)
            try_range(&c, &mg_config_keys[i]);
    for (size_t s = 0; s < MG_N_SECTIONS; s++) {
        ck_assert_int_eq(mg_section_alloc(&c, &mg_sections[s], 1, &err), MG_OK);
        for (size_t i = 0; i < mg_sections[s].n_keys; i++)
            if (mg_sections[s].keys[i].type == MG_KEY_UINT || mg_sections[s].keys[i].type == MG_KEY_REAL)
                try_range(mg_section_item(&c, &mg_sections[s], 0), &mg_sections[s].keys[i]);
    }
    mg_config_free(&c);
}
END_TEST

START_TEST(a_wrong_value_is_named)
{
    config_refuses_line("steps = 0", "steps", "\"0\"");
    config_refuses(HEAD "steps = 8.5\n" MODELS, ":4:", "steps", "\"8.5\"");
    config_refuses(HEAD MODELS "\nsteps = many\n", ":12:", "steps", "\"many\"");
    config_refuses_line("beta1 = 1", "to 0.9999999", "\"1\"");
    config_refuses_line("steps = 1000001", "to 1000000", "\"1000001\"");
    config_refuses("store = \"redis:/h\"\n" HEAD MODELS, ": store is", "redis://", "redis:/h");
    config_refuses_line("lr = nan", "lr", "\"nan\"");
    config_refuses_line("seed = -1", "seed", "\"-1\"");
    config_refuses_line("seed = 18446744073709551616", "seed", "18446744073709551616");
    config_refuses_line("objective = ppo", "dapo, mrlx, dr-grpo", "\"ppo\"");
    config_refuses(HEAD "agent main {\n model = m\n turns = 65\n}\n", ":6: agent main:", "turns", "\"65\"");
    config_refuses(HEAD ROOT "agent search {\n model = s\n train = maybe\n}\n", ":10: agent search:", "false, true",
                   "\"maybe\"");
}
END_TEST

START_TEST(a_wrong_file_is_named)
{
    config_refuses_line("stepz = 3", "no such option", "stepz");
    config_refuses_line("step_qestions = 3", "did you mean step_questions?", "step_qestions");
    config_refuses_line("weightdecay = 3", "did you mean weight_decay?", "weightdecay");
    config_refuses(HEAD "agent main {\n model = m\n contxet = 3\n}\n", ":6:", "did you mean context?", "contxet");
    config_refuses(HEAD MODELS "device = cpu\n", ":11:", "it belongs into a section agent", "device");
    config_refuses(HEAD "agent main {\n model = m\n seed = 3\n}\n", ":6:", "it stands outside of all sections", "seed");
    config_refuses("corpus = \"c.db\nquestions = \"q/a.jsonl\"\n", ":2:", "a quotation mark missing", "q/a.jsonl");
    config_refuses(HEAD MODELS "seed = -1\n", ":11:", "from 0 to 18446744073709551615", "seed");
    config_refuses(HEAD "agnet main {\n}\n", ":4:", "did you mean agent?", "agnet");
    config_refuses_line("quux = 3", "no such option 'quux'", "quux'");
    ck_assert_ptr_null(strstr(err.text, "did you mean"));
    config_refuses(HEAD MODELS "steps = 3\nlr = 1\nsteps = 4\n", ":13:", "steps is given twice", "line 11");
    config_refuses(HEAD "agent main {\n model = m\n model = n\n}\n", ":6:", "model is given twice", "5");
    config_refuses(HEAD "agent main {\n model = m\n calls = {a}\n calls = {b}\n}\n", ":7:", "calls is given twice",
                   "6");
    config_refuses(HEAD MODELS MODELS, ":", "duplicate title", "main");
    config_refuses(HEAD ROOT "agent search {\n}\n", ": agent search:", "model", "missing");
    config_refuses(MODELS, ":", "questions", "missing");
    config_refuses(HEAD "agents = single\nagent main {\n model = m\n", ": ends", "after 94 bytes", "section");
    config_refuses(HEAD MODELS "/* steps = 3\n", ": ends", "bytes", "comment");
    config_refuses(HEAD MODELS "steps = \n", ":12:", "premature end of file", "");
    config_refuses(HEAD MODELS "}\n", ":", "unexpected closing brace", "");
    config_refuses(HEAD MODELS "eval_split = \"test\n", ":", "premature end of file", "");
    config_refuses_line("agent = 3", "missing title", "agent");
    config_refuses_line("main {\n}", "no such option", "main");
    config_refuses("", "", "questions", "missing");
}
END_TEST

/* What a record in JSON could not hold, and what is no configuration at all. */
START_TEST(what_is_no_text_is_refused)
{
    static const char with_nul[] = HEAD MODELS "steps = 3\0\n";
    struct mg_config c = {0};
    size_t large = (1 << 20) + 1;
    char *spaces = malloc(large);

    config_refuses(HEAD "agent main {\n model = \"m\xff\"\n}\n", ":5: agent main:", "model", "not UTF-8");
    config_refuses(HEAD "agent main {\n model = \"m\\xc3\"\n}\n", ":5: agent main:", "model", "not UTF-8");
    ck_assert_int_eq(config_load_bytes(with_nul, sizeof with_nul - 1, &c), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "NUL"));
    ck_assert_ptr_nonnull(spaces);
    memset(spaces, ' ', large);
    ck_assert_int_eq(config_load_bytes(spaces, large, &c), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "1048576"));
    free(spaces);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_config_load(config_folder, &c, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, config_folder));
    mg_err_clear(&err);
    ck_assert_int_eq(mg_config_load("no-such-folder/run.conf", &c, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "no-such-folder"));
}
END_TEST

START_TEST(junk_is_refused)
{
    for (unsigned i = 0; i < 300; i++) {
        struct mg_config c = {0};
        unsigned char junk[200];

        suite_junk(junk, sizeof junk, i);
        ck_assert_int_eq(config_load_bytes(junk, 1 + i % sizeof junk, &c), MG_INPUT);
        ck_assert_msg(strstr(err.text, config_file) != NULL, "\"%s\" does not name the file", err.text);
    }
}
END_TEST

/* A ~ that a shell has left in a path is a name as any other. */
START_TEST(a_path_is_taken_as_it_is)
{
    struct mg_config c = {0};

    ck_assert_int_eq(chdir(config_folder), 0);
    ck_assert_int_eq(mkdir("~root", 0700), 0);
    strcpy(config_file, "~root/run.conf");
    config_loads(HEAD MODELS, &c);
    mg_config_free(&c);
    unlink(config_file);
    ck_assert_int_eq(rmdir("~root"), 0);
    ck_assert_int_eq(chdir(".."), 0);
}
END_TEST

START_TEST(values_must_fit_together)
{
    config_refuses(HEAD "agent main {\n model = m\n context = 32\n}\n", ": agent main:", "context is 32",
                   "new_tokens 32");
    config_refuses(HEAD MODELS "dual_clip = 0.5\n", ":", "dual_clip", "0.5");
    config_refuses(HEAD "agent main {\n model = m\n reward_format = 0\n reward_correct = 0\n}\n", ":", "reward", "0");
    config_refuses(HEAD "agent main {\n model = m\n reward_expert = 0.5\n}\n", ":", "reward_expert", "0.5");
}
END_TEST

/* Each key alone is in its range. */
START_TEST(draws_that_would_bias_the_gradient_are_refused)
{
    config_refuses(HEAD MODELS "top_k = 1\n", ":", "the whole distribution, need 0", "top_k is 1");
    config_refuses(HEAD MODELS "top_k = 50\n", ":", "the whole distribution, need 0", "top_k is 50");
    config_refuses(HEAD MODELS "top_p = 0.95\n", ":", "the whole distribution, need 1", "top_p is 0.95");
    ck_assert_ptr_nonnull(strstr(err.hint, "--top-p"));
}
END_TEST

START_TEST(settings_under_which_nothing_is_learnt_are_refused)
{
    config_refuses_line("rollouts = 1", "rollouts", "\"1\"");
    config_refuses(HEAD MODELS "lr = 0\n", ":", "nothing would be learnt", "lr is 0");
    config_refuses_line("adam_eps = 0", "adam_eps", "\"0\"");
    config_refuses(HEAD "agent main {\n model = m\n train = false\n}\n", ":", "no agent trains", "train is false");
    config_refuses(HEAD "agents = frozen-main\nagent main {\n model = m\n}\n", ":", "no agent trains", "");
    config_refuses(HEAD MODELS "steps = 80\nlr_warmup = 81\n", ":", "lr_warmup is 81", "steps is 80");
    config_refuses(HEAD MODELS "eval_every = 5\neval_questions = 0\n", ":", "eval_every is 5", "eval_questions 0");
}
END_TEST

START_TEST(the_record_reads_back)
{
    struct mg_config c = {0}, d = {0};
    char *before, *after;

    config_loads(HEAD MODELS "seed = 18446744073709551615\nlr = 0.1\nadvantage_eps = 3.0000000000000004e-7\n"
                             "alignment = draw\neval_split = dev\n",
                 &c);
    ck_assert(c.seed == UINT64_MAX);
    before = mg_config_to_json(&c);
    mg_err_clear(&err);
    ck_assert_msg(mg_config_from_json(before, &d, &err) == MG_OK, "%s", err.text);
    after = mg_config_to_json(&d);
    ck_assert_str_eq(before, after);
    ck_assert_ptr_null(mg_config_difference(before, after));
    ck_assert(d.seed == c.seed && d.lr == c.lr && d.advantage_eps == c.advantage_eps);
    ck_assert_int_eq(d.alignment, MG_ALIGN_DRAW);
    ck_assert_str_eq(d.eval_split, "dev");
    free(before);
    free(after);
    mg_config_free(&c);
    mg_config_free(&d);
}
END_TEST

START_TEST(a_difference_is_named)
{
    struct mg_config c = {0}, d = {0};
    char *a, *b, *said;

    config_loads(HEAD MODELS, &c);
    config_loads(HEAD "steps = 60\n" ROOT "agent search {\n model = s\n turns = 5\n}\n", &d);
    a = mg_config_to_json(&c);
    b = mg_config_to_json(&d);
    said = mg_config_difference(a, b);
    ck_assert_str_eq(said, "steps: 80, was 60");
    free(said);
    free(b);
    d.steps = 80;
    b = mg_config_to_json(&d);
    said = mg_config_difference(b, a);
    ck_assert_str_eq(said, "agent.search.turns: 5, was 4");
    free(said);
    free(a);
    free(b);
    mg_config_free(&c);
    mg_config_free(&d);
}
END_TEST

START_TEST(a_damaged_record_is_refused)
{
    struct mg_config c = {0};

    mg_err_clear(&err);
    ck_assert_int_eq(mg_config_from_json("{", &c, &err), MG_INPUT);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_config_from_json("{}", &c, &err), MG_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "corpus"));
}
END_TEST

START_TEST(the_examples_load)
{
    static const char *const name[] = {"examples/quickstart.conf", "examples/three-agents.conf"};
    struct mg_config c = {0};

    for (uint32_t i = 0; i < 2; i++) {
        mg_ok(mg_config_load(suite_source(name[i]).text, &c, &err));
        ck_assert_uint_eq(c.step_questions * c.rollouts, 128);
        ck_assert_uint_eq(c.n_agents, 2 + i);
        ck_assert_uint_eq(c.agent[1].aligned, 8);
        mg_config_free(&c);
    }
}
END_TEST

static void
has_keys(const char *path, const struct mg_config_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        FILE *f = fopen(path, "r");
        char line[4096], want[64];
        bool found = false;

        ck_assert_msg(f != NULL, "%s cannot be opened", path);
        snprintf(want, sizeof want, ".It Ic %s\n", keys[i].name);
        while (!found && fgets(line, sizeof line, f) != NULL)
            found = strcmp(line, want) == 0;
        fclose(f);
        ck_assert_msg(found, "%s lacks %s", path, keys[i].name);
    }
}

START_TEST(the_manual_has_every_key)
{
    struct mg_path page = suite_source("man/mgrpo.conf.5");

    has_keys(page.text, mg_config_keys, mg_n_config_keys);
    for (size_t s = 0; s < MG_N_SECTIONS; s++)
        has_keys(page.text, mg_sections[s].keys, mg_sections[s].n_keys);
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("config", config_begin, config_end, 0), defaults_are_those_of_the_manual,
                paths_begin_at_the_file, every_range_ends_where_it_says, a_wrong_value_is_named, a_wrong_file_is_named,
                what_is_no_text_is_refused, draws_that_would_bias_the_gradient_are_refused,
                settings_under_which_nothing_is_learnt_are_refused, junk_is_refused, a_path_is_taken_as_it_is,
                values_must_fit_together, the_record_reads_back, a_difference_is_named, a_damaged_record_is_refused,
                the_examples_load, the_manual_has_every_key);
    return suite_main();
}
