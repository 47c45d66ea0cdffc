/* SPDX-License-Identifier: Apache-2.0 */
#include "demo_case.h"

#include <stdio.h>

#include "fake_policy.h"
#include "scratch.h"
#include "suite.h"

char path[128];
struct mg_tokenizer *tok;
struct mg_demo_file *demos;

static char folder[64];

void
demos_begin(void)
{
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/demos.jsonl", folder);
    mg_ok(mg_fake_tokenizer(&tok, &err));
}

void
demos_end(void)
{
    mg_demo_file_close(demos);
    mg_tokenizer_free(tok);
    scratch_remove(folder);
}

void
demos_open(const void *bytes, size_t n, const char *agent)
{
    scratch_write(path, bytes, n);
    mg_demo_file_close(demos);
    mg_ok(mg_demo_file_open(path, agent, tok, &demos, &err));
}
