/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sampling, cpu family: the exact cut of a row, after its pass.
 *
 * A search over ranks between low, at or above which there is enough (tokens for top_k, mass for top_p), and high, at
 * or above which there is not. It counts in the list where that covers all ranks between; else over the row, until
 * the tokens between are few enough for the list, which is then made anew.
 */
typedef struct {
    int n;
    float mass;
} tally;

typedef struct {
    __global const float *logits;
    row_slot slot;
    uint vocab;
    float inv_temperature, top;
    int low, high; /* there is enough at or above low, and not at or above high */
    tally at_low, at_high;
    int first, last; /* the list holds every token whose rank is first .. last - 1 */
    tally above;     /* the tokens of rank last and above */
    uint n_list;
    int last_tie;   /* of the tokens with low <= rank < high, the ids 0 .. last_tie are kept */
    int last_place; /* the same in the list, if it has them: its elements 0 .. last_place are kept */
} row_cut;

static tally tally_row(const row_cut *r, int rank)
{
    const vf least = (vf)(rank_logit(rank));
    vf z[C_LSE_NV], mass = (vf)(0.0f);
    vi n = (vi)(0);

    for (uint c = 0; c < r->vocab; c += C_LSE_BLOCK) {
        scaled_block(z, r->logits + c, min((uint)C_LSE_BLOCK, r->vocab - c), r->inv_temperature);
        for (uint j = 0; j < C_LSE_NV; ++j) {
            const vi in = z[j] >= least;
            n -= in;
            mass += as_vf(as_vi(weight_v(z[j], r->top)) & in);
        }
    }
    const tally t = {lanes_sum(n), clg_sum_v(mass)};
    return t;
}

static tally tally_list(const row_cut *r, int rank)
{
    const vf least = (vf)(rank_logit(rank));
    vf mass = (vf)(0.0f);
    vi n = (vi)(0);

    for (uint i = 0; i < r->n_list; i += C_VW) {
        const vi in = vf_load(0, r->slot.z + i) >= least;
        n -= in;
        mass += as_vf(as_vi(vf_load(0, r->slot.w + i)) & in);
    }
    const tally t = {r->above.n + lanes_sum(n), r->above.mass + clg_sum_v(mass)};
    return t;
}

/* Computes the weights of a list of n tokens; its last vector is filled with logits of -infinity. */
static void end_list(row_cut *r, uint n)
{
    for (uint i = n; i % C_VW != 0; ++i)
        r->slot.z[i] = -INFINITY;
    for (uint i = 0; i < n; i += C_VW)
        vf_store(weight_v(vf_load(0, r->slot.z + i), r->top), 0, r->slot.w + i);
    r->n_list = n;
}

/* Joins the lists of the parts, and their counts. If one had too little room, the list is empty and covers no ranks. */
static void begin_cut(row_cut *r)
{
    const row_slot s = r->slot;
    bool fits = true;
    uint n = 0;

    r->above.n = 0;
    r->above.mass = 0.0f;
    for (uint p = 0; p < s.n_parts; ++p) {
        fits = fits && s.n_list[p] <= (int)(s.room - C_VW);
        for (int i = 0; fits && i < s.n_list[p]; ++i, ++n)
            s.z[n] = s.z[p * s.room + i];
        r->above.n += s.n_over[p];
    }
    for (uint g = 0; g < s.n_segments; ++g)
        r->above.mass += s.over[g];
    r->last = min(rank_of(s.bracket[1]), r->high);
    r->first = fits ? min(max(rank_of(s.bracket[0]), r->low), r->last) : r->last;
    end_list(r, fits ? n : 0);
}

/* Lists the tokens with low <= rank < high anew. */
static void collect(row_cut *r)
{
    const row_slot s = r->slot;
    const float low = rank_logit(r->low), high = rank_logit(r->high);
    const int room = (int)(s.room * s.n_parts);
    int n = 0;

    for (uint g = 0; g < s.n_segments; ++g) {
        const uint first = g * C_LSE_SEGMENT, end = min(r->vocab, first + C_LSE_SEGMENT);
        const int before = n;
        vf z[C_LSE_NV], over = (vf)(0.0f);
        for (uint c = first; c < end; c += C_LSE_BLOCK) {
            scaled_block(z, r->logits + c, min((uint)C_LSE_BLOCK, end - c), r->inv_temperature);
            vi bits = (vi)(0);
            for (uint j = 0; j < C_LSE_NV; ++j) {
                over += as_vf(as_vi(weight_v(z[j], r->top)) & (z[j] >= (vf)(high)));
                bits |= listed_bits(z[j], low, high, j);
            }
            n = append_block(s.z, n, room, z, vectors_of(bits), low, high);
        }
        s.over[g] = clg_sum_v(over);
        s.n_in[g] = n - before;
    }
    r->first = r->low;
    r->last = r->high;
    r->above = r->at_high;
    end_list(r, (uint)n);
}

static inline bool is_listed(const row_cut *r)
{
    return r->first <= r->low && r->high <= r->last;
}

static inline bool has_enough(tally t, int count, float need)
{
    return count > 0 ? t.n >= count : t.mass >= need;
}

/* The rank between low and high to test next: by linear interpolation of the amount, and every second time the
 * middle, so that the interval shrinks by half at least as often. */
