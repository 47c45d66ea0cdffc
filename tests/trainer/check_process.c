/* SPDX-License-Identifier: Apache-2.0 */
/* Child programs that mean no good, and what is left of them: nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/keeper.h"
#include "base/clock.h"
#include "process_case.h"

enum { KEPT = 1 << 21 };

START_TEST(bytes_go_through)
{
    struct mg_process_limits l = limits(20.0);
    const char *const argv[] = {"cat", NULL};
    struct outcome o;
    char *in = malloc(KEPT);

    l.output = KEPT;
    for (size_t i = 0; i < KEPT; i++)
        in[i] = (char)(i * 2654435761u >> 13); /* NUL bytes and invalid UTF-8 among them */
    run_argv(argv, &l, in, KEPT, &o);
    ck_assert_msg(o.good && o.status == 0, "%s", o.sentence);
    ck_assert_uint_eq(o.n_out, KEPT);
    ck_assert_mem_eq(o.out, in, KEPT);
    ck_assert_int_eq(o.out[KEPT], '\0');
    drop(&o);
    run_argv(argv, &l, "", 0, &o);
    ck_assert(o.good && o.n_out == 0);
    drop(&o);
    free(in);
}
END_TEST

START_TEST(no_shell_and_a_clean_environment)
{
    struct mg_process_limits l = limits(20.0);
    const char *const print[] = {"printf", "%s|%s", "$(id); `id`", "a b", NULL}, *const env[] = {"env", NULL};
    const char *const where[] = {"pwd", NULL};
    struct outcome o;
    char real[4096];

    setenv("A_SECRET", "of the caller", 1);
    run_argv(print, &l, "", 0, &o);
    ck_assert_str_eq(o.out, "$(id); `id`|a b");
    drop(&o);
    run_argv(env, &l, "", 0, &o);
    ck_assert_ptr_nonnull(strstr(o.out, "LANG=C.UTF-8\n"));
    for (char *line = strtok(o.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_msg(strncmp(line, "PATH=", 5) == 0 || strncmp(line, "HOME=", 5) == 0 ||
                          strncmp(line, "TMPDIR=", 7) == 0 || strncmp(line, "LANG=", 5) == 0,
                      "%s", line);
    drop(&o);
    run_argv(where, &l, "", 0, &o);
    ck_assert_ptr_nonnull(realpath(folder, real));
    ck_assert_int_eq(strncmp(o.out, real, strlen(real)), 0);
    drop(&o);
}
END_TEST

START_TEST(ends_are_told)
{
    static const struct {
        const char *script, *sentence;
        int status;
    } cases[] = {{"exit 3", "ended with status 3", 3},
                 {"echo half; echo why >&2; exit 1", "ended with status 1", 1},
                 {"kill -SEGV $$", "was ended by signal 11", -1},
                 {"kill -KILL $$", "was ended by signal 9", -1},
                 {"ulimit -t 1; while :; do :; done", "was ended by signal", -1}};
    const char *const none[] = {"/no/such/program", NULL}, *const folder_[] = {"/tmp", NULL};
    struct mg_process_limits l = limits(20.0);
    struct outcome o;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_sh(cases[i].script, &l, "", &o);
        ck_assert_msg(!o.good && strstr(o.sentence, cases[i].sentence) == o.sentence, "%s: %s", cases[i].script,
                      o.sentence);
        ck_assert_int_eq(o.status, cases[i].status);
        if (i == 1) {
            ck_assert_str_eq(o.out, "half\n");
            ck_assert_str_eq(o.said, "why\n");
        }
        drop(&o);
    }
    run_argv(none, &l, "", 0, &o);
    ck_assert_str_eq(o.sentence, "cannot be run: No such file or directory");
    drop(&o);
    run_argv(folder_, &l, "", 0, &o);
    ck_assert_str_eq(o.sentence, "cannot be run: Permission denied");
    drop(&o);
}
END_TEST

START_TEST(endless_output_is_cut)
{
    struct mg_process_limits l = limits(20.0);
    const char *const yes[] = {"yes", NULL};
    struct outcome o;

    run_argv(yes, &l, "", 0, &o);
    ck_assert_str_eq(o.sentence, "wrote more than 4096 bytes");
    ck_assert(!o.good && o.n_out == 4096);
    drop(&o);
    run_sh("yes >&2", &l, "", &o);
    ck_assert_str_eq(o.sentence, "wrote more than 1048576 bytes on standard error");
    drop(&o);
    /* the bound itself is allowed; of standard error the end is kept */
    run_sh("head -c 4096 /dev/zero; seq 20000 >&2; echo end >&2", &l, "", &o);
    ck_assert_msg(o.good, "%s", o.sentence);
    ck_assert_uint_eq(o.n_out, 4096);
    ck_assert_uint_eq(o.n_said, 4096);
    ck_assert_str_eq(o.said + o.n_said - 10, "20000\nend\n");
    drop(&o);
}
END_TEST

START_TEST(silence_is_ended)
{
    static const char *const script[] = {"sleep 60", "trap '' TERM HUP INT; while :; do sleep 1; done",
                                         "sleep 60 & sleep 60 & wait", "exec >&- 2>&-; sleep 60"};
    struct mg_process_limits l = limits(0.3);
    struct outcome o;

    for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
        run_sh(script[i], &l, "", &o);
        ck_assert_str_eq(o.sentence, "ran longer than 0.3 s");
        ck_assert(!o.good && o.seconds >= 0.29 && o.seconds < 2.0);
        drop(&o);
    }
}
END_TEST

