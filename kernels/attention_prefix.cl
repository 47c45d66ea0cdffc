/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sequence of a packed batch sees, where one may continue another: sequence b continues p = prefix[b] if 0 <= p < n
 * and prefix[p] is not in that range, else it stands alone (so no chain, no circle). n is 0 where there is no prefix at all.
 *
 * A position counts from the beginning of the history: those below `past` are the prefix's rows, the others b's own, up to
 * `len`. Position j is row prefix + j or own + j (own may be negative).
 */
struct clg_history {
    int past, len, prefix, own;
};

static inline bool
clg_in_batch(int p, int n)
{
    return p >= 0 && p < n;
}

/* The sequence that b continues, or -1. */
static inline int
clg_root(__global const int *prefix, int n, int b)
{
    const int p = n > 0 ? prefix[b] : -1;
    return clg_in_batch(p, n) && !clg_in_batch(prefix[p], n) ? p : -1;
}

/* A family is a sequence that stands alone, then those that continue it, ascending: the next after `last`, or -1. */
static inline int
clg_next_of_family(__global const int *prefix, int n, int root, int last)
{
    int b = last == root ? 0 : last + 1;
    while (b < n && clg_root(prefix, n, b) != root)
        b++;
    return b < n ? b : -1;
}

static inline struct clg_history
clg_history_of(__global const int *offsets, __global const int *prefix, int n, int b)
{
    const int root = clg_root(prefix, n, b), start = offsets[b];
    struct clg_history h = {0, offsets[b + 1] - start, start, start};
    if (root >= 0) {
        h.prefix = offsets[root];
        h.past = offsets[root + 1] - h.prefix;
        h.own = start - h.past;
        h.len += h.past;
    }
    return h;
}

/*
 * The sequence of group (x, g, b'). With a prefix it is b' + x / 2 modulo B: any X consecutive groups then are all x, the
 * pairs of a long and a short chunk with the sequences in turn, so a run of groups that is handed to a compute unit is a
 * fair sample, whichever sequences are long.
 */
static inline int
clg_sequence(int n_prefix)
{
    const uint b = get_group_id(2);
    return n_prefix > 0 ? (b + (uint)get_group_id(0) / 2) % (uint)n_prefix : b;
}
