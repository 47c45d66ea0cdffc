/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention over packed sequences of unequal length, and decoding with a KV cache. Include clgrpo.h.
 *
 * act: queries, keys, values, outputs and their gradients, f32, f16 or bf16, all of one call the same, whatever the
 * type of a KV cache. Arithmetic is f32, and a result has the bits of that of f32 tensors that hold the same values,
 * rounded once when it is stored: to nearest even, NaN to NaN, what is too large for f16 to infinity. E_DTYPE: also act
 * of two types.
 */
#ifndef CLGRPO_ATTENTION_H
#define CLGRPO_ATTENTION_H

/* Every kernel visits keys in blocks of this many, counted from a sequence's position 0: so the order of a row's sums,
 * and its bits, are the same in training, prefill and decoding. */
enum { CLGRPO_ATTENTION_BLOCK = 64 };

/*
 * Attention of each row over the keys of its sequence, with grouped queries.
 *
 *   o[n][h]   = sum_j softmax_j(scale q[n][h] . k[j][g]) v[j][g]        g = h / (H / K)
 *   lse[n][h] = log sum_j exp(scale q[n][h] . k[j][g])
 *
 * j runs over the rows of n's sequence, with `causal` over those at or before n. Scores are never stored.
 *
 * q        [N][H][D] act
 * k, v     [N][K][D] act; q, k and v may be columns of one buffer
 * offsets  [B+1] i32, ascending from 0, the last at most N: sequence b is rows offsets[b] .. offsets[b+1]-1; it may
 *          have none. Values outside 0 .. N, and one below its predecessor, are clamped
 * o        [N][H][D] act, written; rows from offsets[B] on are left as they are, here and in lse
 * lse      [N][H] f32, written; the backward reads it; buf may be NULL
 * prefix   [B] i32, see below; buf may be NULL
 * max_len  at least the length of the longest sequence: it sizes the launch; a longer one ends there
 * scale    finite, > 0; usually 1 / sqrt(D)
 *
 * D is 32, 64 or 128, and H a multiple of K. N and max_len are at most 2^30 - 1. Scores beyond +-1e29 are taken for
 * masked ones. A NaN of v makes its column NaN also in rows of its sequence that do not see it, where their block of 64
 * holds it. clgrpo_attention_workspace reports 0.
 *
 * prefix[b] = p: sequence b continues sequence p, as the rollouts of a prompt continue it. Each row of b sees all
 * keys of p, before those of its own sequence: row i of b is at position (length of p) + i. The bits of o and lse are
 * those of a sequence that consists of p's rows and then b's. Any number of sequences may continue p, which lies
 * anywhere in the batch and may be of any length. prefix[b] = -1: b stands alone. Only such a sequence can be
 * continued: an entry outside 0 .. B-1, or that names a sequence which itself continues another, is taken as -1.
 *
 * E_SHAPE: also D, H or K other than above, or no offsets.  E_VALUE: scale.
 * FlashAttention-2: Dao, arXiv 2307.08691.
 */
struct clgrpo_attention_args {
    size_t struct_size;
    struct clgrpo_tensor q, k, v, offsets, o, lse, prefix;
    size_t max_len;
    float scale;
    bool causal;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_attention_args, a.causal = true;)
