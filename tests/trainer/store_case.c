/* SPDX-License-Identifier: Apache-2.0 */
#include "store_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char dir[64], path[96];
struct mg_store *a, *b;

void
setup(void)
{
    strcpy(dir, "/tmp/check_store.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/store.db", dir);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_open(path, "run-1", &a, &err), MG_OK);
    ck_assert_int_eq(mg_store_open(path, "run-1", &b, &err), MG_OK);
    ck_assert_int_eq(mg_store_hold(a, MG_SIDE_MAIN, &err), MG_OK);
    ck_assert_int_eq(mg_store_hold(b, MG_SIDE_SEARCH, &err), MG_OK);
}

void
teardown(void)
{
    char command[128];

    mg_store_close(a);
    mg_store_close(b);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

enum mg_status
put_subtask(struct mg_store *s, void *arg, struct mg_err *e)
{
    return mg_store_put_subtask(s, arg, e);
}

enum mg_status
ask(uint32_t question, uint32_t version, const char *text)
{
    struct mg_subtask t = {.key = {3, question, 1, 2}, .version = version, .text = text};

    mg_err_clear(&err);
    return mg_store_transact(a, true, put_subtask, &t, &err);
}

static enum mg_status
take(void *arg, const struct mg_subtask *t, struct mg_err *e)
{
    struct claimed *c = arg;

    (void)e;
    c->n++;
    snprintf(c->last, sizeof c->last, "%u/%u/%u/%u %s", t->key.phase, t->key.question, t->key.rollout, t->key.call,
             t->text);
    return MG_OK;
}

enum mg_status
claim_body(struct mg_store *s, void *arg, struct mg_err *e)
{
    struct claimed *c = arg;

    c->n = 0;
    return mg_store_claim(s, c->phase, c->version, take, c, e);
}
