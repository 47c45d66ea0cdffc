/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a server that is killed, stopped, full, or has lost what it was given. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_case.h"

enum { ROUNDS = 600 };

/* A process that asks and answers, one act after the other, and is told of every row once. */
static int
work(void)
{
    struct mg_store *asks = open_store(), *serves = open_store();
    struct mg_subtasks claimed = {0};
    struct mg_results back = {0};
    struct mg_phase_end ended;
    int64_t there = 0, here = 0;
    size_t answered = 0;

    take(asks, "main");
    take(serves, "search");
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const struct mg_subtask t = {{3, i, 0, 0}, 5, "search", "where?"};
        const struct mg_result r = {.key = t.key, .text = "there"};

        mg_ok(mg_store_ask(asks, 3, &t, 1, &here, &back, &err));
        mg_ok(mg_store_serve(serves, 3, 5, &r, 1, &there, &claimed, &ended, &err));
        ck_assert_uint_eq(claimed.n, ++answered);
    }
    mg_ok(mg_store_ask(asks, 3, NULL, 0, &here, &back, &err));
    mg_ok(mg_store_hand_in(asks, 3, NULL, 0, ROUNDS, &err));
    ck_assert_uint_eq(back.n, ROUNDS);
    for (uint32_t i = 0; i < ROUNDS; i++)
        ck_assert(claimed.row[i].key.question == i && back.row[i].key.question == i);
    return 0;
}

/* An act of one row, and how long it may take. */
static int
write_one(void)
{
    struct mg_store *s = open_store();
    const struct mg_subtask t = {{4, 1, 0, 0}, 5, "search", "late"};
    struct mg_results none = {0};
    int64_t cursor = 0;
    char go;

    take(s, "calc");
    if (write(STDOUT_FILENO, "r", 1) != 1 || read(STDIN_FILENO, &go, 1) != 1)
        return 2;
    mg_ok(mg_store_ask(s, 4, &t, 1, &cursor, &none, &err));
    return 0;
}

struct worker {
    pid_t pid;
    int in, out;
};

static struct worker
start(int (*body)(void))
{
    struct worker w;
    int to[2], from[2];

    ck_assert(pipe(to) == 0 && pipe(from) == 0);
    w.pid = fork();
    ck_assert_int_ge(w.pid, 0);
    if (w.pid == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(50);
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        _exit(body());
    }
    close(to[0]);
    close(from[1]);
    w.in = to[1];
    w.out = from[0];
    return w;
}

static void
wait_until_ready(const struct worker *w)
{
    char c;

    ck_assert_int_eq(read(w->out, &c, 1), 1);
}

static void
let_go(const struct worker *w)
{
    ck_assert_int_eq(write(w->in, "g", 1), 1);
}

/* How it ended stays to be asked for. */
static bool
runs(const struct worker *w)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

static void
ends_well(const struct worker *w)
{
    int wstatus;

    ck_assert_int_eq(waitpid(w->pid, &wstatus, 0), w->pid);
    ck_assert_msg(WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0, "the worker ended with %#x", (unsigned)wstatus);
}

START_TEST(a_server_that_is_killed_and_started_again_loses_nothing)
{
    struct worker w = start(work);
    int kills = 0;

    for (; kills < 8 && runs(&w); kills++) {
        usleep(120000);
        redis_kill(&redis);
        usleep(20000u << (kills % 4));
        redis_start(&redis);
    }
    ends_well(&w);
    ck_assert_int_ge(kills, 2);
    ck_assert(redis_says(&redis, "--raw EVAL \"return #redis.call('KEYS', 'mg:*:acts')\" 0", "1"));
}
END_TEST

