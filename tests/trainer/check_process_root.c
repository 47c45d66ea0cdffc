/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of root's where the system does not bound root's processes: as another user, with root's files. For root
 * alone. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/keeper.h"
#include "process_case.h"

/* As before Linux 6.14: pid_max cannot be set. */
static void
setup_older_system(void)
{
    static const char pid_max[] = "/proc/sys/kernel/pid_max";

    folder_setup();
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(mount("none", "/proc", NULL, MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount(pid_max, pid_max, NULL, MS_BIND, NULL), 0);
    ck_assert_int_eq(mount("none", pid_max, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
    ck_assert_int_ne(access(pid_max, W_OK), 0);
}

/* As in most containers: no namespaces. */
static void
setup_container(void)
{
    folder_setup();
    ck_assert(forbid_namespaces());
}

/* Up to 64 children of 10 s at most, where its own limit is 20. */
static const char flood[] = "import os, resource, time\n"
                            "print(resource.getrlimit(resource.RLIMIT_NPROC)[1])\n"
                            "resource.setrlimit(resource.RLIMIT_NPROC, (20, 20))\n"
                            "n = 0\n"
                            "try:\n"
                            "    while n < 64:\n"
                            "        if os.fork() == 0:\n"
                            "            time.sleep(10)\n"
                            "            os._exit(0)\n"
                            "        n += 1\n"
                            "except BlockingIOError:\n"
                            "    pass\n"
                            "print(n)\n";

START_TEST(the_system_bounds_its_processes)
{
    const char *const argv[] = {"python3", "-c", flood, NULL};
    struct mg_process_limits l = limits(20.0);
    struct outcome o;
    int most = 0, n = -1;

    l.processes = 100;
    run_argv(argv, &l, "", 0, &o);
    ck_assert_msg(o.good, "%s: %s", o.sentence, o.said);
    ck_assert_int_eq(sscanf(o.out, "%d %d", &most, &n), 2);
    ck_assert_int_ge(most, 102);
    ck_assert_int_le(most, 4096);
    ck_assert_int_le(n, 20);
    drop(&o);
}
END_TEST

START_TEST(it_is_not_root_and_may_only_use_files)
{
    struct mg_process_limits l = limits(20.0);
    unsigned uid = 0, gid = 1;
    struct outcome o;

    run_sh("id -u; id -g; grep -E '^Cap(Eff|Prm|Bnd)|^NoNew' /proc/self/status; trap '' TERM; kill -TERM 0", &l, "",
           &o);
    ck_assert_msg(o.good, "%s: %s", o.sentence, o.said);
    ck_assert_int_eq(sscanf(o.out, "%u %u", &uid, &gid), 2);
    ck_assert_msg(uid == 65534 || uid > 1u << 30, "%s", o.out);
    ck_assert_uint_eq(gid, 0);
    ck_assert_ptr_nonnull(strstr(o.out, "CapPrm:\t000000000000000e\nCapEff:\t000000000000000e\n"));
    ck_assert_ptr_nonnull(strstr(o.out, "NoNewPrivs:\t1\n"));
    drop(&o);
}
END_TEST

static void
put(const char *name, const char *text, mode_t mode)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    fclose(f);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* A folder, a program and its files that are root's alone; those of a group; standard input and output by name. */
START_TEST(what_root_may_read_and_write_it_may)
{
    static const char program[] = "#!/bin/sh\nset -e\ncat secret /dev/stdin\necho more >>secret\nchmod 640 secret\n"
                                  "cat grouped\necho new >made\nrm gone\necho end >/dev/stdout\n";
    const char *const argv[] = {"./program", NULL};
    struct mg_process_limits l = limits(20.0);
    struct outcome o;
    char path[128];

    ck_assert_int_eq(chmod(folder, 0700), 0);
    put("program", program, 0700);
    put("secret", "secret\n", 0600);
    put("grouped", "grouped\n", 0600);
    put("gone", "", 0600);
    snprintf(path, sizeof path, "%s/grouped", folder);
    ck_assert_int_eq(chown(path, 0, 4), 0);
    for (int i = 0; i < 2; i++) {
        run_argv(argv, &l, "in\n", 3, &o);
        ck_assert_msg(o.good, "%s: %s", o.sentence, o.said);
        ck_assert_str_eq(o.out, i == 0 ? "secret\nin\ngrouped\nend\n" : "secret\nmore\nin\ngrouped\nend\n");
        drop(&o);
        put("gone", "", 0600);
    }
}
END_TEST

/* More than it may have: the system refuses them, or lets it and its keeper ends it. */
START_TEST(it_has_no_more_than_it_may)
{
    struct mg_process_limits l = limits(20.0);
    struct outcome o;

    l.processes = 8;
    run_sh("i=0; while [ $i -lt 64 ]; do sleep 5 & i=$((i+1)); done; wait", &l, "", &o);
    ck_assert_msg(!o.good &&
                      (strstr(o.sentence, "at most 8 are allowed") != NULL || strstr(o.said, "Cannot fork") != NULL),
                  "%s: %s", o.sentence, o.said);
    ck_assert(o.seconds < 4.0);
    drop(&o);
}
END_TEST

static char self[PATH_MAX]; /* this program's path */

/* This program as its own hostile child: up to 300 processes, each of which forks without pause, for 30 s at most. */
static int
flood_processes(void)
{
    double end = mg_clock() + 30.0;
    struct rlimit most;

    if (getrlimit(RLIMIT_NPROC, &most) != 0)
        return 1;
    if (most.rlim_max > 300)
        most.rlim_max = 300;
    most.rlim_cur = most.rlim_max;
    if (setrlimit(RLIMIT_NPROC, &most) != 0)
        return 1;
    while (mg_clock() < end)
        fork();
    return 0;
}

/* Processes of this program whose first argument is `argument`. */
static int
n_running(const char *argument)
{
    DIR *stream = opendir("/proc");
    struct dirent *entry;
    int n = 0;

    ck_assert_ptr_nonnull(stream);
    while ((entry = readdir(stream)) != NULL) {
        char path[300], text[PATH_MAX + 64] = "";
        FILE *f;

        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        if (!isdigit((unsigned char)entry->d_name[0]) || (f = fopen(path, "r")) == NULL)
            continue;
        if (fread(text, 1, sizeof text - 1, f) > 0)
            n += strcmp(text, self) == 0 && strcmp(text + strlen(text) + 1, argument) == 0;
        fclose(f);
    }
    closedir(stream);
    return n;
}

START_TEST(a_flood_is_ended_when_its_time_is_up)
{
    enum { FOUR = 4 };
    const char *const argv[] = {self, "flood", NULL};
    struct mg_process_limits l = limits(1.0);
    struct mg_processes *p = pool(FOUR);
    struct outcome o[FOUR];

    l.processes = 5000;
    memset(o, 0, sizeof o);
    for (int i = 0; i < FOUR; i++)
        start(p, argv, &l, "", 0, &o[i]);
    wait_all(p);
    mg_processes_destroy(p);
    for (int i = 0; i < FOUR; i++) {
        ck_assert_msg(strstr(o[i].sentence, "longer than") != NULL, "%s", o[i].sentence);
        drop(&o[i]);
    }
    ck_assert_int_eq(n_running("flood"), 0);
}
END_TEST

/* `user` names one: his rights alone, and the streams are his. */
START_TEST(another_user_has_his_own_rights)
{
    const char *const program[] = {"./program", NULL};
    struct mg_process_limits l = limits(20.0);
    struct outcome o;

    mg_ok(mg_process_user_find("nobody", &l.user, &err));
    ck_assert(l.user.given && l.user.uid == 65534);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    put("secret", "secret\n", 0600);
    put("program", "#!/bin/sh\necho run\n", 0700);
    run_sh("id -u; id -G; grep CapPrm /proc/self/status; cat secret; cat /dev/stdin >/dev/stdout", &l, "in\n", &o);
    ck_assert_msg(o.good, "%s: %s", o.sentence, o.said);
    ck_assert_str_eq(o.out, "65534\n65534\nCapPrm:\t0000000000000000\nin\n");
    ck_assert_ptr_nonnull(strstr(o.said, "secret"));
    drop(&o);
    run_argv(program, &l, "", 0, &o);
    ck_assert_str_eq(o.sentence, "cannot be run by user 65534, whom `user` names: Permission denied; may it enter the "
                                 "folder and read the program?");
    drop(&o);
    ck_assert_int_eq(chmod(folder, 0700), 0);
    run_sh("echo run", &l, "", &o);
    ck_assert_ptr_nonnull(strstr(o.sentence, "may it enter the folder"));
    drop(&o);
}
END_TEST

/* Named, root stays root, with all of its rights. */
START_TEST(root_may_stay_root)
{
    struct mg_process_limits l = limits(20.0);
    struct outcome o;

    mg_ok(mg_process_user_find("root", &l.user, &err));
    run_sh("id -u; grep CapPrm /proc/self/status", &l, "", &o);
    ck_assert_msg(o.good && strncmp(o.out, "0\n", 2) == 0, "%s: %s", o.sentence, o.out);
    ck_assert_ptr_null(strstr(o.out, "CapPrm:\t000000000000000"));
    drop(&o);
}
END_TEST

START_TEST(a_user_must_exist)
{
    struct mg_process_user u;

    ck_assert_int_eq(mg_process_user_find("no-such-user", &u, &err), MG_INPUT);
    ck_assert_str_eq(err.text, "user is \"no-such-user\", and there is none of that name");
    mg_err_clear(&err);
    mg_ok(mg_process_user_find("", &u, &err));
    ck_assert(!u.given);
}
END_TEST

/* gcc defines the one, clang has the other. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static void
add_tests(const char *name, void (*before)(void))
{
    suite_tests(suite_case(name, before, folder_teardown, 0), the_system_bounds_its_processes,
                it_is_not_root_and_may_only_use_files, what_root_may_read_and_write_it_may, it_has_no_more_than_it_may,
                another_user_has_his_own_rights, root_may_stay_root);
#ifndef SANITIZED /* whose shadow memory is above the limit of a program, as which this one runs again */
    suite_tests(suite_case(name, before, folder_teardown, 0), a_flood_is_ended_when_its_time_is_up);
#endif
}

int
main(int argc, char **argv)
{
    mg_keeper_enter(argc, argv);
    if (argc == 2 && strcmp(argv[1], "flood") == 0)
        return flood_processes();
    /* before the unsharing: in a root folder that is no mount the name would be that of outside */
    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0 || geteuid() != 0 || unshare(CLONE_NEWNS) != 0)
        return 77;
    add_tests("processes of root, an older system", setup_older_system);
    suite_tests(suite_case("this system", folder_setup, folder_teardown, 0), another_user_has_his_own_rights,
                root_may_stay_root, a_user_must_exist);
    if (prctl(PR_GET_SECCOMP) == 0)
        add_tests("a container", setup_container);
    return suite_main();
}
