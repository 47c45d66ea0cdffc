/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sampling, cpu family: the scratch memory of a row, the guess at its cut, and the one pass over it.
 *
 * Before the pass, a sample of the row's blocks gives a bracket: two logits, low and high, that the cut is probably
 * between. The pass sums the log-sum-exp and the tokens from high up, and lists the tokens with low <= z < high, which
 * are those of the bracket.
 *
 * A row's slot of the scratch memory, in words of 4 bytes, with S = ceil(V / C_LSE_SEGMENT) segments and P = ceil(V /
 * PART) parts:
 *
 *   bracket [16]    low and high
 *   m, s, over [S]  of each segment: its log-sum-exp state, and the weight of its tokens from high up
 *   n_in [S]        of each segment: its tokens of the bracket
 *   n_over [P]      of each part: its tokens from high up
 *   n_list [P]      of each part: its tokens of the bracket, also if there is no room to list them
 *   z, w [P][room]  the listed tokens, ids ascending: logit over temperature, and weight
 *
 * A part is the same work whichever group does it: a row has the same bits whether one group computes it or many.
 */
#ifndef C_GREEDY
#define C_GREEDY 0
#endif
#ifndef C_CUT
#define C_CUT 1
#endif
#define PART_SEGMENTS 16
#define PART          (PART_SEGMENTS * C_LSE_SEGMENT)
#define MOST_ROOM     2048
#define GUESS_BLOCKS  32
#define GUESS_BINS    512
#define EDGE          0.01f /* of a bin's width: more than the rounding error of a logit's place among the bins */
#define GUESS_RANGE   40.0f /* tokens that far below the maximum have no weight that counts */

typedef struct {
    __global float *bracket, *m, *s, *over;
    __global int *n_in, *n_over, *n_list;
    __global float *z, *w;
    uint n_segments, n_parts, room;
} row_slot;

inline row_slot slot_at(__global float *words, uint vocab)
{
    row_slot r;

    r.n_segments = (vocab + C_LSE_SEGMENT - 1) / C_LSE_SEGMENT;
    r.n_parts = (vocab + PART - 1) / PART;
    r.room = min((uint)MOST_ROOM, (vocab + C_LSE_BLOCK - 1) / C_LSE_BLOCK * C_LSE_BLOCK);
    r.bracket = words;
    r.m = words + 16;
    r.s = r.m + r.n_segments;
    r.over = r.s + r.n_segments;
    r.n_in = (__global int *)(r.over + r.n_segments);
    r.n_over = r.n_in + r.n_segments;
    r.n_list = r.n_over + r.n_parts;
    r.z = (__global float *)(r.n_list + r.n_parts);
    r.w = r.z + (size_t)r.n_parts * r.room;
    return r;
}

static inline void scaled_block(vf z[C_LSE_NV], __global const float *logits, uint valid, float inv_temperature)
{
    if (valid == C_LSE_BLOCK) {
        for (uint j = 0; j < C_LSE_NV; ++j)
            z[j] = vf_load(j, logits) * (vf)(inv_temperature);
        return;
    }
    for (uint v = 0; v < C_LSE_BLOCK; ++v)
        ((float *)z)[v] = v < valid ? logits[v] * inv_temperature : C_MASKED;
}

inline vf weight_v(vf z, float top)
{
    const vf d = z - (vf)(top);
    return select((vf)(0.0f), clg_exp_v(d), d > (vf)(C_LSE_FLOOR));
}

/* Block number i of the n blocks, of n_blocks, that are the sample: they are at equal distances in the row. */
static inline void guess_block(vf z[C_LSE_NV], __global const float *logits, uint vocab, float inv_temperature, uint i,
                               uint n, uint n_blocks)
{
    const uint first = (uint)((ulong)i * n_blocks / n) * C_LSE_BLOCK;
    scaled_block(z, logits + first, min((uint)C_LSE_BLOCK, vocab - first), inv_temperature);
}

typedef struct {
    float mass[GUESS_BINS], low, width, total;
    int count[GUESS_BINS];
    bool is_whole; /* the sample is the whole row */
    float n;       /* tokens of the sample */
} histogram;

