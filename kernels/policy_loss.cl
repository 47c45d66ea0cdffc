/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy loss of tokens by themselves.
 *
 *   logprob, old_logprob, sampled_logprob (C_CORRECTION), ref_logprob (C_REF), advantage, weight, dlogprob [N]
 *   part [n_items][N_STATS]
 *
 * k_policy_loss: item i owns P_ITEM_VECTORS native vectors of tokens from vector i * P_ITEM_VECTORS on and writes their
 * sums to part[i]; tokens past N are loaded as weight 0. dlogprob may be logprob. f32.
 */
#ifndef P_ITEM_VECTORS
#define P_ITEM_VECTORS 4
#endif

__kernel void
k_policy_loss(C_POLICY_TENSORS, __global float *restrict part, ulong part_offset, uint n_tokens, uint n_items,
              C_POLICY_OPTIONS)
{
    const token_inputs in = C_POLICY_INPUTS(n_tokens);
    const loss_options options = C_POLICY_VALUES;
    const uint item = get_global_id(0);
    token_sums sums = no_sums();

    if (item >= n_items)
        return;
    for (uint i = 0; i < P_ITEM_VECTORS; ++i) {
        const uint at = (item * P_ITEM_VECTORS + i) * C_VW;
        if (at >= n_tokens)
            break;
        const tokens t = tokens_at(&in, at);
        const slopes s = add_tokens(&sums, &t, &options, t.logprob - t.old, t.old - t.sampled);
        store_tokens(dlogprob + dlogprob_offset, at, n_tokens,
                     select((vf)(0.0f), t.weight * (s.surrogate + s.kl), t.on));
    }
    store_sums(part + part_offset + (size_t)item * N_STATS, &sums);
}
