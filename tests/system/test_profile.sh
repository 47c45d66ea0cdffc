#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# scripts/profile-kernel finds the loop of a product that holds its multiply-adds: by its own samples where perf runs, and by counting the
# instructions of one run, which must be as many as the product needs and hardly more.
set -eu
bench=$(cd "$top_builddir" && pwd)/clgrpo-bench
profile=$srcdir/scripts/profile-kernel
skip() { echo "$*"; exit 77; }
fail() { echo "$*"; exit 1; }
[ -x "$bench" ] || fail "clgrpo-bench is not built"
command -v python3 >/dev/null || skip "python3 is missing"
command -v objdump >/dev/null || skip "objdump is missing: no loop can be found"
[ "$(uname -m)" = x86_64 ] || skip "the script reads x86-64, this is $(uname -m)"
"$bench" --once --family cpu --device "Portable Computing Language" advantage.f32.64x8 >/dev/null 2>&1 || skip "no PoCL device: other drivers keep their code to themselves"
CLGRPO_DEVICE="Portable Computing Language" CLGRPO_FAMILY=cpu
export CLGRPO_DEVICE CLGRPO_FAMILY

rc=0; "$profile" --bench "$bench" k_no_such_kernel advantage.f32.64x8 >none.profile 2>&1 || rc=$?
[ $rc -eq 1 ] && grep -q 'no kernel k_no_such_kernel was built for advantage.f32.64x8' none.profile || fail "a kernel that is not there: exit $rc, $(cat none.profile)"

# check_loop FILE: of each loop, one a build of the kernel that ran or may have run, its instructions by kind are those of its listing, and
# its multiply-adds are the kinds' sum
check_loop() {
    python3 - "$1" <<'E2'
import re, sys

loops = re.split(r"^(?=\S+: \d+ instructions; the loop at )", open(sys.argv[1]).read(), flags=re.M)[1:]
assert loops, open(sys.argv[1]).read()
for text in loops:
    size = int(re.search(r"the loop at [0-9a-f]+ has (\d+)", text)[1])
    kinds = {name: int(n) for n, name in re.findall(r"^ +(\d+) (multiply-add|load|broadcast load|store|shuffle|other arithmetic|rest)$", text, re.M)}
    listed = re.findall(r"^    [0-9a-f]+: (\S+)", text, re.M)
    assert len(kinds) == 7, text
    assert len(listed) == size, (len(listed), size)
    assert kinds["multiply-add"] == sum(m.startswith("vfm") for m in listed) > 0, kinds
    bound = float(re.search(r"multiply-adds alone: [\d.]+: ([\d.]+) of the peak at best", text)[1])
    assert 0.5 < bound <= 1.0, text
E2
}
"$profile" --bench "$bench" --loops 1 --listing k_gemm gemm.f32.nn.256 >loop.profile || fail "$(cat loop.profile)"
check_loop loop.profile || fail "$(cat loop.profile)"
grep -q '^gemm.f32.nn.256 .*GFLOP/s' loop.profile || fail "the row is not shown: $(cat loop.profile)"
if command -v perf >/dev/null && perf record -q -e cpu-clock -o loop.data true >/dev/null 2>&1; then
    share=$(sed -n "s/.* and \([0-9]*\)% of the function's samples.*/\1/p" loop.profile)
    [ "${share:-0}" -ge 50 ] || fail "the product's loop has ${share:-no} percent of the samples: $(cat loop.profile)"
else
    echo "perf is missing or may not sample: shares of time were not looked at"
fi
rm -f loop.data none.profile

command -v valgrind >/dev/null || skip "valgrind is missing: nothing was counted; the loops were right"
grep -q '^CLG_SAN = .*-fsanitize' "$top_builddir/Makefile" && skip "a build with sanitizers cannot run under valgrind; the loops were right"
"$profile" --bench "$bench" --count --loops 1 --listing k_gemm gemm.f32.nn.256 >count.profile || fail "$(cat count.profile)"
check_loop count.profile || fail "$(cat count.profile)"
python3 - count.profile <<'END2'
import re, sys

text = open(sys.argv[1]).read()
flop = float(re.search(r"^gemm\.f32\.nn\.256\t(\S+)\t", text, re.M)[1])
total, fused = map(int, re.search(r"^k_gemm: (\d+) instructions executed, (\d+) of them multiply-adds$", text, re.M).groups())
size, share, runs = map(int, re.search(r"has (\d+), and (\d+)% of what the kernel executed, run (\d+) times", text).groups())
assert flop == 2 * 256**3
for lanes in (4, 8, 16):
    if abs(fused * 2 * lanes / flop - 1) < 0.1:
        break
else:
    raise AssertionError(f"{fused} multiply-adds for {flop:.0f} operations: {text}")
assert fused < total < 8 * fused, text
assert abs(100 * runs * size / total - share) < 1 and share > 50, text
END2
rm -f loop.profile count.profile
