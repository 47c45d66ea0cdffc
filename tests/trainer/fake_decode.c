/* SPDX-License-Identifier: Apache-2.0 */
/* Generation by the policy without a device: its slots hold the tokens themselves, and say so where a feed, a redraw or
 * a fork does not fit what they hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake_policy_internal.h"
#include "base/rng.h"

static double
unit(const uint64_t key[2])
{
    return (double)(mg_rng_mix(mg_rng_mix(key[0]) ^ key[1]) >> 11) * 0x1p-53;
}

static int32_t
draw_role(const struct mg_policy *p, int read, const uint64_t key[2], bool greedy, float *logprob)
{
    double lp[N_CHOICES], u = unit(key);
    int choice = 0;

    mg_fake_log_softmax(p->w + read * N_CHOICES, lp);
    if (greedy)
        for (int i = 1; i < N_CHOICES; i++)
            choice = lp[i] > lp[choice] ? i : choice;
    else
        while (choice < N_CHOICES - 1 && (u -= exp(lp[choice])) >= 0.0)
            choice++;
    *logprob = (float)lp[choice];
    return choice == MG_N_ROLES ? MG_FAKE_PAD : MG_FAKE_ROLE + choice;
}

/* Where in text[0..n) the m tokens so far occur first, as the place behind them; n if nowhere. */
static uint32_t
behind_match(const int32_t *text, uint32_t n, const int32_t *so_far, uint32_t m)
{
    for (uint32_t i = 0; i + m <= n; i++)
        if (memcmp(text + i, so_far, m * sizeof *text) == 0)
            return i + m;
    return n;
}

/* The text of a turn: a stretch of what was read last, up to a blank behind at least 5 tokens; `open` writes a
 * digit. */
static int32_t
draw_text(const struct slot *s, uint32_t start, uint32_t first, uint32_t end, const uint64_t key[2], bool greedy,
          float *logprob)
{
    uint32_t own = s->len - start - 1, n = end - first, at;

    *logprob = 0.0f;
    if (s->ids[start] == MG_FAKE_ROLE + MG_ROLE_OPEN) {
        *logprob = own == 0 ? (float)-log(4.0) : 0.0f;
        return own == 0 ? MG_FAKE_BYTE + '1' + (greedy ? 0 : (int)(4.0 * unit(key))) : MG_FAKE_END;
    }
    if (n == 0)
        return MG_FAKE_END;
    if (own == 0) {
        *logprob = (float)-log((double)n);
        return s->ids[first + (greedy ? 0 : (uint32_t)((double)n * unit(key)))];
    }
    at = behind_match(s->ids + first, n, s->ids + start + 1, own);
    return at == n || (own >= 5 && s->ids[first + at] == MG_FAKE_BYTE + ' ') ? MG_FAKE_END : s->ids[first + at];
}

static int32_t
draw(const struct mg_policy *p, const struct slot *s, const uint64_t key[2], bool greedy, float *logprob)
{
    uint32_t start = s->len, first, end;
    int read;

    if (s->ids[s->len - 1] == MG_FAKE_END) {
        read = mg_fake_last_read(s->ids, s->len, &first, &end);
        return draw_role(p, read, key, greedy, logprob);
    }
    while (start > 0 && !mg_fake_is_role(s->ids[start - 1]))
        start--;
    start--;
    mg_fake_last_read(s->ids, start, &first, &end);
    return draw_text(s, start, first, end, key, greedy, logprob);
}

enum mg_status
mg_policy_decode(struct mg_policy *p, const struct mg_feed *feed, size_t n, const struct mg_sampling *how,
                 int32_t *token, float *logprob, struct mg_err *err)
{
    enum mg_status st = MG_OK;
    struct slot *last = NULL;

    for (size_t i = 0; i < n; i++) {
        struct slot *s;

        if (feed[i].redraw) {
            MG_REQUIRE(i > 0 && feed[i - 1].sample && feed[i].sample, MG_FAIL, "a redraw behind nothing");
            token[i] = draw(p, last, feed[i].key, how->temperature == 0.0f, &logprob[i]);
            continue;
        }
        s = last = &p->slot[feed[i].slot];
        MG_REQUIRE(feed[i].slot < p->limits.slots && feed[i].position < p->limits.context && feed[i].token >= 0 &&
                       feed[i].token < MG_FAKE_VOCAB,
                   MG_FAIL, "token %d at slot %u, position %u", (int)feed[i].token, feed[i].slot, feed[i].position);
        if (feed[i].position == 0)
            s->len = 0;
        MG_REQUIRE(feed[i].position == s->len, MG_FAIL, "position %u of slot %u follows %u tokens", feed[i].position,
                   feed[i].slot, s->len);
        s->ids[s->len++] = feed[i].token;
        p->fed++;
        if (feed[i].sample)
            token[i] = draw(p, s, feed[i].key, how->temperature == 0.0f, &logprob[i]);
    }
out:
    return st;
}

enum mg_status
mg_policy_fork(struct mg_policy *p, const struct mg_fork *fork, size_t n, struct mg_err *err)
{
    enum mg_status st = MG_OK;

    for (size_t i = 0; i < n; i++) {
        const struct mg_fork *f = &fork[i];

        MG_REQUIRE(f->from < p->limits.slots && f->to < p->limits.slots && f->from != f->to, MG_FAIL,
                   "a fork of slot %u to slot %u", f->from, f->to);
        for (size_t j = 0; j < n; j++)
            MG_REQUIRE(fork[j].from != f->to && (j == i || fork[j].to != f->to), MG_FAIL,
                       "slot %u is forked to, and more", f->to);
        MG_REQUIRE(f->length <= p->slot[f->from].len, MG_FAIL, "%u tokens of slot %u, which has %u", f->length, f->from,
                   p->slot[f->from].len);
        memcpy(p->slot[f->to].ids, p->slot[f->from].ids, f->length * sizeof *p->slot->ids);
        p->slot[f->to].len = f->length;
    }
out:
    return st;
}

size_t
mg_fake_policy_fed(const struct mg_policy *p)
{
    return p->fed;
}
