/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a run: begun once, gone on with under the same configuration alone. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "agent/extend.h"
#include "run/run_dir.h"
#include "run/run_path.h"
#include "run/run_unused.h"
#include "scratch.h"
#include "suite.h"

static const char conf_text[] = "corpus = c.db\nquestions = q.jsonl\ntokenizer = t.json\n# a remark\n"
                                "agent main {\n model = m\n calls = {search}\n}\nagent search {\n model = s\n}\n";

static struct mg_config config;
static struct mg_digests inputs; /* of files that nobody reads here */
static char folder[64], conf[96], run[96];

static void
begin(void)
{
    scratch_make(folder);
    snprintf(conf, sizeof conf, "%s/run.conf", folder);
    snprintf(run, sizeof run, "%s/of/run", folder);
    scratch_put(folder, "run.conf", conf_text);
    ck_assert_msg(mg_config_load(conf, &config, &err) == MG_OK, "%s", err.text);
    inputs = (struct mg_digests){.of = {{"corpus", config.corpus, "00000000000000aa"},
                                        {"agent main: model", config.agent[0].model, "00000000000000bb"}},
                                 .n = 2};
}

static void
end(void)
{
    static const char *const names[] = {"/of/run/run.json", "/of/run/mgrpo.conf", "/of/run", "/of", "/run.conf", ""};
    char path[256];

    mg_config_free(&config);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        remove(path);
    }
    ck_assert_msg(access(folder, F_OK) != 0, "%s holds more than a run", folder);
}

START_TEST(a_run_begins)
{
    char path[256], *text = NULL;
    size_t len = 0;
    struct mg_config again = {0};

    ck_assert_msg(mg_run_begin(run, conf, &config, &inputs, &err) == MG_OK, "%s", err.text);
    snprintf(path, sizeof path, "%s/mgrpo.conf", run);
    ck_assert_int_eq(mg_file_read(path, 4096, &text, &len, &err), MG_OK);
    ck_assert_str_eq(text, conf_text);
    free(text);
    ck_assert_msg(mg_run_config(run, &again, &err) == MG_OK, "%s", err.text);
    ck_assert_str_eq(again.corpus, config.corpus);
    ck_assert_uint_eq(again.steps, config.steps);
    mg_config_free(&again);
}
END_TEST

/* The record is what was understood: other words for the same are the same. */
START_TEST(it_goes_on_with_the_same_configuration)
{
    struct mg_config same = {0};

    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_OK);
    scratch_put(folder, "run.conf",
                "corpus = c.db\nquestions = q.jsonl\ntokenizer = t.json\nlr = 0.0001\n"
                "agent main {\n calls = { search }\n model = m\n}\nagent search {\n model = s\n}\n");
    ck_assert_int_eq(mg_config_load(conf, &same, &err), MG_OK);
    ck_assert_msg(mg_run_begin(run, conf, &same, &inputs, &err) == MG_OK, "%s", err.text);
    mg_config_free(&same);
}
END_TEST

START_TEST(another_configuration_is_refused)
{
    char path[256], *text = NULL;
    size_t len = 0;

    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_OK);
    config.rollouts = 4;
    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_INPUT);
    ck_assert_msg(strstr(err.text, run) != NULL && strstr(err.text, "rollouts: 4, was 8") != NULL, "%s", err.text);
    ck_assert_ptr_nonnull(strstr(err.hint, "--run"));
    snprintf(path, sizeof path, "%s/run.json", run);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_file_read(path, 4096, &text, &len, &err), MG_OK);
    ck_assert_ptr_nonnull(strstr(text, "\"rollouts\": \"8\""));
    free(text);
}
END_TEST

/* A start that failed binds the next one to nothing; what an agent has ended does, and so does an agent that works. */
START_TEST(a_failed_start_is_forgotten)
{
    static const char *const kept[] = {"main/metrics.jsonl", "main/state-000000001", "search/model"};
    char path[256];
    int lock;

    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    mg_ok(mg_dir_make(mg_path_print("%s/main/rollouts", run).text, &err));
    mg_ok(mg_dir_make(mg_path_print("%s/search", run).text, &err));
    scratch_put(run, "main/lock", "");
    scratch_put(run, "main/rollouts/000000.tools.jsonl", "{}\n");
    scratch_put(run, "main/rollouts/mine.txt", "of the user's");
    scratch_put(run, "store.db", "rows");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        scratch_put(run, kept[i], "");
        ck_assert_msg(!mg_run_unused(run), "%s", kept[i]);
        snprintf(path, sizeof path, "%s/%s", run, kept[i]);
        ck_assert_int_eq(unlink(path), 0);
    }
    snprintf(path, sizeof path, "%s/main/lock", run);
    lock = open(path, O_RDWR);
    ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
    ck_assert(!mg_run_unused(run));
    close(lock);
    ck_assert(mg_run_unused(run));

    config.rollouts = 4;
    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_INPUT);
    mg_err_clear(&err);
    mg_ok(mg_run_forget(run, &err));
    ck_assert(!mg_run_begun(run));
    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    ck_assert_int_ne(access(mg_path_print("%s/store.db", run).text, F_OK), 0);
    ck_assert_int_ne(access(mg_path_print("%s/main/rollouts/000000.tools.jsonl", run).text, F_OK), 0);
    snprintf(path, sizeof path, "%s/main/rollouts/mine.txt", run);
    ck_assert_int_eq(unlink(path), 0); /* it was left */
    for (const char *const *p = (const char *const[]){"main/rollouts", "main/lock", "main", "search", NULL}; *p; p++)
        ck_assert_int_eq(remove(mg_path_print("%s/%s", run, *p).text), 0);
}
END_TEST

