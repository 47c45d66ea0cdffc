/* SPDX-License-Identifier: Apache-2.0 */
#include "redis_case.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in
loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A server is started outside tests, too, where Check cannot fail one. */
static void
must(bool is, const struct redis_server *s, const char *what)
{
    if (is)
        return;
    fprintf(stderr, "redis-server in %s: %s\n", s->dir, what);
    exit(EXIT_FAILURE);
}

bool
redis_installed(void)
{
    return system("redis-server --version >/dev/null 2>&1") == 0;
}

static int
free_port(const struct redis_server *s)
{
    struct sockaddr_in at = loopback(0);
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    must(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0, s,
         "no port is free");
    close(fd);
    return ntohs(at.sin_port);
}

void
redis_create(struct redis_server *s, const char *settings)
{
    char path[96];
    FILE *f;

    s->pid = 0;
    strcpy(s->dir, "/tmp/check_redis.XXXXXX");
    s->port = free_port(s);
    must(mkdtemp(s->dir) != NULL, s, "cannot be made");
    snprintf(path, sizeof path, "%s/users", s->dir);
    f = fopen(path, "w");
    fprintf(f, "user default off ~* &* +@all\nuser admin on >admin ~* &* +@all\n");
    fprintf(f, "user " REDIS_USER " on >" REDIS_PASSWORD " resetkeys ~mg:{mgrpo_test.*}:* resetchannels " REDIS_RIGHTS
               "\n");
    fclose(f);
    snprintf(path, sizeof path, "%s/redis.conf", s->dir);
    f = fopen(path, "w");
    fprintf(f,
            "port %d\nbind 127.0.0.1\ndir %s\nlogfile %s/log\naclfile %s/users\nappendonly yes\nappendfsync always\n"
            "save \"\"\ndaemonize no\n%s",
            s->port, s->dir, s->dir, s->dir, settings);
    fclose(f);
}

/* A server that still reads its files accepts connections and refuses commands. */
static bool
answers(const struct redis_server *s)
{
    static const char ask[] = "AUTH admin admin\r\nDBSIZE\r\n";
    static const char want[] = "+OK\r\n:";
    struct sockaddr_in at = loopback(s->port);
    char said[sizeof want - 1];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is = connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
              send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof ask - 1) &&
              recv(fd, said, sizeof said, MSG_WAITALL) == (ssize_t)sizeof said && memcmp(said, want, sizeof said) == 0;

    close(fd);
    return is;
}

void
redis_start(struct redis_server *s)
{
    char path[96];

    snprintf(path, sizeof path, "%s/redis.conf", s->dir);
    s->pid = fork();
    must(s->pid >= 0, s, "cannot be started");
    if (s->pid == 0) {
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("redis-server", "redis-server", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; !answers(s); i++) {
        must(i < 1000, s, "does not start");
        usleep(10000);
    }
}

void
redis_kill(struct redis_server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

void
redis_remove(struct redis_server *s)
{
    char command[96];

    redis_kill(s);
    usleep(100000); /* a child that rewrites a file ends after its parent */
    snprintf(command, sizeof command, "rm -rf %s", s->dir);
    must(system(command) == 0, s, "cannot be removed");
}

bool
redis_says(const struct redis_server *s, const char *command, const char *want)
{
    char line[512];
    bool said = false;
    FILE *f;

    snprintf(line, sizeof line, "redis-cli --no-auth-warning -p %d --user admin --pass admin %s 2>&1", s->port,
             command);
    f = popen(line, "r");
    must(f != NULL, s, "cannot be asked");
    while (fgets(line, sizeof line, f) != NULL) {
        said |= strstr(line, want) != NULL;
        if (!said)
            fprintf(stderr, "redis-cli %s: %s", command, line);
    }
    pclose(f);
    return said;
}
