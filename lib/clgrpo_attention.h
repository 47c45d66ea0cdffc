/* SPDX-License-Identifier: Apache-2.0 */
/* Attention over packed sequences of unequal length, and decoding with a KV cache. Include clgrpo.h. */
#ifndef CLGRPO_ATTENTION_H
#define CLGRPO_ATTENTION_H

/* Keys are visited in blocks of this many, counted from a sequence's position 0, in every kernel: the order of the
 * sums, and so the bits of a row, are the same in training, prefill and decoding. */
enum { CLGRPO_ATTENTION_BLOCK = 64 };

/*
 * o[n][h] = sum_j softmax_j(scale q[n][h] . k[j][g]) v[j][g],  g = h / (H / K) (grouped-query attention), j over the
 * keys of the same sequence, with `causal` those at or before n. FlashAttention-2 (Dao, arXiv 2307.08691): scores are
 * never stored.
 *
 * q, o [N][H][D]   k, v [N][K][D]   f32; innermost stride 1, the others free (columns of one qkv buffer are fine)
 * offsets [B+1] i32: sequence b owns rows offsets[b] .. offsets[b+1]-1; offsets[0] = 0, offsets[B] <= N, ascending;
 * empty sequences are allowed; rows from offsets[B] on are not touched
 * lse [N][H] f32: log of the softmax denominator, needed by the backward; lse.buf may be NULL
 * max_len >= the longest sequence (sizes the launch). D is 32, 64 or 128; H is a multiple of K. o aliases nothing.
 *
 * prefix [B] i32, or buf NULL for none: sequence b with p = prefix[b] continues sequence p. Each of its rows sees all
 * keys of p, which come before its own: row i of b is at position (length of p) + i, and the bits of its o and lse are
 * those of a sequence of p's rows and then b's. Many may continue one, which lies anywhere in the batch, of any length;
 * so rollouts share their prompt. prefix[b] is -1 where b stands alone. Only such a sequence can be continued: p that
 * is out of 0 .. B-1, or that itself names a sequence of the batch, is taken as -1 (the host reads none of it).
 *
 * Scores beyond +-1e29 are not supported. No workspace is needed.
 */
struct clgrpo_attention_args {
    size_t struct_size;
    struct clgrpo_tensor q, k, v, offsets, o, lse, prefix;
    size_t max_len;
    float scale; /* usually 1 / sqrt(D) */
    bool causal;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_ATTENTION_ARGS_INIT                                                                                     \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_attention_args), .causal = true                                            \
    }
enum clgrpo_status clgrpo_attention_workspace(struct clgrpo_context *ctx, const struct clgrpo_attention_args *args,
                                              size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_attention(struct clgrpo_context *ctx, const struct clgrpo_attention_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * dq, dk, dv (written, not accumulated) from dout = dL/do, with o and lse of the forward. One writer per element and
 * one order of its sum, whatever the batch; no atomics. Layouts as above; rows from offsets[B] on are not touched. dq,
 * dk, dv may be views of one buffer but alias no input. dk and dv of a prefix take in the rows that continue it, after
 * its own, in the order of the batch.
 */
struct clgrpo_attention_backward_args {
    size_t struct_size;
    struct clgrpo_tensor q, k, v, offsets, o, lse, dout, dq, dk, dv, prefix;
    size_t max_len;
    float scale;
    bool causal;
    struct clgrpo_workspace workspace;
};
#define CLGRPO_ATTENTION_BACKWARD_ARGS_INIT                                                                            \
    {                                                                                                                  \
        .struct_size = sizeof(struct clgrpo_attention_backward_args), .causal = true                                   \
    }
enum clgrpo_status clgrpo_attention_backward_workspace(struct clgrpo_context *ctx,
                                                       const struct clgrpo_attention_backward_args *args,
                                                       size_t *bytes) CLGRPO_MUST_CHECK;
enum clgrpo_status clgrpo_attention_backward(struct clgrpo_context *ctx,
                                             const struct clgrpo_attention_backward_args *args, cl_command_queue queue,
                                             cl_uint n_wait, const cl_event *wait_list,
                                             cl_event *event) CLGRPO_MUST_CHECK;

/*
 * KV cache of S slots of L positions (L a multiple of CLGRPO_ATTENTION_BLOCK), both tensors f32, f16 or bf16, dense,
 * zeroed by the caller before first use (a stale NaN would outlive its mask):
 *   k_cache [S][K][L/64][D*64], each block of 64 keys transposed, [D][64], so that keys are vector lanes
 *   v_cache [S][K][L][D]
 *
 * kv_append stores k, v [N][K][D] f32 of N tokens at (slot[n], position[n]), i32, rounded to nearest even where the
 * cache holds halves; a pair that is out of range is skipped; pairs differ.
 */
struct clgrpo_kv_append_args {
    size_t struct_size;
    struct clgrpo_tensor k, v, slot, position, k_cache, v_cache;
};
#define CLGRPO_KV_APPEND_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_kv_append_args)
enum clgrpo_status clgrpo_kv_append(struct clgrpo_context *ctx, const struct clgrpo_kv_append_args *args,
                                    cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                    cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Positions 0 .. length[n]-1 of slot source[n] are copied to slot target[n], so that a sequence forks: samples that
 * have a history in common part from it. source, target, length [N] i32; whole blocks of 64 are copied, so what target
 * held behind length[n] up to the block's end is overwritten too. An entry with a slot out of range, a length out of 0
 * .. L, or target[n] = source[n] is skipped. No two entries have one target, and no entry's target is another's source.
 */
struct clgrpo_kv_copy_args {
    size_t struct_size;
    struct clgrpo_tensor source, target, length, k_cache, v_cache;
};
#define CLGRPO_KV_COPY_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_kv_copy_args)
enum clgrpo_status clgrpo_kv_copy(struct clgrpo_context *ctx, const struct clgrpo_kv_copy_args *args,
                                  cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                  cl_event *event) CLGRPO_MUST_CHECK;

/*
 * Attention of N query tokens against the cache: token n sees positions 0 .. position[n] of slot[n], which kv_append
 * wrote before. Serves decoding (one token per slot) and chunked prefill (many). Bits equal clgrpo_attention's for the
 * same history; with a cache of halves, for the keys and values as rounded. q, o [N][H][D] f32; slot, position [N] i32;
 * a pair out of range gives zeros.
 *
 * prefix_slot, prefix_length [N] i32, both or (bufs NULL) none: token n has its positions below prefix_length[n] in
 * slot prefix_slot[n], the others in slot[n], at their own places. A length is a multiple of CLGRPO_ATTENTION_BLOCK, at
 * most position[n], or 0: no prefix, whatever the slot; a pair out of range gives zeros. Bits are those of one slot
 * that holds both parts. Neighbours in the batch with the same pair read the prefix together, as many as
 * leave every compute unit work.
 */
struct clgrpo_attention_decode_args {
    size_t struct_size;
    struct clgrpo_tensor q, slot, position, k_cache, v_cache, o;
    struct clgrpo_tensor prefix_slot, prefix_length; /* optional */
    float scale;
};
#define CLGRPO_ATTENTION_DECODE_ARGS_INIT CLGRPO_ARGS_INIT(clgrpo_attention_decode_args)
enum clgrpo_status clgrpo_attention_decode(struct clgrpo_context *ctx, const struct clgrpo_attention_decode_args *args,
                                           cl_command_queue queue, cl_uint n_wait, const cl_event *wait_list,
                                           cl_event *event) CLGRPO_MUST_CHECK;

#endif
