/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "run/run_dir.h"
#include "run/run_path.h"

/*
 * libFuzzer entry (scripts/fuzz): the input is run.json, in the folder of a run that goes on. What is accepted is accepted
 * again, with the digests that it lacked; what is refused is refused with a sentence.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char conf[] = "corpus = c\nquestions = q\ntokenizer = t\nagents = single\n"
                           "agent \"main\" {\n model = m\n tools = { \"search\" }\n}\n";
static char dir[64], conf_path[80];
static struct mg_config config;
static struct mg_digests inputs = {.n = 2};

static void
end(void)
{
    static const enum mg_run_file files[] = {MG_RUN_CONFIG, MG_RUN_CONF};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(mg_run_path(dir, files[i]).text);
    unlink(conf_path);
    rmdir(dir);
    mg_config_free(&config);
}

static void
begin(void)
{
    struct mg_err err = {0};

    snprintf(dir, sizeof dir, "/dev/shm/fuzz_run.%ld", (long)getpid());
    snprintf(conf_path, sizeof conf_path, "%s/given.conf", dir);
    if ((mkdir(dir, 0700) != 0 && errno != EEXIST) ||
        mg_file_write_atomic(conf_path, conf, sizeof conf - 1, &err) != MG_OK ||
        mg_config_load(conf_path, &config, &err) != MG_OK)
        abort();
    for (uint32_t i = 0; i < inputs.n; i++) {
        snprintf(inputs.of[i].name, sizeof inputs.of[i].name, "%s", i == 0 ? "corpus" : "questions");
        snprintf(inputs.of[i].text, sizeof inputs.of[i].text, "%016x", i + 1);
        inputs.of[i].path = "c";
    }
    atexit(end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mg_err err = {0};
    struct mg_config recorded = {0};

    if (dir[0] == '\0')
        begin();
    if (mg_file_write_atomic(mg_run_path(dir, MG_RUN_CONFIG).text, (const char *)data, size, &err) != MG_OK)
        abort();
    if (mg_run_config(dir, &recorded, &err) != MG_OK && err.text[0] == '\0')
        abort();
    mg_config_free(&recorded);
    mg_err_clear(&err);
    if (mg_run_begin(dir, conf_path, &config, &inputs, &err) != MG_OK) {
        if (err.text[0] == '\0')
            abort();
        mg_err_clear(&err);
        if (mg_run_compare_inputs(dir, &inputs, &err) != MG_OK && err.text[0] == '\0')
            abort();
    } else if (mg_run_begin(dir, conf_path, &config, &inputs, &err) != MG_OK ||
               mg_run_compare_inputs(dir, &inputs, &err) != MG_OK)
        abort();
    return 0;
}