static void fill_histogram(histogram *h, __global const float *logits, uint vocab, float inv_temperature)
{
    const uint n_blocks = (vocab + C_LSE_BLOCK - 1) / C_LSE_BLOCK, n = min((uint)GUESS_BLOCKS, n_blocks);
    vf z[C_LSE_NV], high = (vf)(C_MASKED), low = (vf)(-C_MASKED);

    for (uint i = 0; i < n; ++i) {
        guess_block(z, logits, vocab, inv_temperature, i, n, n_blocks);
        for (uint j = 0; j < C_LSE_NV; ++j) {
            high = max(high, z[j]);
            low = min(low, select((vf)(-C_MASKED), z[j], z[j] > (vf)(C_MASKED)));
        }
    }
    const float top = clg_max_v(high);
    h->low = min(max(-clg_max_v(-low), top - GUESS_RANGE), top);
    h->width = (top - h->low) / GUESS_BINS;
    h->total = 0.0f;
    h->is_whole = n == n_blocks;
    h->n = h->is_whole ? (float)vocab : (float)(n * C_LSE_BLOCK);
    for (uint b = 0; b < GUESS_BINS; ++b) {
        h->mass[b] = 0.0f;
        h->count[b] = 0;
    }
    const float scale = h->width > 0.0f ? 1.0f / h->width : 0.0f;
    for (uint i = 0; i < n; ++i) {
        guess_block(z, logits, vocab, inv_temperature, i, n, n_blocks);
        for (uint j = 0; j < C_LSE_NV; ++j) {
            const vf at = min(max((z[j] - (vf)(h->low)) * (vf)(scale), (vf)(0.0f)), (vf)(GUESS_BINS - 1));
            const vf w = weight_v(z[j], top);
            const vi bin = C_CAT(convert_int, P_VECTOR_WIDTH)(at) & (vi)(GUESS_BINS - 1), in = z[j] > (vf)(C_MASKED);
            for (uint l = 0; l < C_VW; ++l) {
                h->count[((int *)&bin)[l]] -= ((int *)&in)[l];
                h->mass[((int *)&bin)[l]] += ((float *)&w)[l];
            }
        }
    }
    for (uint b = 0; b < GUESS_BINS; ++b)
        h->total += h->mass[b];
}

/* The error of the mass above a cut at share p, estimated from the sample: three standard deviations of a ratio of
 * sums. */
static float mass_error(const histogram *h, float p)
{
    float above = 0.0f, below = 0.0f, mass = 0.0f;

    for (int b = GUESS_BINS - 1; b >= 0; --b) {
        const float x = h->mass[b], squares = h->count[b] > 0 ? x * x / (float)h->count[b] : 0.0f;
        if (mass < p * h->total)
            above += squares;
        else
            below += squares;
        mass += x;
    }
    return 3.0f * sqrt((1.0f - p) * (1.0f - p) * above + p * p * below);
}

/*
 * bracket[0] and bracket[1]: low and high, for the first cut if there are two. About a sixteenth of the tokens, at
 * most, are between, so that the list, which has room for an eighth, holds them. Where the cut lies elsewhere,
 * finding it takes longer; the result is the same.
 */
static void guess(__global float *bracket, __global const float *logits, uint vocab, float inv_temperature, uint top_k,
                  float top_p)
{
    histogram h;

    fill_histogram(&h, logits, vocab, inv_temperature);
    const bool by_count = top_k < vocab;
    const float x = (float)top_k * (h.n / (float)vocab);
    const float wanted = by_count ? x : top_p * h.total;
    const float error = h.is_whole ? 1e-4f * wanted : by_count ? 4.0f * sqrt(x) + 4.0f : mass_error(&h, top_p);
    const float most = h.is_whole ? h.n : h.n / 16.0f;
    float low = rank_logit(rank_of(C_MASKED) + 1), high = INFINITY, amount = 0.0f, n = 0.0f;

    for (int b = GUESS_BINS - 1; b > 0; --b) {
        amount += by_count ? (float)h.count[b] : h.mass[b];
        n += (float)h.count[b];
        if (amount < wanted - error) {
            high = h.low + ((float)b + EDGE) * h.width;
            n = 0.0f;
        }
        if (amount >= wanted + error || n > most) {
            low = h.low + ((float)b - EDGE) * h.width;
            break;
        }
    }
    bracket[0] = low;
    bracket[1] = high;
}

