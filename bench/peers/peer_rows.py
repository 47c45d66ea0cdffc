# SPDX-License-Identifier: Apache-2.0
"""Rows of clgrpo-bench as other programs measure them: what a name means, how it is timed, and how it is written.

The names, the counts of work and the fields are those of clgrpo-bench(1), so that `clgrpo-bench --peers FILE` can join them.
"""
import argparse
import fnmatch
import json
import os
import re
import statistics
import sys
import time

ROWS = [
    "gemm.f32.nn.512",
    "gemm.f32.nn.1024",
    "gemm.f32.nt.1024",
    "gemm.f32.tn.1024",
    "gemm.f32.nt.4096x384x128",
    "gemm.f32.nt.4096x704x128",
    "attention.fwd.f32.d64.s1024.causal",
    "attention.bwd.f32.d64.s1024.causal",
    "attention.fwd.f32.d64.s2048.causal",
    "attention.bwd.f32.d64.s2048.causal",
    "attention.fwd.f32.d64.s4096.causal",
    "attention.bwd.f32.d64.s4096.causal",
    "attention.fwd.f32.d128.s1024.causal",
    "attention.bwd.f32.d128.s1024.causal",
    "attention.fwd.f32.d128.s2048.causal",
    "attention.bwd.f32.d128.s2048.causal",
    "linear_logprob.fwd.f32.4096x128x1024",
    "linear_logprob.fwdbwd.f32.4096x128x1024",
    "linear_logprob.fwd.f32.512x576x49152",
    "linear_logprob.fwdbwd.f32.512x576x49152",
]
WARM_UP, MIN_ROUNDS, MAX_ROUNDS = 3, 5, 200


class Product:
    """C of m x n, summed over k; `first` and `second` are the shapes as they lie in memory."""

    def __init__(self, form, size):
        extents = [int(x) for x in size.split("x")]
        self.m, self.n, self.k = extents if len(extents) == 3 else extents * 3
        self.trans_a, self.trans_b = form[0] == "t", form[1] == "t"
        self.first = (self.k, self.m) if self.trans_a else (self.m, self.k)
        self.second = (self.n, self.k) if self.trans_b else (self.k, self.n)
        self.flop = 2.0 * self.m * self.n * self.k


class Attention:
    """Causal attention of one sequence; the rate depends little on the heads, which long rows have fewer of."""

    def __init__(self, backward, dim, length):
        self.backward, self.dim, self.length = backward, dim, length
        self.heads = 8 if dim * length <= 64 * 2048 else 4
        forward = 4.0 * 0.5 * length * (length + 1) * self.heads * dim
        self.flop = 2.5 * forward if backward else forward


class Head:
    """The last product and the log-probability of a target for each of n rows."""

    def __init__(self, backward, n, width, vocab):
        self.backward, self.n, self.width, self.vocab = backward, n, width, vocab
        self.flop = 2.0 * n * width * vocab * (4 if backward else 1)


def understand(name):
    """What a row's name asks for, or None."""
    if m := re.fullmatch(r"gemm\.f32\.(nn|nt|tn)\.([0-9]+(?:x[0-9]+x[0-9]+)?)", name):
        return Product(m[1], m[2])
    if m := re.fullmatch(r"attention\.(fwd|bwd)\.f32\.d([0-9]+)\.s([0-9]+)\.causal", name):
        return Attention(m[1] == "bwd", int(m[2]), int(m[3]))
    if m := re.fullmatch(r"linear_logprob\.(fwd|fwdbwd)\.f32\.([0-9]+)x([0-9]+)x([0-9]+)", name):
        return Head(m[1] == "fwdbwd", int(m[2]), int(m[3]), int(m[4]))
    return None


def measure(run, seconds):
    """Median and spread of the wall time of run(), in us: (90th - 10th percentile) / median."""
    for _ in range(WARM_UP):
        run()
    times, start = [], time.perf_counter()
    while len(times) < MAX_ROUNDS and (len(times) < MIN_ROUNDS or time.perf_counter() - start < seconds):
        begin = time.perf_counter()
        run()
        times.append(1e6 * (time.perf_counter() - begin))
    times.sort()
    median = statistics.median(times)
    return median, (times[len(times) * 9 // 10] - times[len(times) // 10]) / median, len(times)


def write(path, rows):
    """The whole file or none."""
    text = json.dumps(rows, indent=1) + "\n"
    if path is None:
        sys.stdout.write(text)
        return
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(temporary, path)


def parse(description, add_options):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="globs of row names; none: all")
    parser.add_argument("--rows", metavar="FILE", help="names to choose from, as clgrpo-bench --list prints them")
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each row (default 1)")
    parser.add_argument("--json", metavar="FILE", help="where the rows go (default: standard output)")
    add_options(parser)
    args = parser.parse_args()
    names = ROWS
    if args.rows:
        with open(args.rows, encoding="utf-8") as f:
            names = f.read().split()
    args.names = [n for n in names if not args.patterns or any(fnmatch.fnmatch(n, p) for p in args.patterns)]
    return args


def run_rows(args, peer, device, prepare):
    """prepare(work) gives the function to time, or None where the peer has no such row."""
    rows = []
    for name in args.names:
        work = understand(name)
        run = prepare(work) if work is not None else None
        if run is None:
            continue
        median, spread, rounds = measure(run, args.seconds)
        rows.append({"row": name, "peer": peer, "value": 1e-3 * work.flop / median, "unit": "GFLOP/s", "median_us": median,
                     "spread": spread, "rounds": rounds, "flop": work.flop, "device": device})
        print(f"{name:46} {rows[-1]['value']:9.1f} GFLOP/s {100 * spread:5.0f}%", file=sys.stderr)
    if not rows:
        sys.exit(f"{sys.argv[0]}: no row's name matches")
    write(args.json, rows)
