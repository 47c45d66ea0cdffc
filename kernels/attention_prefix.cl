/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that a sequence of a packed batch sees, where one sequence may continue another. Sequence b continues
 * sequence p = prefix[b] if 0 <= p < n and prefix[p] is not in that range; else it stands alone. So there are neither
 * chains nor cycles. n is 0 where the call has no prefixes.
 *
 * The history of b is the rows of p and then those of b. Positions count from its beginning: those below `past` are
 * rows of p, the others rows of b, `len` in all. Position j is row prefix + j or row own + j of the batch; own may be
 * negative.
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

/* A family is a sequence that stands alone, the root, and those that continue it, in ascending order: the next after
 * `last`, or -1. */
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
 * The sequence of group (x, g, b'): b', or with a prefix (b' + x / 2) mod B. A run of consecutive groups, as a
 * compute unit gets it, then has chunks of many sequences, so that the work of the runs differs little however the
 * lengths of the sequences differ.
 */
static inline int
clg_sequence(int n_prefix)
{
    const uint b = get_group_id(2);
    return n_prefix > 0 ? (b + (uint)get_group_id(0) / 2) % (uint)n_prefix : b;
}
