#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of clgrpo-bench in PyTorch eager on the processor, for clgrpo-bench --peers.

Needs torch (python3 -m venv DIR; DIR/bin/pip install torch).

usage: torch_rows.py [--threads N] [--seconds S] [--rows FILE] [--json FILE] [PATTERN]...
"""
import torch
import torch.nn.functional as F

import peer_rows


def product(work):
    a, b = torch.randn(work.first), torch.randn(work.second)
    a, b = a.T if work.trans_a else a, b.T if work.trans_b else b
    out = torch.empty(work.m, work.n)
    return lambda: torch.matmul(a, b, out=out)


def attention(work):
    q, k, v = (torch.randn(1, work.heads, work.length, work.dim, requires_grad=work.backward) for _ in range(3))
    if not work.backward:
        return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True)
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    grad = torch.randn_like(out)
    return lambda: torch.autograd.grad(out, (q, k, v), grad, retain_graph=True)


def head(work):
    x = torch.randn(work.n, work.width, requires_grad=work.backward)
    w = torch.randn(work.vocab, work.width, requires_grad=work.backward)
    target = torch.arange(work.n) * 7919 % work.vocab

    def forward():
        return F.cross_entropy(F.linear(x, w), target, reduction="none")

    if not work.backward:
        return forward
    grad = torch.randn(work.n)
    return lambda: torch.autograd.grad(forward(), (x, w), grad)


def prepare(work):
    return {peer_rows.Product: product, peer_rows.Attention: attention, peer_rows.Head: head}[type(work)](work)


def main():
    args = peer_rows.parse(__doc__.splitlines()[0],
                           lambda p: p.add_argument("--threads", type=int, default=torch.get_num_threads()))
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    version = torch.__version__.split("+")[0]
    peer_rows.run_rows(args, f"PyTorch {version}, {args.threads} threads", torch.backends.cpu.get_cpu_capability(), prepare)


if __name__ == "__main__":
    main()