START_TEST(a_writer_that_is_killed_leaves_whole_acts)
{
    struct mg_subtasks t = {0};
    struct mg_phase_end ended;
    int64_t cursor = 0;

    for (int round = 0; round < 5; round++) {
        struct worker w = start(work);

        usleep(30000 + 7000 * (useconds_t)round);
        ck_assert_int_eq(kill(w.pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(w.pid, NULL, 0), w.pid);
    }
    take(b, "search");
    mg_ok(mg_store_serve(b, 3, 5, NULL, 0, &cursor, &t, &ended, &err));
    ck_assert_uint_eq(t.n, ended.subtasks);
    for (uint32_t i = 0; i < t.n; i++)
        ck_assert_uint_eq(t.row[i].key.question, i);
    mg_subtasks_free(&t);
}
END_TEST

/* Longer than a connection may stand still: it is closed, and the act repeated on a new one, although the server has
 * done it already. */
START_TEST(a_server_that_stands_still_is_waited_out)
{
    struct worker w = start(write_one);
    struct mg_subtasks t = {0};
    struct mg_phase_end ended;
    int64_t cursor = 0;

    wait_until_ready(&w);
    ck_assert_int_eq(kill(redis.pid, SIGSTOP), 0);
    let_go(&w);
    sleep(12);
    ck_assert(runs(&w));
    ck_assert_int_eq(kill(redis.pid, SIGCONT), 0);
    ends_well(&w);
    mg_ok(mg_store_serve(b, 4, 5, NULL, 0, &cursor, &t, &ended, &err));
    ck_assert_uint_eq(t.n, 1);
    ck_assert_uint_eq(ended.subtasks, 1);
    mg_subtasks_free(&t);
}
END_TEST

static char said[512];

static void
hear(void *arg, const char *sentence)
{
    (void)arg;
    snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", sentence);
}

START_TEST(a_full_memory_is_waited_out)
{
    struct worker w = start(write_one);
    struct mg_store_place place = {.address = address, .holder = "here", .patience = 2.5, .say = hear};
    struct mg_store *s = NULL;
    bool first;

    wait_until_ready(&w);
    mg_ok(mg_store_open(&place, &s, &err));
    ck_assert(redis_says(&redis, "CONFIG SET maxmemory 1", "OK"));
    let_go(&w);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_store_hold(s, "other", &first, &err), MG_FAIL);
    ck_assert_msg(strstr(err.text, "OOM") != NULL && strstr(err.text, "seconds now") != NULL, "%s", err.text);
    ck_assert_msg(strstr(said, "OOM") != NULL && strstr(said, "waiting, for 2 seconds") != NULL, "%s", said);
    ck_assert(runs(&w));
    ck_assert(redis_says(&redis, "CONFIG SET maxmemory 0", "OK"));
    ends_well(&w);
    mg_ok(mg_store_hold(s, "other", &first, &err));
    mg_store_close(s);
}
END_TEST

START_TEST(a_server_that_is_gone_is_told_of)
{
    struct mg_store_place place = {.address = address, .patience = 0.5};
    struct mg_store *s = NULL;

    redis_kill(&redis);
    mg_fails(mg_store_open(&place, &s, &err), MG_FAIL, "Connection refused");
    ck_assert_ptr_null(strstr(err.text, REDIS_PASSWORD));
    redis_start(&redis);
}
END_TEST

/* The disk has not kept what was answered: who knows of more ends. */
START_TEST(lost_acts_are_told)
{
    char command[128];

    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    redis_kill(&redis);
    snprintf(command, sizeof command, "rm -rf %s/appendonlydir", redis.dir);
    ck_assert_int_eq(system(command), 0);
    redis_start(&redis);
    mg_fails(ask(8, 5, "two"), MG_FAIL, "has lost");
    ck_assert_ptr_nonnull(strstr(err.hint, "started again"));
}
END_TEST

START_TEST(scripts_that_the_server_forgot_are_given_again)
{
    ck_assert_int_eq(ask(7, 5, "one"), MG_OK);
    ck_assert(redis_says(&redis, "SCRIPT FLUSH", "OK"));
    ck_assert_int_eq(ask(8, 5, "two"), MG_OK);
}
END_TEST

/* An agent is leased: its next holder, elsewhere, waits until the lease has run out. */
START_TEST(a_lease_is_waited_for)
{
    struct mg_store_place place = {.address = address, .holder = "there", .patience = 0.5};
    struct mg_store *s = NULL;
    char command[128];
    bool first = true;

    mg_ok(mg_store_open(&place, &s, &err));
    mg_fails(mg_store_hold(s, "main", &first, &err), MG_FAIL, "the agent main is held from here");
    snprintf(command, sizeof command, "PEXPIRE 'mg:{%s}:lease:main' 300", strrchr(dir, '/') + 1);
    ck_assert(redis_says(&redis, command, "1"));
    usleep(400000);
    mg_ok(mg_store_hold(s, "main", &first, &err));
    ck_assert(!first);
    mg_fails(ask(7, 5, "one"), MG_FAIL, "another main agent took over");
    mg_store_close(s);
    take(a, "main"); /* who leaves gives the agent back */
}
END_TEST

int
main(void)
{
    suite_tests(own_redis_case("store outages"), a_server_that_is_killed_and_started_again_loses_nothing,
                a_writer_that_is_killed_leaves_whole_acts, a_server_that_stands_still_is_waited_out,
                a_full_memory_is_waited_out, a_server_that_is_gone_is_told_of, lost_acts_are_told,
                scripts_that_the_server_forgot_are_given_again, a_lease_is_waited_for);
    return suite_main();
}
