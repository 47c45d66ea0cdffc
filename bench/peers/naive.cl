/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Textbook kernels: an item for each output element, all intermediate results in global memory. f32, dense.
 *
 *   k_product    C = op(A) op(B), [M,N]; item (n, m)
 *   k_scores     S[h][i][j] = scale q_i k_j, of one sequence; item (j, i, h); causal: nothing beyond j = i
 *   k_softmax    a row of S in place; item (i, h)
 *   k_mix        o[i][h] = sum_j S[h][i][j] v_j; item (d, h, i)
 *   k_logprob    logprob[n] = Z[n][target[n]] - log sum exp Z[n]; item n
 */
__kernel void
k_product(__global const float *a, __global const float *b, __global float *c, int m, int n, int k, int trans_a,
          int trans_b)
{
    const size_t col = get_global_id(0), row = get_global_id(1);
    float sum = 0.0f;
    for (int i = 0; i < k; i++)
        sum += (trans_a ? a[(size_t)i * m + row] : a[row * k + i]) * (trans_b ? b[col * k + i] : b[(size_t)i * n + col]);
    c[row * n + col] = sum;
}

__kernel void
k_scores(__global const float *q, __global const float *k, __global float *s, int heads, int kv_heads, int dim,
         float scale, int causal)
{
    const size_t j = get_global_id(0), i = get_global_id(1), h = get_global_id(2), n = get_global_size(0);
    __global const float *x = q + (i * heads + h) * dim, *y = k + (j * kv_heads + h / (heads / kv_heads)) * dim;
    float sum = 0.0f;
    if (causal && j > i)
        return;
    for (int d = 0; d < dim; d++)
        sum += x[d] * y[d];
    s[(h * n + i) * n + j] = sum * scale;
}

__kernel void
k_softmax(__global float *s, int causal)
{
    const size_t i = get_global_id(0), h = get_global_id(1), n = get_global_size(0), end = causal ? i + 1 : n;
    __global float *row = s + (h * n + i) * n;
    float top = row[0], sum = 0.0f;
    for (size_t j = 1; j < end; j++)
        top = fmax(top, row[j]);
    for (size_t j = 0; j < end; j++)
        sum += row[j] = exp(row[j] - top);
    for (size_t j = 0; j < end; j++)
        row[j] /= sum;
}

__kernel void
k_mix(__global const float *s, __global const float *v, __global float *o, int kv_heads, int causal)
{
    const size_t d = get_global_id(0), h = get_global_id(1), i = get_global_id(2);
    const size_t dim = get_global_size(0), heads = get_global_size(1), n = get_global_size(2), end = causal ? i + 1 : n;
    __global const float *row = s + (h * n + i) * n;
    float sum = 0.0f;
    for (size_t j = 0; j < end; j++)
        sum += row[j] * v[(j * kv_heads + h / (heads / kv_heads)) * dim + d];
    o[(i * heads + h) * dim + d] = sum;
}

__kernel void
k_logprob(__global const float *z, __global const int *target, __global float *logprob, int n_columns)
{
    const size_t n = get_global_id(0);
    __global const float *row = z + n * n_columns;
    float top = row[0], sum = 0.0f;
    for (int v = 1; v < n_columns; v++)
        top = fmax(top, row[v]);
    for (int v = 0; v < n_columns; v++)
        sum += exp(row[v] - top);
    logprob[n] = row[target[n]] - top - log(sum);
}
