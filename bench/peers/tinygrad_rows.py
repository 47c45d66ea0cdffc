#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of clgrpo-bench in tinygrad on an OpenCL device, for clgrpo-bench --peers.

Needs tinygrad (python3 -m venv DIR; DIR/bin/pip install tinygrad). Products and forward passes, each compiled once and replayed; the
environment's BEAM=2 lets tinygrad search for better kernels first, and the peer's name says so.

usage: tinygrad_rows.py [--device CL[:N]] [--seconds S] [--rows FILE] [--json FILE] [PATTERN]...
"""
import importlib.metadata
import os

import peer_rows


def replayed(device, compute):
    """A run of the captured kernels, waited for; the capture itself falls into the warm-up."""
    from tinygrad import Device, TinyJit

    jitted = TinyJit(lambda: compute().realize())

    def run():
        jitted()
        Device[device].synchronize()

    return run


def product(work, device):
    from tinygrad import Tensor

    a = Tensor.randn(*work.first, device=device).realize()
    b = Tensor.randn(*work.second, device=device).realize()
    return replayed(device, lambda: (a.T if work.trans_a else a) @ (b.T if work.trans_b else b))


def attention(work, device):
    from tinygrad import Tensor

    if work.backward:
        return None
    q, k, v = (Tensor.randn(1, work.heads, work.length, work.dim, device=device).realize() for _ in range(3))
    return replayed(device, lambda: q.scaled_dot_product_attention(k, v, is_causal=True))


def head(work, device):
    from tinygrad import Tensor

    if work.backward:
        return None
    x = Tensor.randn(work.n, work.width, device=device).realize()
    w = Tensor.randn(work.vocab, work.width, device=device).realize()
    target = Tensor([i * 7919 % work.vocab for i in range(work.n)], device=device).realize()
    return replayed(device, lambda: (x @ w.T).sparse_categorical_crossentropy(target, reduction="none"))


def main():
    args = peer_rows.parse(__doc__.splitlines()[0],
                           lambda p: p.add_argument("--device", default="CL", help="tinygrad's name of it (default CL)"))
    makers = {peer_rows.Product: product, peer_rows.Attention: attention, peer_rows.Head: head}
    beam = os.environ.get("BEAM", "0")
    version = importlib.metadata.version("tinygrad")
    peer = f"tinygrad {version}" + (f", BEAM={beam}" if beam != "0" else "")
    peer_rows.run_rows(args, peer, args.device, lambda work: makers[type(work)](work, args.device))


if __name__ == "__main__":
    main()
