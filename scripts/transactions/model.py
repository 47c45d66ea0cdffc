# SPDX-License-Identifier: Apache-2.0
"""What a kernel moves and computes, by the formulas of its banner and the small terms around them.

Each function gives quantities as (banner, rest): bytes of global memory loaded and stored, bytes of local memory loaded and stored, and
fused multiply-adds. `banner` is what the kernel's banner states, or the product's own operations; `rest` is read off the source: softmax,
row constants, final sums. All with P_VEC 4, aligned rows and sizes that are multiples of the tile.
"""
ITEMS, BLOCK, POLYNOMIAL = 128, 64, 6  # of attention's group; its block; the fma of clg_exp2
QUANTITIES = ["global_load", "global_store", "local_load", "local_store", "fma"]

# (x, y, m, n, k) of lib/simt_tile.c, and rows x columns
TILE_128, TILE_64, TILE_32, TILE_16 = (16, 16, 8, 8, 8), (8, 8, 8, 8, 8), (8, 8, 4, 4, 16), (16, 4, 4, 4, 16)
TILE_HEAD, TILE_ATTENTION = (16, 8, 8, 8, 8), (8, 16, 4, 8, 8)


def quantities(*pairs):
    return dict(zip(QUANTITIES, pairs))


def product(tile, m, n, k):
    """Of gemm_tile_simt.clh: global and local bytes loaded, local bytes stored, fma."""
    x, y, mi, ni, _ = tile
    groups = m * n // (x * ni * y * mi)
    travel = 4 * k * (y * mi + x * ni) * groups
    return travel, 4 * (mi + ni) * k * x * y * groups, travel, m * n * k


def gemm(tile, m, n, k):
    g, load, store, fma = product(tile, m, n, k)
    return quantities((g, 0), (4 * m * n, 0), (load, 0), (store, 0), (fma, 0))


def walk(s):
    """Groups, blocks and visible scores of a causal sequence of a multiple of 64 rows."""
    groups = s // BLOCK
    return groups, groups * (groups + 1) // 2, s * (s + 1) // 2


def per_block(d, scores, sums):
    """Local bytes loaded by products: of scores, k runs over d with 4 + 8 words; of outputs, over positions with 4 + d / 8."""
    return 4 * ITEMS * (scores * d * (4 + 8) + sums * BLOCK * (4 + d // 8))


def forward(s, d):
    groups, blocks, seen = walk(s)
    tile, partials = 4 * BLOCK * d, 4 * ITEMS * 4
    return quantities(
        (3 * tile * blocks, 8 * ITEMS * groups),
        (tile * groups, 4 * s),
        (per_block(d, 1, 1) * blocks, 8 * partials * (blocks + groups)),
        ((3 * tile + 4 * BLOCK * BLOCK) * blocks, partials * (blocks + groups)),
        (2 * BLOCK * BLOCK * d * blocks, POLYNOMIAL * (seen + ITEMS * 4 * blocks) + s * d))


def dq(s, d):
    groups, blocks, seen = walk(s)
    tile, partials = 4 * BLOCK * d, 4 * ITEMS * 4
    return quantities(
        (5 * tile * blocks, (2 * tile + partials + 8 * ITEMS) * groups),
        (tile * groups, 4 * s),
        (per_block(d, 2, 1) * blocks, 4 * BLOCK * BLOCK * blocks + 8 * partials * groups),
        ((5 * tile + 2 * 4 * BLOCK * BLOCK) * blocks, partials * groups),
        (3 * BLOCK * BLOCK * d * blocks, POLYNOMIAL * seen + 2 * s * d))


def dkdv(s, d):
    groups, blocks, seen = walk(s)
    tile, constants = 4 * BLOCK * d, 2 * 4 * BLOCK
    return quantities(
        (6 * tile * blocks, constants * blocks + 16 * ITEMS * groups),
        (2 * tile * groups, 0),
        (per_block(d, 2, 2) * blocks, (4 * BLOCK * BLOCK + 4 * ITEMS * 8) * blocks + 4 * seen),
        ((6 * tile + 2 * 4 * BLOCK * BLOCK) * blocks, constants * blocks),
        (4 * BLOCK * BLOCK * d * blocks, POLYNOMIAL * seen + 2 * s * d))


def decode(s, d):
    """One token and head; d is at most 64, so that an item has one column."""
    blocks, items, lanes = s // BLOCK, BLOCK, 8
    return quantities(
        (2 * 4 * s * d, 4 * d + 8 * items),
        (4 * d, 0),
        (4 * items * (d + BLOCK) * blocks, 4 * ((items * lanes + 2 * BLOCK + lanes) * blocks + items * lanes)),
        (0, 4 * (d + (2 * BLOCK + lanes + 1) * blocks + lanes)),
        (2 * s * d, 2 * POLYNOMIAL * items * blocks + d))


def logprob(n, v, e):
    """One segment of the vocabulary; five exponentials and five fma of lse_step for every 4 columns of a row and lane."""
    x, y, mi, ni, _ = TILE_HEAD
    rows, cols, lanes = y * mi, x * ni, 16
    g, load, store, fma = product(TILE_HEAD, n, v, e)
    steps, merges = n * v // 4, n * lanes
    return quantities(
        (g, 4 * x * y * mi * (n // rows) * (v // cols)),
        (0, 4 * 3 * n),
        (load, 4 * 2 * merges),
        (store, 4 * 3 * merges),
        (fma, steps * 5 * (POLYNOMIAL + 1) + merges * (2 * POLYNOMIAL + 1)))


# What is counted, in order: the case of cases.py, the kernel, its model.
TABLE = [
    ("gemm 128x256x32", "k_gemm", gemm(TILE_128, 128, 256, 32)),
    ("gemm 128x128x32", "k_gemm", gemm(TILE_64, 128, 128, 32)),
    ("gemm 64x64x32", "k_gemm", gemm(TILE_32, 64, 64, 32)),
    ("gemm 16x64x32", "k_gemm", gemm(TILE_16, 16, 64, 32)),
    ("attention 128x64", "k_attention_forward", forward(128, 64)),
    ("attention 128x64", "k_attention_dq", dq(128, 64)),
    ("attention 128x64", "k_attention_dkdv", dkdv(128, 64)),
    ("attention 64x128", "k_attention_forward", forward(64, 128)),
    ("attention 64x128", "k_attention_dq", dq(64, 128)),
    ("attention 64x128", "k_attention_dkdv", dkdv(64, 128)),
    ("decode 128x64", "k_attention_decode", decode(128, 64)),
    ("logprob 128x256x32", "k_logprob_fwd", logprob(128, 256, 32)),
]
