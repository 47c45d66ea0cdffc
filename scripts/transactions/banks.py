# SPDX-License-Identifier: Apache-2.0
"""Bank conflicts of local memory, from the index maps of the kernels: 32 banks of a word, 32 consecutive items.

A load or store of four words is served eight items at a time, as GPUs do, one of a word 32 at a time; items that ask for the same word
share it. The degree is the turns that the busiest bank takes, over the turns that the words alone would take: 1 is free of conflicts.
"""
BANKS, GROUP = 32, 32


def turns(addresses, width):
    """(turns taken, turns that the words need at least) for one access by 32 items; addresses in words."""
    taken = least = 0
    at_once = GROUP // width
    for start in range(0, GROUP, at_once):
        words = {a + w for a in addresses[start:start + at_once] for w in range(width)}
        load = [0] * BANKS
        for word in words:
            load[word % BANKS] += 1
        taken += max(load)
        least += -(-len(words) // BANKS)
    return taken, least


def degree(tx, items, address, width):
    """The worst ratio over the group's runs of 32 items; address(item, x, y) in words."""
    worst = 0.0
    for first in range(0, items, GROUP):
        taken, least = turns([address(i, i % tx, i // tx) for i in range(first, min(first + GROUP, items))], width)
        worst = max(worst, taken / least)
    return worst


def of_tile(name, tile, kind_b="depth"):
    """Accesses of the loads of tile_step (gemm_product_simt.clh) and the stores of tile_keep (gemm_tile_simt.clh); A is contiguous in k."""
    tx, ty, mi, ni, _ = tile
    rows, cols, items = ty * mi, tx * ni, tx * ty

    def transposed(extent):
        return lambda i, x, y: (i % 2 * 4 + i // (2 * extent) * 8) * (extent + 4) + i // 2 % extent

    stores_b = (lambda i, x, y: i // (cols // 4) * (cols + 4) + i % (cols // 4) * 4, 4) if kind_b == "depth" else (transposed(cols), 1)
    accesses = [("load a", lambda i, x, y: 4 * y, 4), ("load b", lambda i, x, y: 4 * x, 4), ("store a", transposed(rows), 1),
                ("store b", *stores_b)]
    return [(name, what, width, degree(tx, items, address, width), 1) for what, address, width in accesses]


def of_attention(d):
    """Beside the tile's: p, the values, the partials of a row, and, of the backward, its constants. (address, width, degree stated.)"""
    tx, items, pitch = 8, 128, 68
    accesses = [("load p", lambda i, x, y: 4 * y, 4, 1), ("store p", lambda i, x, y: 4 * y + pitch * x, 4, 1),
                ("recall p", lambda i, x, y: 4 * y + pitch * x, 4, 1), ("load v", lambda i, x, y: 4 * x, 4, 1),
                ("store v", lambda i, x, y: i // (d // 4) * (d + 4) + i % (d // 4) * 4, 4, 1),
                ("store partial", lambda i, x, y: 8 * y + x, 1, 1), ("load partial", lambda i, x, y: 8 * y, 1, 1),
                ("load delta", lambda i, x, y: x, 1, 1)]
    return [(f"attention {d}", what, width, degree(tx, items, address, width), stated) for what, address, width, stated in accesses]


def of_head():
    """The lanes' states at the end of a segment of the head."""
    return [("logprob", "store state", 1, degree(16, 128, lambda i, x, y: 16 * y + (x + y // 2) % 16, 1), 1),
            ("logprob", "load state", 1, degree(16, 64, lambda i, x, y: 16 * i + i // 2 % 16, 1), 1)]


def of_decode():
    return [("decode", "load q, p", 1, degree(64, 64, lambda i, x, y: 0, 1), 1), ("decode", "store p", 1, degree(64, 64, lambda i, x, y: x, 1), 1)]
