/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_STATUS_H
#define MGRPO_STATUS_H

/*
 * How the trainer reports failure: every function that can fail returns enum mg_status and leaves one sentence, with
 * the actual numbers, in the struct mg_err of its caller. Only main() prints and exits; the status is the exit code,
 * MG_END that of MG_FAIL for commands that nothing starts again.
 */
enum mg_status {
    MG_OK = 0,
    MG_FAIL = 1,  /* the device, the disk, memory or another process failed */
    MG_INPUT = 2, /* the input is wrong: command line, configuration, model, data, store */
    MG_STOP = 3,  /* asked to stop (SIGINT, SIGTERM); the work done so far is kept */
    MG_END = 4    /* as MG_FAIL, and whoever tries again fails again: a full disk, numbers that are not finite */
};

struct mg_err {
    enum mg_status status; /* the first failure since mg_err_clear; MG_OK if none */
    char text[512];        /* one sentence, no newline */
    char hint[256];        /* what the user can do; may be empty */
};

void mg_err_clear(struct mg_err *err);

/* Records the first failure and returns `status`; later calls keep the first sentence. Always returns its status. */
enum mg_status mg_fail(struct mg_err *err, enum mg_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a hint to the failure already recorded; the first hint wins. */
void mg_hint(struct mg_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts where it happened before the sentence already recorded: "WHERE: sentence". Returns its status. */
enum mg_status mg_fail_at(struct mg_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The control macros. Each function that uses them has `enum mg_status st = MG_OK`, `struct mg_err *err` in scope
 * and one label, `out`, where everything it owns is released (every release accepts NULL). */
#define MG_TRY(expr)                                                                                                   \
    do {                                                                                                               \
        if ((st = (expr)) != MG_OK)                                                                                    \
            goto out;                                                                                                  \
    } while (0)
#define MG_REQUIRE(cond, code, ...)                                                                                    \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            st = mg_fail(err, (code), __VA_ARGS__);                                                                    \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)
#define MG_ALLOC(ptr, n)                                                                                               \
    do {                                                                                                               \
        (ptr) = calloc((n) > 0 ? (n) : 1, sizeof *(ptr));                                                              \
        if (!(ptr)) {                                                                                                  \
            st = mg_fail(err, MG_FAIL, "out of memory: %zu x %zu bytes", (size_t)(n), sizeof *(ptr));                  \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)
#define MG_STRDUP(ptr, text)                                                                                           \
    do {                                                                                                               \
        (ptr) = strdup(text);                                                                                          \
        if (!(ptr)) {                                                                                                  \
            st = mg_fail(err, MG_FAIL, "out of memory: %zu bytes of text", strlen(text));                              \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)

#endif
