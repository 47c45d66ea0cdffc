#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No function of a simt kernel is left uninlined: PoCL 3.1 would make the local memory that it is given a variable shared by all work-groups,
# and a C99 inline function would have no body.
set -eu
clang=$(command -v clang || command -v clang-14) || { echo "clang is missing"; exit 77; }
# left FILE: the functions that optimised code still defines or calls, apart from kernels and built-ins, whose names are mangled
left() {
    "$clang" -x cl -cl-std=CL1.2 -target spir64 -Xclang -finclude-default-header -w -O3 -S -emit-llvm -DC_CPU=0 -o - "$1" |
        sed -nE '/spir_kernel/d; /^(define|declare) [^@]*@_Z/d; s/^(define|declare) [^@]*@([A-Za-z_0-9]+)\(.*/\2/p'
}
cat >inlined.cl <<'E2'
inline __attribute__((noinline)) float first(__local float *p) { return p[0]; }
__kernel void k(__global float *o) { __local float s[1]; s[0] = o[0]; o[1] = first(s); }
E2
[ "$(left inlined.cl)" = first ] || { echo "the test does not see a function that is not inlined"; exit 1; }
status=0 n=0
grep -vE '^#|_cpu	' "$srcdir/kernels/units.tsv" >inlined.units
while read -r unit fragments; do
    (cd "$srcdir/kernels" && cat common.clh $fragments) >inlined.cl
    functions=$(left inlined.cl | grep -v '^llvm' || true)
    [ -z "$functions" ] || { echo "unit $unit:" $functions; status=1; }
    n=$((n + 1))
done <inlined.units
rm -f inlined.cl inlined.units
[ "$n" -gt 15 ] || { echo "only $n units: the test is broken"; exit 1; }
exit $status
