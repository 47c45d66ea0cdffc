/* SPDX-License-Identifier: Apache-2.0 */
#include "store_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

char dir[64], address[160];
struct mg_store *a, *b;
struct redis_server redis;

enum mg_status
try_open(struct mg_store **out)
{
    struct mg_store_place place = {.address = address, .holder = "here"};

    mg_err_clear(&err);
    return mg_store_open(&place, out, &err);
}

struct mg_store *
open_store(void)
{
    struct mg_store *s = NULL;

    ck_assert_msg(try_open(&s) == MG_OK, "%s", err.text);
    return s;
}

void
take(struct mg_store *s, const char *agent)
{
    bool first;

    mg_ok(mg_store_hold(s, agent, &first, &err));
}

static void
open_both(void)
{
    a = open_store();
    b = open_store();
    take(a, "main");
    take(b, "search");
}

void
setup_sqlite(void)
{
    scratch_make(dir);
    snprintf(address, sizeof address, "%s/store.db", dir);
    open_both();
}

void
setup_redis(void)
{
    scratch_make(dir);
    ck_assert_int_eq(setenv("MGRPO_REDIS_PASSWORD", REDIS_PASSWORD, 1), 0);
    snprintf(address, sizeof address, "redis://" REDIS_USER "@127.0.0.1:%d/0/%s", redis.port, strrchr(dir, '/') + 1);
    open_both();
}

void
teardown(void)
{
    mg_store_close(a);
    mg_store_close(b);
    scratch_remove(dir);
}

static void
setup_own_redis(void)
{
    redis_create(&redis, "");
    redis_start(&redis);
    setup_redis();
}

static void
teardown_own_redis(void)
{
    teardown();
    redis_remove(&redis);
}

TCase *
own_redis_case(const char *name)
{
    if (!redis_installed()) {
        printf("redis-server is not installed: skipped\n");
        exit(77);
    }
    return suite_case(name, setup_own_redis, teardown_own_redis, 60);
}

enum mg_status
ask_for(const char *agent, uint32_t question, uint32_t version, const char *text)
{
    struct mg_subtask t = {.key = {3, question, 1, 2}, .version = version, .agent = agent, .text = text};
    struct mg_results none = {0};
    int64_t cursor = INT64_MAX;
    enum mg_status st;

    mg_err_clear(&err);
    st = mg_store_ask(a, 3, &t, 1, &cursor, &none, &err);
    ck_assert_uint_eq(none.n, 0);
    mg_results_free(&none);
    return st;
}

enum mg_status
ask(uint32_t question, uint32_t version, const char *text)
{
    return ask_for("search", question, version, text);
}

enum mg_status
answer(const struct mg_result *r)
{
    struct mg_subtasks none = {0};
    struct mg_phase_end end;
    int64_t cursor = INT64_MAX;
    enum mg_status st;

    mg_err_clear(&err);
    st = mg_store_serve(b, r->key.phase, 5, r, 1, &cursor, &none, &end, &err);
    ck_assert_uint_eq(none.n, 0);
    mg_subtasks_free(&none);
    return st;
}

static char told[4096];

static void
tell(uint32_t question, const char *text)
{
    size_t n = strlen(told);

    snprintf(told + n, sizeof told - n, "%u %.60s;", question, text != NULL ? text : "(none)");
}

const char *
claim(struct mg_store *s, uint32_t version, int64_t *cursor)
{
    struct mg_subtasks t = {0};
    struct mg_phase_end end;

    mg_err_clear(&err);
    told[0] = '\0';
    ck_assert_msg(mg_store_serve(s, 3, version, NULL, 0, cursor, &t, &end, &err) == MG_OK, "%s", err.text);
    for (size_t i = 0; i < t.n; i++)
        tell(t.row[i].key.question, t.row[i].text);
    mg_subtasks_free(&t);
    return told;
}

const char *
results(int64_t *cursor)
{
    struct mg_results r = {0};

    mg_err_clear(&err);
    told[0] = '\0';
    ck_assert_msg(mg_store_ask(a, 3, NULL, 0, cursor, &r, &err) == MG_OK, "%s", err.text);
    for (size_t i = 0; i < r.n; i++)
        tell(r.row[i].key.question, r.row[i].text);
    mg_results_free(&r);
    return told;
}