START_TEST(unread_input_is_no_fault)
{
    struct mg_process_limits l = limits(20.0);
    const char *const sh[] = {"/bin/sh", "-c", "exec <&-; echo done", NULL};
    char *in = calloc(1, KEPT);
    struct outcome o;

    run_argv(sh, &l, in, KEPT, &o);
    ck_assert_msg(o.good, "%s", o.sentence);
    ck_assert_str_eq(o.out, "done\n");
    drop(&o);
    free(in);
}
END_TEST

/* Whatever a program leaves behind has no second to live, in its group or out of it, pipes held or closed. */
START_TEST(nothing_outlives_its_leader)
{
    static const char *const script[] = {
        "(sleep 1; touch outlived0) & echo first", "(sleep 1; touch outlived1) >/dev/null 2>&1 & echo first",
        "setsid sh -c 'sleep 1; touch outlived2' & echo first",
        ("setsid sh -c 'trap \"\" TERM; (sleep 1; touch outlived3) & (setsid sh -c \"sleep 1; touch outlived3\" &)' "
         ">/dev/null 2>&1 </dev/null & sleep 0.2; echo first")};
    struct mg_process_limits l = limits(20.0);
    struct outcome o;

    for (size_t i = 0; i < sizeof script / sizeof script[0]; i++) {
        run_sh(script[i], &l, "", &o);
        ck_assert_msg(o.good, "%s", o.sentence);
        ck_assert_str_eq(o.out, "first\n");
        ck_assert_msg(o.seconds < 0.9, "%zu: %g s", i, o.seconds);
        drop(&o);
    }
    mg_sleep_ms(1300.0);
    ck_assert(!there("outlived0") && !there("outlived1") && !there("outlived2") && !there("outlived3"));
}
END_TEST

/* 200 processes where 8 are allowed: refused by the system, or counted and ended. */
START_TEST(a_fork_bomb_is_bounded)
{
    struct mg_process_limits l = limits(20.0);
    struct outcome o;
    char script[160];

    /* a time that no other test sleeps */
    snprintf(script, sizeof script,
             "i=0; while [ $i -lt 200 ]; do (sleep 5.%d; touch bomb) & i=$((i+1)); done; sleep 3", (int)getpid());
    l.processes = 8;
    run_sh(script, &l, "", &o);
    ck_assert_msg(!o.good && (strstr(o.sentence, "at most 8 are allowed") != NULL || o.status == 2), "%s: %s",
                  o.sentence, o.said);
    ck_assert(o.seconds < 3.0);
    drop(&o);
    mg_sleep_ms(100.0);
    snprintf(script, sizeof script, "ps ax -o args | grep -q '^sleep 5.%d$'", (int)getpid());
    ck_assert_int_ne(system(script), 0);
}
END_TEST

START_TEST(memory_files_and_disk_are_bounded)
{
    struct mg_process_limits l = limits(20.0);
    const char *const memory[] = {"python3", "-c", "x = bytearray(1 << 30)", NULL};
    struct outcome o;
    struct stat s;
    char path[128];

    l.memory = 256;
    run_argv(memory, &l, "", 0, &o);
    ck_assert_msg(o.status == 1 && strstr(o.said, "MemoryError") != NULL, "%s: %s", o.sentence, o.said);
    drop(&o);
    run_sh("head -c 20000000 /dev/zero >large; exit 7", &l, "", &o);
    snprintf(path, sizeof path, "%s/large", folder);
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_le(s.st_size, 8 << 20);
    drop(&o);
    l.files = 16;
    run_sh("ulimit -n; ulimit -c", &l, "", &o);
    ck_assert_str_eq(o.out, "16\n0\n");
    drop(&o);
}
END_TEST

/* Where the network is off, there is no interface with an address, and no other process to be seen or hit. */
START_TEST(the_network_is_off_or_said_to_be_on)
{
    struct mg_process_limits l = limits(20.0);
    char script[200];
    struct outcome o;

    run_sh("grep -c : /proc/net/dev; grep -q '00000000' /proc/net/route && echo route", &l, "", &o);
    if (!o.network)
        ck_assert_msg(strstr(o.out, "route") == NULL, "%s", o.out);
    drop(&o);
    snprintf(script, sizeof script, "kill -0 %d && echo seen", (int)getpid());
    run_sh(script, &l, "", &o);
    if (!o.network)
        ck_assert_str_eq(o.out, "");
    drop(&o);
    l.network = true;
    run_sh("echo on", &l, "", &o);
    ck_assert(o.good && o.network);
    drop(&o);
}
END_TEST

