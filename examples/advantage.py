#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Group-relative advantages through ctypes, on the default OpenCL device.

usage: advantage.py [libclgrpo.so.0]
"""
import ctypes as c
import sys

F32, I32 = 0, 3


class Tensor(c.Structure):
    _fields_ = [("buf", c.c_void_p), ("offset", c.c_size_t), ("dtype", c.c_int), ("rank", c.c_uint),
                ("shape", c.c_size_t * 4), ("stride", c.c_size_t * 4), ("reserved", c.c_size_t * 2)]


class AdvantageArgs(c.Structure):
    # the fields that are left out have their defaults: struct_size says where the struct ends
    _fields_ = [("struct_size", c.c_size_t), ("reward", Tensor), ("weight", Tensor), ("offsets", Tensor),
                ("advantage", Tensor), ("kind", c.c_int), ("eps", c.c_float)]


lib = c.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libclgrpo.so.0")
lib.clgrpo_context_queue.restype = c.c_void_p
lib.clgrpo_error_text.restype = c.c_char_p
ctx = c.c_void_p()
error = c.create_string_buffer(256)
if lib.clgrpo_context_open(None, None, c.byref(ctx), error, c.c_size_t(len(error))) != 0:
    sys.exit(error.value.decode())
queue = c.c_void_p(lib.clgrpo_context_queue(ctx))


def check(status):
    if status != 0:
        sys.exit(lib.clgrpo_error_text(ctx).decode())


def upload(dtype, values):
    tensor, shape = Tensor(), (c.c_size_t * 1)(len(values))
    check(lib.clgrpo_tensor_create(ctx, dtype, 1, shape, c.byref(tensor)))
    check(lib.clgrpo_tensor_write(ctx, queue, c.byref(tensor), values, c.c_size_t(c.sizeof(values))))
    return tensor


rewards = (c.c_float * 7)(1.0, 0.1, 0.1, 1.0, 0.1, 0.1, 0.1)
args = AdvantageArgs(struct_size=c.sizeof(AdvantageArgs), eps=1e-6)
args.reward = upload(F32, rewards)
args.offsets = upload(I32, (c.c_int32 * 3)(0, 4, 7))
args.advantage = args.reward
check(lib.clgrpo_advantage(ctx, c.byref(args), queue, 0, None, None))
advantages = (c.c_float * 7)()
check(lib.clgrpo_tensor_read(ctx, queue, c.byref(args.advantage), advantages, c.c_size_t(c.sizeof(advantages))))
for i, (r, a) in enumerate(zip(rewards, advantages)):
    print(f"group {int(i >= 4)}  reward {r:.1f}  advantage {a:+.4f}")
lib.clgrpo_context_destroy(ctx)