#define CLGRPO_ATTENTION_ARGS_INIT clgrpo_attention_args_init()
enum clgrpo_status clgrpo_attention_workspace(struct clgrpo_context *ctx, const struct clgrpo_attention_args *args,
                                              size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_attention(struct clgrpo_context *ctx, const struct clgrpo_attention_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Gradient of clgrpo_attention.
 *
 * q, k, v, offsets, prefix, max_len, scale, causal: as in the forward
 * o, lse   as the forward wrote them
 * dout     [N][H][D] act, the gradient by o
 * dq       [N][H][D] act, written
 * dk, dv   [N][K][D] act, written; dq, dk and dv may be columns of one buffer
 *
 * Rows from offsets[B] on are left as they are. dk and dv sum over the query heads of a key head; those of a prefix
 * also over the sequences that continue it, after its own rows and in the order of the batch. Each element has one
 * writer and one order of its sum, whatever else is in the batch; there are no atomics. The workspace holds N H floats;
 * for halves in the cpu family N H (D + 1), as dq is added up there.
 *
 * Statuses as in the forward.
 */
struct clgrpo_attention_backward_args {
    size_t struct_size;
    struct clgrpo_tensor q, k, v, offsets, o, lse, dout, dq, dk, dv, prefix;
    size_t max_len;
    float scale;
    bool causal;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_attention_backward_args, a.causal = true;)
#define CLGRPO_ATTENTION_BACKWARD_ARGS_INIT clgrpo_attention_backward_args_init()
enum clgrpo_status clgrpo_attention_backward_workspace(struct clgrpo_context *ctx,
                                                       const struct clgrpo_attention_backward_args *args,
                                                       size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_attention_backward(struct clgrpo_context *ctx,
                                             const struct clgrpo_attention_backward_args *args, cl_command_queue queue,
                                             cl_uint n_wait, const cl_event *wait_list,
                                             cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Stores the keys and values of N tokens in the KV cache, at (slot[n], position[n]).
 *
 * k, v      [N][K][D] act
 * slot      [N] i32, 0 .. S-1
 * position  [N] i32, 0 .. L-1
 * k_cache   [S][K][L/64][D*64] f32, f16 or bf16, dense; each block of 64 keys is transposed, [D][64], so that
 *           neighbouring elements belong to neighbouring keys
 * v_cache   [S][K][L][D] of k_cache's type, dense
 *
 * Values are rounded to nearest even where the cache holds less than they do. A pair (slot, position) that is out of
 * range is skipped; two tokens of one call must not have the same pair. The caller zeroes both caches before their
 * first use: a NaN behind the last key of a block would reach the sums in spite of its mask.
 *
 * E_SHAPE: also D not 32, 64 or 128, or L no multiple of CLGRPO_ATTENTION_BLOCK.
 */
struct clgrpo_kv_append_args {
    size_t struct_size;
    struct clgrpo_tensor k, v, slot, position, k_cache, v_cache;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_kv_append_args, /* zeros */)
#define CLGRPO_KV_APPEND_ARGS_INIT clgrpo_kv_append_args_init()
enum clgrpo_status clgrpo_kv_append(struct clgrpo_context *ctx, const struct clgrpo_kv_append_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Copies positions 0 .. length[n]-1 of slot source[n] to slot target[n], for each of N entries: so a sequence is
 * forked, and several samples continue one history.
 *
 * source, target    [N] i32, 0 .. S-1
 * length            [N] i32, 0 .. L
 * k_cache, v_cache  as in clgrpo_kv_append, in place
 *
 * Whole blocks of CLGRPO_ATTENTION_BLOCK positions are copied: what target held between length[n] and the end of that
 * block is overwritten, too. An entry with a slot or length out of range, or with target[n] = source[n], is skipped. No
 * two entries may have the same target, and no entry's target may be another's source.
 *
 * Statuses as in clgrpo_kv_append.
 */
struct clgrpo_kv_copy_args {
    size_t struct_size;
    struct clgrpo_tensor source, target, length, k_cache, v_cache;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_kv_copy_args, /* zeros */)
#define CLGRPO_KV_COPY_ARGS_INIT clgrpo_kv_copy_args_init()
enum clgrpo_status clgrpo_kv_copy(struct clgrpo_context *ctx, const struct clgrpo_kv_copy_args *args,
                                  cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                  cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Attention of N query tokens over the KV cache: token n sees positions 0 .. position[n] of slot[n], which
 * clgrpo_kv_append wrote before. It serves decoding, with one token per slot, and prefill in chunks, with many.
 *
 *   o[n][h] = sum_j softmax_j(scale q[n][h] . k[j][g]) v[j][g]        g = h / (H / K), j = 0 .. position[n]
 *
 * q                 [N][H][D] act
 * slot, position    [N] i32; a pair out of range gives a row of zeros
 * k_cache, v_cache  as in clgrpo_kv_append
 * o                 [N][H][D] act, written
 * prefix_slot       [N] i32, see below; buf may be NULL
 * prefix_length     [N] i32, a multiple of CLGRPO_ATTENTION_BLOCK, 0 .. position[n]; buf is NULL where prefix_slot's is
 * scale             finite, > 0
 *
 * The bits are those of clgrpo_attention for the same history, however it was cut into chunks; with a cache of halves,
 * for the keys and values as rounded.
 *
 * With a prefix, token n has its positions below prefix_length[n] in slot prefix_slot[n], and the others in slot[n],
 * each at its own position. prefix_length[n] = 0: no prefix, whatever the slot. A pair out of range gives a row of
 * zeros. The bits are those of one slot that holds both parts. Neighbours in the batch with the same pair read the
 * prefix together, as many as still leave every compute unit work.
 *
 * E_ARGUMENT: also one of prefix_slot and prefix_length without the other.  E_SHAPE: also D or L as in
 * clgrpo_kv_append, H no multiple of K.  E_VALUE: scale.
 */
struct clgrpo_attention_decode_args {
    size_t struct_size;
    struct clgrpo_tensor q, slot, position, k_cache, v_cache, o;
    struct clgrpo_tensor prefix_slot, prefix_length;
    float scale;
    struct clgrpo_workspace workspace;
};
CLGRPO_DEFINE_INIT(clgrpo_attention_decode_args, /* zeros */)
#define CLGRPO_ATTENTION_DECODE_ARGS_INIT clgrpo_attention_decode_args_init()
enum clgrpo_status clgrpo_attention_decode(struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *args,
                                           cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                           cl_event *event) CLGRPO_MUST_CHECK;

#endif