/* In each lane bit j, if vector j of a block has a token of the bracket there; vectors_of joins the lanes. */
inline vi listed_bits(vf z, float low, float high, uint j)
{
    return (z >= (vf)(low)) & (z < (vf)(high)) & (vi)(1 << j);
}

inline uint vectors_of(vi bits)
{
    uint r = 0;
    for (int l = 0; l < C_VW; ++l)
        r |= (uint)((int *)&bits)[l];
    return r;
}

inline int lanes_sum(vi x)
{
    int n = 0;
    for (int l = 0; l < C_VW; ++l)
        n += ((int *)&x)[l];
    return n;
}

/*
 * Appends a block's tokens of the bracket to the list, which has n, and returns how many there are then. A vector
 * that might not fit is counted and not written, so a list is complete only if it ends with at most room - C_VW.
 * Lanes are written without branches: one that does not belong to the list is overwritten by the next.
 */
static inline int append_block(__global float *list, int n, int room, const vf z[C_LSE_NV], uint vectors, float low, float high)
{
    for (; vectors != 0; vectors &= vectors - 1) {
        const vf x = z[31 - (int)clz(vectors & -vectors)];
        const vi in = (x >= (vf)(low)) & (x < (vf)(high));
        if (n > room - C_VW) {
            n -= lanes_sum(in);
            continue;
        }
#pragma unroll
        for (int l = 0; l < C_VW; ++l) {
            list[n] = ((float *)&x)[l];
            n -= ((int *)&in)[l];
        }
    }
    return n;
}

/* Of a segment, by lane, the weight and number of its tokens from high up; and the length of the part's list. */
typedef struct {
    vf over;
    vi n_over;
    int n_list;
} pass_lanes;

/* Of the blocks of a segment: top, the maximum of each; m, the maximum of all up to it; scale, the factor by which
 * sums are multiplied when the maximum grows to m. */
#define N_BLOCKS (C_LSE_SEGMENT / C_LSE_BLOCK)
typedef struct {
    float top[N_BLOCKS], m[N_BLOCKS], scale[16];
} pass_maxima;

static inline float block_max(__global const float *logits, uint valid)
{
    if (valid < C_LSE_BLOCK) {
        float top = logits[0];
        for (uint v = 1; v < valid; ++v)
            top = max(top, logits[v]);
        return top;
    }
    vf top[4];
#pragma unroll
    for (int i = 0; i < 4; ++i)
        top[i] = vf_load(i, logits);
#pragma unroll
    for (int j = 4; j < C_LSE_NV; j += 4)
#pragma unroll
        for (int i = 0; i < 4; ++i)
            top[i] = max(top[i], vf_load(j + i, logits));
    return clg_max_v(max(max(top[0], top[1]), max(top[2], top[3])));
}

/* The largest logit over temperature of the block at c: the scaled maximum, as scaling keeps the order. */
static inline float block_top(__global const float *logits, uint vocab, uint c, float inv_temperature)
{
    return c < vocab ? block_max(logits + c, min((uint)C_LSE_BLOCK, vocab - c)) * inv_temperature : C_MASKED;
}

/* All factors of a segment at once, as vectors: one by one, each exponential would wait for the maximum before it. */
static inline void join_maxima(pass_maxima *r)
{
    float before[16], m = C_MASKED;

    for (uint b = 0; b < 16; ++b) {
        before[b] = 0.0f;
        if (b < N_BLOCKS) {
            r->m[b] = max(m, r->top[b]);
            before[b] = m - r->m[b];
            m = r->m[b];
        }
    }
    for (uint i = 0; i < 16 / C_VW; ++i)
        vf_store(clg_exp_v(max(vf_load(i, before), (vf)(C_LSE_FLOOR))), i, r->scale);
}

