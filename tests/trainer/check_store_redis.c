/* SPDX-License-Identifier: Apache-2.0 */
/* What the store on a server refuses: settings, passwords, rights, damaged rows, and what only claims to be a
 * server. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "store_case.h"

/* Opening fails as the input's fault, with a sentence that holds `want`, and no password anywhere. */
static void
refused(const char *at, const char *password_file, const char *want)
{
    struct mg_store_place place = {.address = at, .password_file = password_file, .patience = 0.5};
    struct mg_store *s = NULL;

    mg_err_clear(&err);
    ck_assert_msg(mg_store_open(&place, &s, &err) == MG_INPUT, "%s: %s", at, err.text);
    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(err.text, want) != NULL, "%s: \"%s\" does not say \"%s\"", at, err.text, want);
    ck_assert_ptr_null(strstr(err.text, "s3cr3t"));
    ck_assert_ptr_null(strstr(err.hint, "s3cr3t"));
}

START_TEST(addresses_that_are_none)
{
    static const struct {
        const char *address, *want;
    } bad[] = {
        {"redis://", "has no host"},
        {"redis://:6379", "has no host"},
        {"redis://agent@", "has no host"},
        {"redis://h:0", "has a port"},
        {"redis://h:65536", "has a port"},
        {"redis://h:", "has a port"},
        {"redis://h: 1", "has a port"},
        {"redis://h:1/-1", "has a database"},
        {"redis://h:1/x", "has a database"},
        {"redis://h:1/99999999999999999999", "has a database"},
        {"redis://h:1/0/", "has a name"},
        {"redis://h:1/0/a:b", "has a name"},
        {"redis://h:1/0/a}b", "has a name"},
        {"redis://[::1", "lacks a ]"},
        {"redis://agent:s3cr3t@h", "could be read by others"},
        {"redis://:s3cr3t@h", "could be read by others"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(bad[i].address, NULL, bad[i].want);
}
END_TEST

START_TEST(passwords)
{
    char path[96], other[200];
    struct mg_store *s = NULL;
    struct mg_store_place place = {.address = address, .password_file = path};
    FILE *f;

    ck_assert_int_eq(setenv("MGRPO_REDIS_PASSWORD", "s3cr3t", 1), 0);
    refused(address, NULL, "WRONGPASS");
    ck_assert_int_eq(unsetenv("MGRPO_REDIS_PASSWORD"), 0);
    refused(address, NULL, "the user agent of the store has no password");
    snprintf(other, sizeof other, "redis://127.0.0.1:%d/0/mgrpo_test.x", redis.port);
    refused(other, NULL, "NOAUTH");
    refused(address, "/nonexistent/s", "/nonexistent/s");
    snprintf(other, sizeof other, "redis://agent@127.0.0.1:%d/99999/mgrpo_test.x", redis.port);
    ck_assert_int_eq(setenv("MGRPO_REDIS_PASSWORD", REDIS_PASSWORD, 1), 0);
    refused(other, NULL, "DB index");
    ck_assert_int_eq(unsetenv("MGRPO_REDIS_PASSWORD"), 0);
    snprintf(path, sizeof path, "%s/password", dir);
    f = fopen(path, "w");
    fputs("\n", f);
    fclose(f);
    refused(address, path, "is empty");
    f = fopen(path, "w");
    fputs(REDIS_PASSWORD "\r\n", f);
    fclose(f);
    mg_ok(mg_store_open(&place, &s, &err));
    mg_store_close(s);
    ck_assert_int_eq(setenv("MGRPO_REDIS_PASSWORD", REDIS_PASSWORD, 1), 0);
    ck_assert(redis_says(&redis, "--raw ACL LOG RESET", "OK"));
}
END_TEST

/* The rights that the manual lists suffice for all verbs: the conformance suite has them. Each of them is needed. */
START_TEST(rights)
{
    static const char *const right[] = {"info", "eval", "hget",   "hset", "hsetnx", "hincrby", "hlen",
                                        "xadd", "xlen", "xrange", "set",  "get",    "pexpire"};
    char other[200], command[64];

    snprintf(other, sizeof other, "redis://agent@127.0.0.1:%d/0/another_run", redis.port);
    refused(other, NULL, "NOPERM");
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        snprintf(command, sizeof command, "ACL SETUSER agent -%s", right[i]);
        ck_assert(redis_says(&redis, command, "OK"));
        refused(address, NULL, ""); /* in the server's words: NOPERM, or what a script may not do */
        ck_assert_msg(strstr(err.hint, "mgrpo-store(5)") != NULL, "%s: %s", right[i], err.text);
        snprintf(command, sizeof command, "ACL SETUSER agent +%s", right[i]);
        ck_assert(redis_says(&redis, command, "OK"));
    }
    mg_store_close(open_store());
}
END_TEST

START_TEST(settings_that_lose_rows)
{
    ck_assert(redis_says(&redis, "CONFIG SET maxmemory 100mb maxmemory-policy allkeys-lru", "OK"));
    refused(address, NULL, "maxmemory-policy is allkeys-lru");
    ck_assert(redis_says(&redis, "CONFIG SET maxmemory-policy noeviction", "OK"));
    mg_store_close(open_store());
    ck_assert(redis_says(&redis, "CONFIG SET appendonly no", "OK"));
    refused(address, NULL, "runs with appendonly no");
    ck_assert(redis_says(&redis, "REPLICAOF 127.0.0.1 1", "OK"));
    ck_assert(redis_says(&redis, "CONFIG SET appendonly yes", "OK"));
    refused(address, NULL, "READONLY");
}
END_TEST

START_TEST(damaged_rows)
{
    static const struct {
        const char *command, *want;
    } damage[] = {
        {"HSET mg:{%s}:subtasks:3 7.1.2 x", "a subtask that is none"},
        {"HSET mg:{%s}:subtasks:3 7.1.2 \"$(printf 'search\\0375\\037N')\"", "a subtask that is none"},
        {"HSET mg:{%s}:subtasks:3 7.1.2 \"$(printf 'no name\\0375\\037Tx')\"", "a subtask that is none"},
        {"HSET mg:{%s}:subtasks:3 7.1.2 \"$(printf 'search\\037-5\\037Tx')\"", "a subtask that is none"},
        {"HSET mg:{%s}:subtasks:3 7.1.2 \"$(printf 'search\\0375\\037T\\377')\"", "a subtask that is none"},
        {"HSET mg:{%s}:subtasks:3 7.1.2 \"$(printf 'search\\0375\\037T%%05000d' 1)\"", "a subtask that is none"},
        {"HDEL mg:{%s}:subtasks:3 7.1.2", "a subtask that is none"},
        {"XADD mg:{%s}:queue:search:3 2-0 v 7.1", "a subtask that is none"},
        {"HSET mg:{%s}:phases 3 1", "an answer of another form"},
        {"HSET mg:{%s}:phases 3 -1,2", "an answer of another form"},
        {"HSET mg:{%s}:phases 3 1,99999999999", "an answer of another form"},
    };
    struct mg_subtasks none = {0};
    struct mg_phase_end ended;
    char command[512], line[400];
    const char *name = strrchr(dir, '/') + 1;

    ck_assert_int_eq(ask(7, 5, "x"), MG_OK);
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        int64_t cursor = i == 7 ? 1 : 0;

        snprintf(line, sizeof line, "HSET mg:{%s}:subtasks:3 7.1.2 \"$(printf 'search\\0375\\037Tx')\"", name);
        ck_assert(redis_says(&redis, line, ""));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(command, sizeof command, damage[i].command, name);
#pragma GCC diagnostic pop
        ck_assert(redis_says(&redis, command, ""));
        mg_err_clear(&err);
        ck_assert_msg(mg_store_serve(b, 3, 5, NULL, 0, &cursor, &none, &ended, &err) == MG_INPUT, "%s", command);
        ck_assert_msg(strstr(err.text, damage[i].want) != NULL, "%s: %s", command, err.text);
        ck_assert(redis_says(&redis, "PING", "PONG"));
    }
    mg_subtasks_free(&none);
}
END_TEST

