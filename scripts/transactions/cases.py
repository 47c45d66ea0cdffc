# SPDX-License-Identifier: Apache-2.0
"""One small problem for each kernel, run through ctypes: what runs under the counting tool."""
import ctypes as c
import sys

F32, I32 = 0, 3
BLOCK = 64


class Tensor(c.Structure):
    _fields_ = [("buf", c.c_void_p), ("offset", c.c_size_t), ("dtype", c.c_int), ("rank", c.c_uint), ("shape", c.c_size_t * 4),
                ("stride", c.c_size_t * 4), ("reserved", c.c_size_t * 2)]


class Workspace(c.Structure):
    _fields_ = [("buf", c.c_void_p), ("offset_bytes", c.c_size_t), ("bytes", c.c_size_t), ("reserved", c.c_size_t)]


def args_of(tensors, *rest):
    """The struct of an operation: its size, its tensors, the rest as (name, type)."""
    fields = [("struct_size", c.c_size_t)] + [(name, Tensor) for name in tensors.split()] + list(rest)
    return type("Args", (c.Structure,), {"_fields_": fields})


GEMM = args_of("a b c", ("trans_a", c.c_bool), ("trans_b", c.c_bool), ("accumulate", c.c_bool), ("alpha", c.c_float),
               ("b_packed", Tensor), ("workspace", Workspace))
LOGPROB = args_of("x w target logprob lse entropy", ("inv_temperature", c.c_float), ("workspace", Workspace))
SHAPE = [("max_len", c.c_size_t), ("scale", c.c_float), ("causal", c.c_bool), ("workspace", Workspace)]
ATTENTION = args_of("q k v offsets o lse prefix", *SHAPE)
BACKWARD = args_of("q k v offsets o lse dout dq dk dv prefix", *SHAPE)
DECODE = args_of("q slot position k_cache v_cache o prefix_slot prefix_length", ("scale", c.c_float))


class Device:
    """A context on the default device, and tensors in it."""

    def __init__(self, library):
        self.lib = c.CDLL(library)
        self.lib.clgrpo_context_queue.restype = c.c_void_p
        self.lib.clgrpo_error_text.restype = c.c_char_p
        self.ctx, error = c.c_void_p(), c.create_string_buffer(256)
        if self.lib.clgrpo_context_open(None, None, c.byref(self.ctx), error, c.c_size_t(len(error))) != 0:
            sys.exit(error.value.decode())
        self.queue = c.c_void_p(self.lib.clgrpo_context_queue(self.ctx))

    def check(self, status):
        if status != 0:
            sys.exit(self.lib.clgrpo_error_text(self.ctx).decode())

    def tensor(self, *shape, ints=None):
        """Floats around 0, or the ints that are given."""
        made, n = Tensor(), 1
        for extent in shape:
            n *= extent
        values = (c.c_int32 * n)(*ints) if ints is not None else (c.c_float * n)(*[(i * 37 % 101 - 50) / 128.0 for i in range(n)])
        self.check(self.lib.clgrpo_tensor_create(self.ctx, F32 if ints is None else I32, len(shape), (c.c_size_t * len(shape))(*shape),
                                                 c.byref(made)))
        self.check(self.lib.clgrpo_tensor_write(self.ctx, self.queue, c.byref(made), values, c.c_size_t(c.sizeof(values))))
        return made

    def run(self, op, args):
        args.struct_size, bytes_ = c.sizeof(args), c.c_size_t(0)
        if hasattr(args, "workspace"):
            self.check(getattr(self.lib, f"clgrpo_{op}_workspace")(self.ctx, c.byref(args), c.byref(bytes_)))
        if bytes_.value:
            args.workspace = Workspace(self.tensor((bytes_.value + 3) // 4).buf, 0, bytes_.value)
        self.check(getattr(self.lib, f"clgrpo_{op}")(self.ctx, c.byref(args), self.queue, 0, None, None))
        self.check(self.lib.clgrpo_queue_finish(self.ctx, self.queue))


def gemm(dev, m, n, k):
    dev.run("gemm", GEMM(a=dev.tensor(m, k), b=dev.tensor(k, n), c=dev.tensor(m, n), alpha=1.0))


def attention(dev, s, d):
    """Forward, then both passes of the backward; one sequence and one head."""
    q, k, v, o, dout, dq, dk, dv = [dev.tensor(s, 1, d) for _ in range(8)]
    common = dict(q=q, k=k, v=v, o=o, lse=dev.tensor(s, 1), offsets=dev.tensor(2, ints=[0, s]), max_len=s, scale=d**-0.5, causal=True)
    dev.run("attention", ATTENTION(**common))
    dev.run("attention_backward", BACKWARD(dout=dout, dq=dq, dk=dk, dv=dv, **common))


def decode(dev, s, d):
    """One token that sees s positions."""
    cache = [dev.tensor(1, 1, s // BLOCK, d * BLOCK), dev.tensor(1, 1, s, d)]
    dev.run("attention_decode", DECODE(q=dev.tensor(1, 1, d), slot=dev.tensor(1, ints=[0]), position=dev.tensor(1, ints=[s - 1]),
                                       k_cache=cache[0], v_cache=cache[1], o=dev.tensor(1, 1, d), scale=d**-0.5))


def logprob(dev, n, v, e):
    dev.run("linear_logprob", LOGPROB(x=dev.tensor(n, e), w=dev.tensor(v, e), target=dev.tensor(n, ints=range(n)), logprob=dev.tensor(n),
                                      lse=dev.tensor(n), inv_temperature=1.0))


# The sizes make lib/simt_tile.c choose the tile on a device of one compute unit.
CASES = {
    "gemm 128x256x32": lambda dev: gemm(dev, 128, 256, 32),
    "gemm 128x128x32": lambda dev: gemm(dev, 128, 128, 32),
    "gemm 64x64x32": lambda dev: gemm(dev, 64, 64, 32),
    "gemm 16x64x32": lambda dev: gemm(dev, 16, 64, 32),
    "attention 128x64": lambda dev: attention(dev, 128, 64),
    "attention 64x128": lambda dev: attention(dev, 64, 128),
    "decode 128x64": lambda dev: decode(dev, 128, 64),
    "logprob 128x256x32": lambda dev: logprob(dev, 128, 256, 32),
}
