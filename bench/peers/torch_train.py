#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training tokens per second of the trainer's model in PyTorch eager: forward, backward and AdamW on full batches.

Needs torch (python3 -m venv DIR; DIR/bin/pip install torch). Sequences of equal length, so nothing is lost to padding; the same
architecture as the warm-start models; the loss is taken at every position.

usage: torch_train.py [--threads N] [--length TOKENS] [--batch TOKENS] [--seconds S] [--json]
"""
import argparse
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    def __init__(self, width, heads, kv_heads, feed_forward):
        super().__init__()
        self.heads, self.kv_heads, self.dim = heads, kv_heads, width // heads
        self.norm1, self.norm2 = nn.RMSNorm(width, eps=1e-5), nn.RMSNorm(width, eps=1e-5)
        self.qkv = nn.Linear(width, (heads + 2 * kv_heads) * self.dim, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * feed_forward, bias=False)
        self.down = nn.Linear(feed_forward, width, bias=False)

    def forward(self, x, cos, sin):
        b, t, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).split([self.heads * self.dim, self.kv_heads * self.dim, self.kv_heads * self.dim], -1)
        q, k, v = (h.view(b, t, -1, self.dim).transpose(1, 2) for h in (q, k, v))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        repeat = self.heads // self.kv_heads
        k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(o.transpose(1, 2).reshape(b, t, -1))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Model(nn.Module):
    def __init__(self, vocab, width, layers, heads, kv_heads, feed_forward, context):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        self.layers = nn.ModuleList(Layer(width, heads, kv_heads, feed_forward) for _ in range(layers))
        self.norm = nn.RMSNorm(width, eps=1e-5)
        nn.init.normal_(self.embed.weight, 0, 0.02)
        dim = width // heads
        angle = torch.arange(context)[:, None] / 10000 ** (torch.arange(0, dim, 2) / dim)
        angle = torch.cat((angle, angle), -1)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x, self.cos[: ids.shape[1]], self.sin[: ids.shape[1]])
        return F.linear(self.norm(x), self.embed.weight)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    model = Model(1024, 128, 4, 4, 4, 352, args.length)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05)
    rows = args.batch // args.length
    rates, start = [], time.perf_counter()
    while time.perf_counter() - start < args.seconds or len(rates) < 5:
        ids = torch.randint(0, 1024, (rows, args.length + 1))
        begin = time.perf_counter()
        loss = F.cross_entropy(model(ids[:, :-1]).reshape(-1, 1024), ids[:, 1:].reshape(-1))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rates.append(rows * args.length / (time.perf_counter() - begin))
    rate = statistics.median(rates[2:])
    assert math.isfinite(loss.item())
    if args.json:
        print(json.dumps({"peer": "torch", "version": torch.__version__, "threads": args.threads, "length": args.length,
                          "batch": rows * args.length, "tokens_per_second": rate}))
    else:
        print(f"PyTorch {torch.__version__} eager, {args.threads} threads, {rows} x {args.length} tokens: {rate:.0f} tokens/s")


if __name__ == "__main__":
    main()
