#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kernel unit compiles alone as OpenCL C 1.2 at three vector widths, and nothing asks for unsafe mathematics.
set -eu
! grep -nE 'fast-relaxed-math|unsafe-math|finite-math' "$srcdir"/kernels/*.cl "$srcdir"/lib/*.c || exit 1
clang=$(command -v clang || command -v clang-14) || { echo "clang is missing"; exit 77; }
status=0 n=0
grep -v '^#' "$srcdir/kernels/units.tsv" >kernels.units
while read -r unit fragments; do
    for width in 4 8 16; do
        (cd "$srcdir/kernels" && cat common.cl $fragments) >"kernels.$unit.cl"
        "$clang" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -fsyntax-only -Wno-gcc-compat -Wno-constant-logical-operand -Werror \
            -DP_VECTOR_WIDTH=$width "kernels.$unit.cl" || { echo "unit $unit, width $width"; status=1; }
        n=$((n + 1))
    done
    rm -f "kernels.$unit.cl"
done <kernels.units
rm -f kernels.units
[ "$n" -gt 30 ] || { echo "only $n units: the test is broken"; exit 1; }
exit $status