START_TEST(many_run_within_the_bound)
{
    enum { N = 12 };
    const char *const sh[] = {"/bin/sh", "-c", "read x; sleep 0.2; echo $x", NULL};
    struct mg_process_limits l = limits(20.0);
    struct mg_processes *p = pool(4);
    struct outcome o[N] = {{0}};
    double begin = mg_clock();

    for (int i = 0; i < N; i++) {
        char in[16];

        snprintf(in, sizeof in, "%d\n", i);
        start(p, sh, &l, in, strlen(in), &o[i]);
    }
    ck_assert_uint_eq(mg_processes_count(p), N);
    ck_assert(mg_clock() - begin < 0.2); /* nothing was waited for */
    while (mg_processes_count(p) > 0) {
        mg_processes_poll(p);
        mg_sleep_ms(2.0);
    }
    ck_assert(mg_clock() - begin >= 0.6);
    for (int i = 0; i < N; i++) {
        ck_assert_msg(o[i].good, "%s", o[i].sentence);
        ck_assert_int_eq(atoi(o[i].out), i);
        drop(&o[i]);
    }
    mg_processes_destroy(p);
}
END_TEST

START_TEST(a_pool_takes_its_programs_along)
{
    const char *const sh[] = {"/bin/sh", "-c", "trap '' TERM; sleep 1; touch survived", NULL};
    struct mg_process_limits l = limits(20.0);
    struct mg_processes *p = pool(2);
    struct outcome o = {0};
    double begin = mg_clock();

    for (int i = 0; i < 5; i++)
        start(p, sh, &l, "", 0, &o);
    mg_processes_wait(p, 200.0);
    mg_processes_destroy(p);
    mg_processes_destroy(NULL);
    ck_assert_uint_eq(o.calls, 0);
    ck_assert(mg_clock() - begin < 0.9);
    mg_sleep_ms(1300.0);
    ck_assert(!there("survived"));
}
END_TEST

/* Killed without a word, this process takes its programs along all the same. */
START_TEST(a_killed_caller_takes_its_programs_along)
{
    const char *const sh[] = {"/bin/sh", "-c", "touch begun; sleep 1; touch bereaved", NULL};
    struct mg_process_limits l = limits(20.0);
    struct outcome o = {0};
    pid_t pid = fork();

    if (pid == 0) {
        struct mg_processes *p = pool(2);

        start(p, sh, &l, "", 0, &o);
        for (;;)
            mg_processes_wait(p, 100.0);
    }
    for (int i = 0; i < 500 && !there("begun"); i++)
        mg_sleep_ms(10.0);
    ck_assert(there("begun"));
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    mg_sleep_ms(1400.0);
    ck_assert(!there("bereaved"));
}
END_TEST

struct chain {
    struct mg_processes *p;
    unsigned left;
};

static void
go_on(void *arg, const struct mg_process_end *end)
{
    const char *const argv[] = {"true", NULL};
    struct mg_process_spec spec = {.argv = argv, .folder = "/", .in = "", .limits = limits(20.0)};
    struct chain *c = arg;

    ck_assert_msg(end->good, "%s", end->sentence);
    if (--c->left > 0)
        mg_ok(mg_process_start(c->p, &spec, go_on, c, &err));
}

START_TEST(an_end_may_start_another)
{
    const char *const argv[] = {"true", NULL}, *const none[] = {NULL};
    struct mg_process_spec spec = {.argv = argv, .folder = "/", .in = "", .limits = limits(20.0)};
    struct chain c = {.p = pool(1), .left = 5};

    mg_ok(mg_process_start(c.p, &spec, go_on, &c, &err));
    wait_all(c.p);
    ck_assert_uint_eq(c.left, 0);
    spec.argv = none;
    ck_assert_int_eq(mg_process_start(c.p, &spec, go_on, &c, &err), MG_INPUT);
    mg_processes_destroy(c.p);
}
END_TEST

/* As in most containers. Where that cannot be had, either none was allowed before or the tests repeat themselves. */
static void
setup_without_namespaces(void)
{
    folder_setup();
    forbid_namespaces();
}

static void
add_tests(const char *name, void (*before)(void))
{
    suite_tests(suite_case(name, before, folder_teardown, 0), bytes_go_through, no_shell_and_a_clean_environment,
                ends_are_told, endless_output_is_cut, silence_is_ended, unread_input_is_no_fault,
                nothing_outlives_its_leader, a_fork_bomb_is_bounded, memory_files_and_disk_are_bounded,
                the_network_is_off_or_said_to_be_on, many_run_within_the_bound, a_pool_takes_its_programs_along,
                a_killed_caller_takes_its_programs_along, an_end_may_start_another);
}

int
main(int argc, char **argv)
{
    mg_keeper_enter(argc, argv);
    add_tests("processes with namespaces", folder_setup);
    add_tests("without", setup_without_namespaces);
    return suite_main();
}
