/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "measure/bench.h"
#include "measure/median.h"

enum { MIN_ROUNDS = 5, MAX_ROUNDS = 200, WARM_UP = 3, LONG = 4 };

/* The device's time at which all that was enqueued before is done; 0 where the queue has no timestamps. */
static double
marker_us(cl_event marker)
{
    cl_ulong ns = 0;

    if (marker == NULL)
        return 0.0;
    if (clGetEventProfilingInfo(marker, CL_PROFILING_COMMAND_END, sizeof ns, &ns, NULL) != CL_SUCCESS)
        ns = 0;
    clReleaseEvent(marker);
    return 1e-3 * (double)ns;
}

static cl_event
mark(struct bench *b)
{
    cl_event marker = NULL;

    return clEnqueueMarkerWithWaitList(b->queue, 0, NULL, &marker) == CL_SUCCESS ? marker : NULL;
}

/* Wall time of one of `repeat` runs, which are waited for together, and the device's time for one between two
 * markers. */
static double
time_own(struct bench *b, const struct bench_case *c, unsigned repeat, unsigned *turn, double *event_us)
{
    double start = bench_now_us(), wall, from, to;
    cl_event before = mark(b), after;

    for (unsigned i = 0; i < repeat; i++)
        if (!bench_enqueue(b, c, turn))
            return -1.0;
    after = mark(b);
    if (!bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), c->row))
        return -1.0;
    wall = (bench_now_us() - start) / repeat;
    from = marker_us(before);
    to = marker_us(after);
    *event_us = from > 0.0 && to > from ? (to - from) / repeat : 0.0;
    return wall;
}

/* The host's time for one of `repeat` runs. Until all are enqueued the device waits for an event, so that a device
 * which shares the host's cores does not slow it down. */
static double
time_host(struct bench *b, const struct bench_case *c, unsigned repeat)
{
    cl_event begin = clCreateUserEvent(clgrpo_context_cl(b->ctx), NULL);
    double start, wall;
    bool good;

    if (begin == NULL) {
        bench_fail(b, "%s: no event for the device to wait at", c->row);
        return -1.0;
    }
    good = clEnqueueBarrierWithWaitList(b->queue, 1, &begin, NULL) == CL_SUCCESS;
    if (!good)
        bench_fail(b, "%s: the device does not wait at an event", c->row);
    start = bench_now_us();
    for (unsigned i = 0; i < repeat && good; i++)
        good = bench_ok(b, c->run(b, c->arg), c->row);
    wall = (bench_now_us() - start) / repeat;
    clSetUserEventStatus(begin, CL_COMPLETE);
    good = bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), c->row) && good;
    clReleaseEvent(begin); /* not before: a driver's thread may still look at it */
    return good ? wall : -1.0;
}

static double
time_peer(struct bench *b, const struct bench_case *c, unsigned peer, unsigned repeat, unsigned *turn)
{
    double start = bench_now_us();

    for (unsigned i = 0; i < repeat; i++) {
        void *arg = bench_next(c->peers[peer].arg, c->peers[peer].arg_bytes, c->copies, turn);

        if (c->peers[peer].own != NULL)
            bench_ok(b, c->peers[peer].own(b, arg), c->row);
        else
            c->peers[peer].run(arg);
    }
    if (c->peers[peer].own != NULL)
        bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), c->row);
    return (bench_now_us() - start) / repeat;
}

static double
to_value(const struct bench_case *c, double us)
{
    return c->kind == BENCH_TIME || c->kind == BENCH_HOST
               ? us
               : c->work / us * 1e-3; /* flop or bytes per us, in units of 1e9 per s */
}

struct samples {
    double own[MAX_ROUNDS], event[MAX_ROUNDS], peer[BENCH_MAX_PEERS][MAX_ROUNDS];
    unsigned n, launches;
};

static double
time_round(struct bench *b, const struct bench_case *c, unsigned repeat, unsigned *turn, double *event_us)
{
    *event_us = 0.0;
    return c->kind == BENCH_HOST ? time_host(b, c, repeat) : time_own(b, c, repeat, turn, event_us);
}

static bool
sample(struct bench *b, const struct bench_case *c, struct samples *s)
{
    double budget = 1e6 * b->seconds, start, once, least = 1e12, event;
    unsigned repeat, turn = 0, peer_turn[BENCH_MAX_PEERS] = {0}, rounds = MIN_ROUNDS;

    for (unsigned i = 0; i < WARM_UP && rounds == MIN_ROUNDS; i++) {
        s->launches = bench_launches();
        if ((once = time_round(b, c, 1, &turn, &event)) < 0.0)
            return false;
        s->launches = bench_launches() - s->launches;
        least = once < least ? once : least;
        if (once > LONG * budget)
            rounds = WARM_UP;
        for (unsigned p = 0; p < c->n_peers; p++)
            time_peer(b, c, p, 1, &peer_turn[p]);
    }
    /* in samples of 2 ms the clock's resolution and the wait at the end do not count */
    repeat = least > 2000.0 || c->kind == BENCH_HOST ? 1 : (unsigned)(2000.0 / (least + 1.0)) + 1;
    start = bench_now_us();
    for (s->n = 0; s->n < MAX_ROUNDS && (s->n < rounds || bench_now_us() - start < budget); s->n++) {
        if ((s->own[s->n] = time_round(b, c, repeat, &turn, &s->event[s->n])) < 0.0)
            return false;
        for (unsigned p = 0; p < c->n_peers; p++)
            s->peer[p][s->n] = time_peer(b, c, p, repeat, &peer_turn[p]);
    }
    return true;
}

