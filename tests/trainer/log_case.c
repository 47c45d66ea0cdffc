/* SPDX-License-Identifier: Apache-2.0 */
#include "log_case.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "scratch.h"

enum { MAX_LEN = 24 };

char file[96];
struct mg_trajectory rows[ROWS];

static char folder[64];
static int32_t ids[ROWS][MAX_LEN];
static uint8_t mask[ROWS][MAX_LEN];
static float logprob[ROWS][MAX_LEN];

static float
any_float(struct mg_rng *rng)
{
    for (;;) {
        uint32_t bits = mg_rng_u32(rng);
        float x;

        memcpy(&x, &bits, sizeof x);
        if (isfinite(x))
            return x;
    }
}

void
begin(void)
{
    struct mg_rng rng;

    scratch_make(folder);
    snprintf(file, sizeof file, "%s/000007.jsonl.gz", folder);
    mg_rng_init(&rng, 1, MG_RNG_SHUFFLE, 0, 0, 0);
    for (uint32_t r = 0; r < ROWS; r++) {
        rows[r] = (struct mg_trajectory){.key = {.question = r / 3, .rollout = r, .call = 2 * r},
                                         .version = 100 * r,
                                         .ids = ids[r],
                                         .mask = mask[r],
                                         .logprob = logprob[r],
                                         .len = 1 + r * (MAX_LEN - 1) / (ROWS - 1),
                                         .weight = any_float(&rng),
                                         .reward = any_float(&rng),
                                         .advantage = any_float(&rng),
                                         .kind = (enum mg_reward_kind)(r % 3)};
        rows[r].verdict.kind = (enum mg_verdict_kind)(r % MG_N_VERDICTS);
        rows[r].verdict.value = rows[r].verdict.kind == MG_VERDICT_VALUE ? 1.0 / (r + 1) : 0.0;
        for (uint32_t i = 0; i < rows[r].len; i++) {
            ids[r][i] = (int32_t)(mg_rng_u32(&rng) >> 2);
            mask[r][i] = r != 2 && mg_rng_below(&rng, 2);
            logprob[r][i] = any_float(&rng);
        }
    }
}

unsigned
empty_folder(void)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    unsigned n = 0;
    char path[512];

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        n += unlink(path) == 0;
    }
    closedir(d);
    return n;
}

void
end(void)
{
    empty_folder();
    ck_assert_int_eq(rmdir(folder), 0);
}

struct mg_rollout_log *
fill(void)
{
    struct mg_rollout_log *log = NULL;

    mg_ok(mg_rollout_log_create(file, &log, &err));
    for (int r = 0; r < ROWS; r++)
        mg_ok(mg_rollout_log_add(log, &rows[r], &err));
    return log;
}

void
write_whole(void)
{
    mg_ok(mg_rollout_log_commit(fill(), &err));
}

void
same_rows(const struct mg_trajectory *got, size_t n, const char *when)
{
    ck_assert_uint_eq(n, ROWS);
    for (int r = 0; r < ROWS; r++) {
        const struct mg_trajectory *a = &got[r], *b = &rows[r];

        ck_assert_msg(memcmp(&a->key, &b->key, sizeof a->key) == 0 && a->version == b->version && a->len == b->len,
                      "%s: the key of row %d", when, r);
        ck_assert_msg(a->weight == b->weight && a->reward == b->reward && a->advantage == b->advantage &&
                          a->kind == b->kind && a->verdict.kind == b->verdict.kind &&
                          a->verdict.value == b->verdict.value,
                      "%s: the numbers of row %d", when, r);
        ck_assert_mem_eq(a->ids, b->ids, b->len * sizeof *b->ids);
        ck_assert_mem_eq(a->mask, b->mask, b->len);
        for (uint32_t i = 0; i < b->len; i++)
            ck_assert_msg(memcmp(&a->logprob[i], &b->logprob[i], sizeof(float)) == 0 || b->mask[i] == 0,
                          "%s: row %d, token %u: %a, was %a", when, r, i, (double)a->logprob[i], (double)b->logprob[i]);
    }
}