static inline int next_rank(const row_cut *r, int count, float need, uint step)
{
    const float low = rank_logit(r->low), high = rank_logit(r->high);
    const float most = count > 0 ? (float)r->at_low.n : r->at_low.mass;
    const float least = count > 0 ? (float)r->at_high.n : r->at_high.mass;
    const float share = (most - (count > 0 ? (float)count : need)) / (most - least);

    if (step % 2 != 0 || !(low > 0.5f * C_MASKED) || !(share >= 0.0f && share <= 1.0f))
        return rank_middle(r->low, r->high);
    return max(r->low + 1, min(r->high - 1, rank_of(low + share * (high - low))));
}

/* Narrows low and high to one rank or one token: `count` tokens are enough, or if count is 0 the mass `need`. */
static void settle(row_cut *r, int count, float need)
{
    for (uint step = 0; as_uint(r->high) - as_uint(r->low) > 1 && r->at_low.n - r->at_high.n > 1 && r->at_low.n != count;
         ++step) {
        bool listed = is_listed(r);
        if (!listed && r->at_low.n - r->at_high.n <= (int)(r->slot.room * r->slot.n_parts - C_VW)) {
            collect(r);
            listed = true;
        }
        const int middle = next_rank(r, count, need, step);
        const tally t = listed ? tally_list(r, middle) : tally_row(r, middle);

        if (has_enough(t, count, need)) {
            r->low = middle;
            r->at_low = t;
        } else {
            r->high = middle;
            r->at_high = t;
        }
    }
}

/* Narrows low and high to the ranks of the list, if the cut is among them. */
static void try_list(row_cut *r, int count, float need)
{
    if (r->last <= r->low || r->last > r->high)
        return;
    if (r->last < r->high && has_enough(r->above, count, need)) {
        r->low = r->last;
        r->at_low = r->above;
        return;
    }
    r->high = r->last;
    r->at_high = r->above;
    if (r->first <= r->low)
        return;
    const tally t = tally_list(r, r->first);
    if (has_enough(t, count, need)) {
        r->low = r->first;
        r->at_low = t;
    } else {
        r->high = r->first;
        r->at_high = t;
    }
}

/* The id of the n-th token, counted from 1, with low <= rank < high and an id from `from` on; INT_MAX if there is
 * none. */
static int find_tie(const row_cut *r, uint from, uint n)
{
    const float low = rank_logit(r->low), high = rank_logit(r->high);

    for (uint v = from; v < r->vocab; ++v) {
        const float z = r->logits[v] * r->inv_temperature;
        if (z >= low && z < high && --n == 0)
            return (int)v;
    }
    return INT_MAX;
}

/* Makes the n-th token, counted from 1, with low <= rank < high the last that is kept of them. */
static void end_ties(row_cut *r, uint n)
{
    const float low = rank_logit(r->low), high = rank_logit(r->high);
    uint i = 0, g = 0;

    for (; is_listed(r) && g < r->slot.n_segments; ++g) {
        const uint end = i + (uint)r->slot.n_in[g], before = n;
        for (; i < end && n > 0; ++i)
            if (r->slot.z[i] >= low && r->slot.z[i] < high && --n == 0)
                r->last_place = (int)i;
        if (n == 0) {
            n = before;
            break;
        }
    }
    r->last_tie = find_tie(r, g * C_LSE_SEGMENT, n);
}

/* Keeps the first n_kept tokens, by id, of those with low <= rank < high. */
static void drop_ties(row_cut *r, uint n_kept)
{
    const int n = r->at_low.n - r->at_high.n;

    if ((int)n_kept >= n)
        return;
    end_ties(r, n_kept);
    r->at_low.mass = r->at_high.mass + (r->at_low.mass - r->at_high.mass) * ((float)n_kept / (float)n);
    r->at_low.n = r->at_high.n + (int)n_kept;
}

/* Finds both cuts of a row; `total` is the weight of all its tokens. */
static void cut_row(row_cut *r, uint top_k, float top_p, float total)
{
    const int above_all = rank_of(r->top) + 1;
    const tally none = {0, 0.0f}, all = {(int)r->vocab, total};

    r->low = min(rank_of(C_MASKED) + 1, above_all - 1);
    r->high = above_all;
    r->at_low = all;
    r->at_high = none;
    r->last_tie = INT_MAX;
    r->last_place = INT_MAX;
    begin_cut(r);
    if (top_k < r->vocab) {
        try_list(r, (int)top_k, 0.0f);
        if (r->at_low.n == (int)r->vocab) /* masked tokens are not to be counted */
            r->at_low = tally_row(r, r->low);
        if (r->at_low.n > (int)top_k) {
            settle(r, (int)top_k, 0.0f);
            drop_ties(r, (uint)((int)top_k - r->at_high.n));
        }
    }
    if (top_p < 1.0f) {
        const float need = top_p * r->at_low.mass;
        r->high = above_all;
        r->at_high = none;
        try_list(r, 0, need);
        settle(r, 0, need);
        const uint n = (uint)(r->at_low.n - r->at_high.n);
        const float each = (r->at_low.mass - r->at_high.mass) / (float)n;
        drop_ties(r, ties_needed(need, r->at_high.mass, each, n));
    }
}