static void
fill(const struct bench *b, const struct bench_case *c, struct samples *s, struct bench_row *row)
{
    row->median_us = bench_median(s->own, s->n);
    row->event_us = bench_median(s->event, s->n);
    row->spread = (s->own[s->n * 9 / 10] - s->own[s->n / 10]) / row->median_us;
    row->value = to_value(c, row->median_us);
    row->rounds = s->n;
    row->launches = s->launches;
    row->copies = c->copies > 1 && c->arg_bytes > 0 ? c->copies : 1;
    row->flop = c->kind == BENCH_FLOP ? c->work : c->flop;
    row->bytes = c->kind == BENCH_COPY || c->kind == BENCH_READ ? c->work : c->bytes;
    row->cached =
        (c->kind == BENCH_COPY || c->kind == BENCH_READ) && row->bytes * row->copies < 1.5 * b->machine.cache_bytes;
    row->kind = c->kind;
    bench_apply_limit(&b->machine, row);
    for (unsigned p = 0; p < c->n_peers; p++) {
        double us = bench_median(s->peer[p], s->n);

        snprintf(row->peers[p].name, sizeof row->peers[p].name, "%s", c->peers[p].name);
        row->peers[p].value = to_value(c, us);
        row->peers[p].ratio = us / row->median_us;
    }
    row->n_peers = c->n_peers;
    /* unless the arithmetic is the lower limit */
    if (c->peer_limit > 0.0 &&
        (strcmp(row->limit_name, "fma") != 0 || row->limit >= c->peer_limit * row->peers[0].value)) {
        row->kind = BENCH_OTHER;
        row->limit = c->peer_limit * row->peers[0].value;
        row->ratio = row->value / row->limit;
        snprintf(row->limit_name, sizeof row->limit_name, "%.19s", row->peers[0].name);
    }
}

void
bench_add_own(struct bench_case *c, const char *name, enum clgrpo_status (*run)(struct bench *b, void *arg), void *arg,
              size_t arg_bytes)
{
    snprintf(c->peers[c->n_peers].name, sizeof c->peers[0].name, "%s", name);
    c->peers[c->n_peers].own = run;
    c->peers[c->n_peers].arg = arg;
    c->peers[c->n_peers++].arg_bytes = arg_bytes;
}

void
bench_add_row(struct bench *b, struct bench_row *row)
{
    const struct bench_row *old = bench_find(&b->previous, row->row);

    if (b->n_rows >= BENCH_MAX_ROWS || b->once)
        return;
    row->group = b->group;
    row->previous = old != NULL ? bench_speed(old, row) : 0.0;
    for (size_t i = 0; i < b->peers.n && row->n_peers < BENCH_MAX_PEERS; i++) {
        const struct bench_row *theirs = &b->peers.rows[i];
        struct bench_peer_result *peer = &row->peers[row->n_peers];

        if (strcmp(theirs->row, row->row) != 0)
            continue;
        memcpy(peer->name, theirs->source, sizeof peer->name);
        peer->value = theirs->value;
        peer->ratio = bench_speed(theirs, row);
        row->n_peers++;
    }
    row->printed = row->ratio;
    b->rows[b->n_rows++] = *row;
    if (b->progress)
        fputs("\r\033[K", stderr);
    bench_print_row(b, row);
    if (b->between != NULL)
        b->between(b->between_arg);
}

/* Nothing is enqueued but the case itself: another tool counts what happens. */
static void
run_once(struct bench *b, const struct bench_case *c)
{
    const bool moves = c->kind == BENCH_COPY || c->kind == BENCH_READ;

    if (bench_ok(b, c->run(b, c->arg), c->row) && bench_ok(b, clgrpo_queue_finish(b->ctx, b->queue), c->row))
        printf("%s\t%.9g\t%.9g\n", c->row, c->kind == BENCH_FLOP ? c->work : c->flop, moves ? c->work : c->bytes);
    fflush(stdout);
}

void
bench_run(struct bench *b, const struct bench_case *c)
{
    static struct samples s;
    struct bench_row row = {0};

    if (!bench_wanted(b, c->row))
        return;
    if (b->once) {
        run_once(b, c);
        return;
    }
    if (!sample(b, c, &s))
        return;
    snprintf(row.row, sizeof row.row, "%s", c->row);
    fill(b, c, &s, &row);
    if (b->kernels)
        bench_profile(b, c, &row);
    bench_add_row(b, &row);
}