/* Listens on a port of its own, answers whatever it is asked with the same bytes, once or without end, and hangs up. */
static pid_t
impostor(const char *answer, bool endless, int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    pid_t pid;

    ck_assert(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        static char asked[4096], more[65536];

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        for (;;) {
            int client = accept(fd, NULL, NULL);

            if (read(client, asked, sizeof asked) > 0 && write(client, answer, strlen(answer)) > 0)
                while (endless && write(client, more, sizeof more) > 0)
                    continue;
            close(client);
        }
    }
    close(fd);
    return pid;
}

START_TEST(impostors)
{
    static const char *const answer[] = {
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "*1000000000\r\n",
        "*4097\r\n",
        "$9999999999999999\r\n",
        "*-5\r\n",
        "+OK\r\n",
        "$5\r\nhello\r\n",
        "*1\r\n$3\r\nabc\r\n",
        ":7\r\n",
        "$-1\r\n",
        "-ERR no\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
        "$49\r\nrun_id:0123456789\r\naof_enabled:1\r\nmaxmemory:0\r\nx\r\n",
        "",
        /* without end */ "$4294967296\r\n",
    };
    for (size_t i = 0; i < sizeof answer / sizeof answer[0]; i++) {
        struct mg_store *s = NULL;
        char at[96];
        struct mg_store_place place = {.address = at, .patience = 0.2};
        int port;
        pid_t pid = impostor(answer[i], i + 1 == sizeof answer / sizeof answer[0], &port);
        enum mg_status st;

        snprintf(at, sizeof at, "redis://127.0.0.1:%d", port);
        mg_err_clear(&err);
        st = mg_store_open(&place, &s, &err);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        ck_assert_msg(st == MG_INPUT || st == MG_FAIL, "%s", answer[i]);
        ck_assert_ptr_null(s);
        ck_assert_msg(strlen(err.text) > 10, "%s", answer[i]);
    }
}
END_TEST

int
main(void)
{
    suite_tests(own_redis_case("store redis"), addresses_that_are_none, passwords, rights, settings_that_lose_rows,
                damaged_rows, impostors);
    return suite_main();
}