inline void first_maxima(pass_maxima *r, __global const float *logits, uint vocab, uint first, float inv_temperature)
{
    for (uint b = 0; b < N_BLOCKS; ++b)
        r->top[b] = block_top(logits, vocab, first + b * C_LSE_BLOCK, inv_temperature);
}

/*
 * The log-sum-exp of a segment, in the order of lse_block, and its tokens of the bracket. maxima->top: in, the maxima
 * of its blocks; out, those of the next segment, which are read meanwhile, so that memory and arithmetic overlap.
 */
static lse_state pass_segment(pass_lanes *lanes, pass_maxima *maxima, __global const float *logits, uint vocab, uint first,
                              float inv_temperature, float low, float high, __global float *list, int room)
{
    const uint n = min((uint)C_LSE_SEGMENT, vocab - first);
    vf s = (vf)(0.0f), over = (vf)(0.0f), z[C_LSE_NV];
    vi n_over = (vi)(0);
    float m = C_MASKED;

    join_maxima(maxima);
    for (uint b = 0; b * C_LSE_BLOCK < n; ++b) {
        const uint c = b * C_LSE_BLOCK;
        const float top = maxima->top[b];
        vi bits = (vi)(0);
        m = maxima->m[b];
        s *= (vf)(maxima->scale[b]);
        maxima->top[b] = block_top(logits, vocab, first + c + C_LSE_SEGMENT, inv_temperature);
        scaled_block(z, logits + first + c, min((uint)C_LSE_BLOCK, n - c), inv_temperature);
        if (!C_CUT || top < high) {
#pragma unroll
            for (int j = 0; j < C_LSE_NV; ++j)
                s += clg_exp_v(z[j] - (vf)(m));
            if (C_CUT)
                over *= (vf)(maxima->scale[b]);
            if (!C_CUT || top < low)
                continue;
            for (int j = 0; j < C_LSE_NV; ++j)
                bits |= listed_bits(z[j], low, high, j);
        } else {
            over *= (vf)(maxima->scale[b]);
#pragma unroll
            for (int j = 0; j < C_LSE_NV; ++j) {
                const vf e = clg_exp_v(z[j] - (vf)(m));
                const vi is_over = z[j] >= (vf)(high);
                s += e;
                over += as_vf(as_vi(e) & is_over);
                n_over -= is_over;
            }
            for (int j = 0; j < C_LSE_NV; ++j)
                bits |= listed_bits(z[j], low, high, j);
        }
        lanes->n_list = append_block(list, lanes->n_list, room, z, vectors_of(bits), low, high);
    }
    lanes->over = over;
    lanes->n_over = n_over;
    const lse_state r = {m, clg_sum_v(s), 0.0f};
    return r;
}

/* One part of a row: the states of its segments, and its tokens of the bracket. */
static void pass_part(row_slot r, __global const float *logits, uint vocab, float inv_temperature, uint part)
{
    const float low = C_CUT ? r.bracket[0] : 0.0f, high = C_CUT ? r.bracket[1] : 0.0f;
    const uint last = min(r.n_segments, (part + 1) * PART_SEGMENTS);
    pass_maxima maxima;
    pass_lanes lanes;
    int n_list = 0, n_over = 0;

    lanes.n_list = 0;
    first_maxima(&maxima, logits, vocab, part * PART, inv_temperature);
    for (uint g = part * PART_SEGMENTS; g < last; ++g) {
        const lse_state state = pass_segment(&lanes, &maxima, logits, vocab, g * C_LSE_SEGMENT, inv_temperature, low, high,
                                             r.z + part * r.room, (int)r.room);
        r.m[g] = state.m;
        r.s[g] = state.s;
        if (C_CUT) {
            r.over[g] = clg_sum_v(lanes.over);
            r.n_in[g] = lanes.n_list - n_list;
            n_over += lanes_sum(lanes.n_over);
        }
        n_list = lanes.n_list;
    }
    if (C_CUT) {
        r.n_over[part] = n_over;
        r.n_list[part] = n_list;
    }
}
