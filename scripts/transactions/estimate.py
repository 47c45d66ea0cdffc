# SPDX-License-Identifier: Apache-2.0
"""The least time that a device's public figures allow a kernel, from the model: an estimate, not a measurement."""
from . import model

FIELDS = ["estimate", "device", "kernel", "fma_ms", "local_ms", "global_once_ms", "global_each_ms", "binds", "gflops_cached", "gflops_uncached"]
N, HEADS = 4096, 32


def work(made, once, flop, times=1):
    """Of one kernel: fma, bytes of local memory, of global memory if each operand travels once and if each group fetches its own, operations."""
    total = {name: sum(pair) * times for name, pair in made.items()}
    return {"fma": total["fma"], "local": total["local_load"] + total["local_store"], "once": once * times,
            "each": total["global_load"] + total["global_store"], "flop": flop * times}


def problems():
    """Name -> the kernels that run one after the other. Operations of attention: two products of the visible scores, five in the backward."""
    made = {f"gemm {N}": [work(model.gemm(model.TILE_128, N, N, N), 3 * 4 * N * N, 2 * N**3)]}
    for d in (64, 128):
        rows, pair = 4 * N * d, 2 * d * (N * (N + 1) // 2)
        dq, dkdv = work(model.dq(N, d), 6 * rows, 3 * pair, HEADS), work(model.dkdv(N, d), 6 * rows, 4 * pair, HEADS)
        made[f"attention forward D={d}"] = [work(model.forward(N, d), 4 * rows, 2 * pair, HEADS)]
        made[f"attention dq D={d}"], made[f"attention dkdv D={d}"] = [dq], [dkdv]
        made[f"attention backward D={d}"] = [dq, dkdv | {"flop": 5 * pair * HEADS - dq["flop"]}]
    return made


def times(kernel, device):
    """Milliseconds by fma, local memory, and global memory at best and at worst."""
    name, tflops, gbytes, units, local, ghz = device
    return {"fma": 2e3 * kernel["fma"] / (float(tflops) * 1e12), "local": 1e3 * kernel["local"] / (int(units) * int(local) * float(ghz) * 1e9),
            "once": 1e3 * kernel["once"] / (float(gbytes) * 1e9), "each": 1e3 * kernel["each"] / (float(gbytes) * 1e9)}


def row(device, name, kernels):
    each = [times(k, device) for k in kernels]
    binds, cached, uncached = [], 0.0, 0.0
    for t in each:
        compute = {"fma": t["fma"], "local": t["local"], "global": t["once"]}
        worst = {**compute, "global": t["each"]}
        cached += max(compute.values())
        uncached += max(worst.values())
        first, last = max(compute, key=compute.get), max(worst, key=worst.get)
        binds.append(first if first == last else f"{first}, uncached {last}")
    flop = sum(k["flop"] for k in kernels)
    sums = [f'{sum(t[key] for t in each):.3f}' for key in ("fma", "local", "once", "each")]
    return ["estimate", device[0], name, *sums, "; ".join(dict.fromkeys(binds)), f"{flop / cached / 1e6:.0f}", f"{flop / uncached / 1e6:.0f}"]


def rows(devices):
    return [row(device, name, kernels) for device in devices for name, kernels in problems().items()]