/* A folder that was moved goes on: paths are other, what lies at them is the same. The record has the new paths. */
START_TEST(moved_inputs_go_on)
{
    struct mg_config again = {0};

    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_OK);
    free(config.corpus);
    config.corpus = strdup("/elsewhere/c.db");
    inputs.of[0].path = config.corpus;
    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    mg_ok(mg_run_config(run, &again, &err));
    ck_assert_str_eq(again.corpus, "/elsewhere/c.db");
    mg_config_free(&again);
}
END_TEST

/* run.json has what a run is begun with and to how many steps it was extended; a configuration of the user's never
 * has. */
START_TEST(a_run_is_extended)
{
    struct mg_config again = {0};

    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    config.n_extended = 2;
    config.extended[0] = config.steps + 20;
    config.extended[1] = config.steps + 50;
    mg_ok(mg_run_record(run, &config, &err));
    mg_ok(mg_run_config(run, &again, &err));
    ck_assert(again.steps == config.steps && again.n_extended == 2 && mg_config_steps(&again) == config.steps + 50);
    ck_assert_uint_eq(again.extended[0], config.steps + 20);
    mg_ok(mg_run_compare_inputs(run, &inputs, &err));
    config.n_extended = 0;
    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    ck_assert_uint_eq(mg_config_steps(&config), config.steps + 50);
    mg_config_free(&again);
}
END_TEST

static void
refuses_to_extend(uint32_t steps, const char *says)
{
    const uint32_t before = config.n_extended;

    mg_err_clear(&err);
    ck_assert_int_eq(mg_extend(run, &config, MG_ALL_AGENTS, steps, &err), MG_INPUT);
    suite_says(err.text, run, says);
    ck_assert_uint_eq(config.n_extended, before);
}

/* As many as it has already is nothing to do: a command that was interrupted may be repeated. */
START_TEST(what_is_no_extension_is_refused)
{
    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    refuses_to_extend(config.steps + 50, "has not ended: the newest state of main is of step 0 of 80");
    config.n_extended = 1;
    config.extended[0] = config.steps + 50;
    mg_err_clear(&err);
    mg_ok(mg_extend(run, &config, MG_ALL_AGENTS, config.steps + 50, &err));
    ck_assert_uint_eq(config.n_extended, 1);
    refuses_to_extend(config.steps + 49, "is of 130 train steps, and is to be of 129");
    for (config.n_extended = 0; config.n_extended < MG_MAX_ENDS; config.n_extended++)
        config.extended[config.n_extended] = config.steps + 1 + config.n_extended;
    refuses_to_extend(config.steps + 500, "was extended 64 times, which is the most");
}
END_TEST

/* What run.json says of it is read as if anyone had written it. */
START_TEST(an_extension_that_is_none_is_refused)
{
    static const char *const wrong[] = {"7",    "\"120\"",  "{\"a\": 1}", "[\"120\"]", "[80]",  "[79]",   "[0]",
                                        "[-1]", "[90, 90]", "[90, 85]",   "[1000001]", "[1e3]", "[[90]]", "[null]"};
    char *text = mg_config_to_json(&config);
    json_t *root = json_loads(text, 0, NULL), *many = json_array();

    for (size_t i = 0; i <= sizeof wrong / sizeof wrong[0]; i++) {
        bool last = i == sizeof wrong / sizeof wrong[0];
        struct mg_config c = {0};
        char *bad;

        for (int k = 0; last && k <= MG_MAX_ENDS; k++)
            json_array_append_new(many, json_integer(100 + k));
        json_object_set_new(root, MG_CONFIG_EXTENDED,
                            last ? json_incref(many) : json_loads(wrong[i], JSON_DECODE_ANY, NULL));
        bad = json_dumps(root, 0);
        ck_assert_msg(mg_config_from_json(bad, &c, &err) == MG_INPUT, "%s is taken", last ? "a long list" : wrong[i]);
        suite_says(err.text, MG_CONFIG_EXTENDED);
        mg_err_clear(&err);
        free(bad);
    }
    json_decref(many);
    json_decref(root);
    free(text);
}
END_TEST

