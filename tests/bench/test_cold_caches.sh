#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that start together on empty caches compile the same kernels: all of them work, and each kernel is compiled by one.
set -eu
bench=$(cd "$top_builddir" && pwd)/clgrpo-bench
dir=$PWD/cold_caches.test
rm -rf "$dir"
mkdir "$dir"
cd "$dir"
fail() { echo "$*"; exit 1; }
rows='advantage.f32.64x8 global_norm.f32.1M gemm.f32.packed.64x704x128 adamw.bf16.8M'

for round in 1 2; do
    POCL_CACHE_DIR=$dir/driver.$round XDG_CACHE_HOME=$dir/cache.$round
    export POCL_CACHE_DIR XDG_CACHE_HOME
    pids=
    for i in 1 2 3 4; do
        # shellcheck disable=SC2086
        "$bench" --once $rows >out.$i 2>&1 &
        pids="$pids $!"
    done
    for pid in $pids; do
        status=0
        wait "$pid" || status=$?
        [ $status -eq 0 ] || fail "round $round: one of four ended with status $status: $(cat out.*)"
    done
    for i in 2 3 4; do
        cmp out.1 out.$i || fail "round $round: not the same rows"
    done
    [ "$(find "$XDG_CACHE_HOME/clgrpo" -name '*.bin' | wc -l)" -ge 4 ] || fail "the cache has $(ls "$XDG_CACHE_HOME/clgrpo")"
    [ -f "$XDG_CACHE_HOME/clgrpo/lock" ] || fail "no lock: $(ls "$XDG_CACHE_HOME/clgrpo")"
    [ -z "$(find "$XDG_CACHE_HOME/clgrpo" -name '*.bin.*')" ] || fail "a temporary file is left"
done
cd ..
rm -rf "$dir"