START_TEST(a_changed_input_is_refused_by_its_name)
{
    for (uint32_t i = 0; i < inputs.n; i++) {
        char was = inputs.of[i].text[0];

        mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
        inputs.of[i].text[0] = 'f';
        ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_INPUT);
        suite_says(err.text, inputs.of[i].name, inputs.of[i].path, run);
        suite_says(err.hint, inputs.of[i].text, "--run");
        mg_err_clear(&err);
        ck_assert_int_eq(mg_run_compare_inputs(run, &inputs, &err), MG_INPUT);
        suite_says(err.text, inputs.of[i].name);
        inputs.of[i].text[0] = was;
    }
    mg_ok(mg_run_compare_inputs(run, &inputs, &err));
}
END_TEST

/* Agents that come later bring the digests of what they alone read. */
START_TEST(a_later_agent_adds_its_inputs)
{
    struct mg_digests both = inputs;

    inputs.n = 1;
    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    mg_ok(mg_run_begin(run, conf, &config, &both, &err));
    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    both.of[1].text[0] = 'f';
    ck_assert_int_eq(mg_run_begin(run, conf, &config, &both, &err), MG_INPUT);
}
END_TEST

/* A run.json of an older version lacks what this one has added, one of a later version has more. */
START_TEST(records_of_other_versions_are_told)
{
    static const struct {
        const char *from, *to, *says;
    } other[] = {{"\"top_k\"", "\"top_x\"", "lacks top_k"},
                 {"\"inputs\"", "\"outputs\"", "has the key outputs, which this mgrpo does not know"},
                 {"\"inputs\": {", "\"inputs\": 3, \"inputs\": [{", "the recorded configuration is not JSON"}};
    char path[256], *text = NULL;
    size_t len = 0;

    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    snprintf(path, sizeof path, "%s/run.json", run);
    mg_ok(mg_file_read(path, 1 << 16, &text, &len, &err));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        char changed[1 << 14];
        const char *at = strstr(text, other[i].from);

        ck_assert_ptr_nonnull(at);
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, other[i].to, at + strlen(other[i].from));
        scratch_put(run, "run.json", changed);
        mg_err_clear(&err);
        ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_INPUT);
        suite_says(err.text, "run.json", other[i].says);
        suite_says(err.hint, "another version");
    }
    free(text);
}
END_TEST

START_TEST(a_record_without_digests_is_told)
{
    char *text = mg_config_to_json(&config);

    mg_ok(mg_run_begin(run, conf, &config, &inputs, &err));
    scratch_put(run, "run.json", text);
    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_INPUT);
    suite_says(err.text, "run.json lacks inputs");
    suite_says(err.hint, "another version");
    free(text);
}
END_TEST

START_TEST(what_is_no_run_is_told)
{
    struct mg_config c = {0};

    ck_assert_int_eq(mg_run_config(folder, &c, &err), MG_INPUT);
    ck_assert_msg(strstr(err.text, folder) != NULL && strstr(err.text, "run.json") != NULL, "%s", err.text);
}
END_TEST

/* Begun or not, a run without a readable configuration does not begin. */
START_TEST(a_missing_configuration_is_told)
{
    char path[256];

    mg_fails(mg_run_begin(run, "no-such.conf", &config, &inputs, &err), MG_INPUT, "no-such.conf");
    snprintf(path, sizeof path, "%s/run.json", run);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_damaged_record_is_told)
{
    static const char *const bad[] = {"", "{", "[]", "{}", "{\"corpus\": 3}"};
    struct mg_config c = {0};

    ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        scratch_put(run, "run.json", bad[i]);
        mg_err_clear(&err);
        ck_assert_int_eq(mg_run_config(run, &c, &err), MG_INPUT);
        ck_assert_msg(strstr(err.text, "run.json: the recorded configuration") != NULL, "%s", err.text);
        ck_assert_ptr_nonnull(strstr(err.hint, "another version"));
        mg_err_clear(&err);
        ck_assert_int_eq(mg_run_begin(run, conf, &config, &inputs, &err), MG_INPUT);
    }
}
END_TEST

int
main(void)
{
    suite_tests(suite_case("run dir", begin, end, 0), a_run_begins, it_goes_on_with_the_same_configuration,
                another_configuration_is_refused, a_failed_start_is_forgotten, moved_inputs_go_on, a_run_is_extended,
                what_is_no_extension_is_refused, an_extension_that_is_none_is_refused,
                a_changed_input_is_refused_by_its_name, a_later_agent_adds_its_inputs,
                records_of_other_versions_are_told, a_record_without_digests_is_told, what_is_no_run_is_told,
                a_missing_configuration_is_told, a_damaged_record_is_told);
    return suite_main();
}
