#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kernel unit compiles alone as OpenCL C 1.2 at three vector widths, and nothing asks for unsafe mathematics.
set -eu
! grep -nE 'fast-relaxed-math|unsafe-math|finite-math' "$srcdir"/kernels/*.cl "$srcdir"/kernels/*.clh "$srcdir"/lib/*.c || exit 1
clang=$(command -v clang || command -v clang-14) || { echo "clang is missing"; exit 77; }
status=0 n=0
grep -v '^#' "$srcdir/kernels/units.tsv" >kernels.units
# a unit is its own program and fragments; no file is left over
{ echo common.clh; cut -f2 kernels.units | tr ' ' '\n'; } | sort -u >kernels.used
(cd "$srcdir/kernels" && ls ./*.cl ./*.clh) | sed 's|^\./||' | sort >kernels.have
diff kernels.used kernels.have || { echo "units.tsv (<) and kernels/ (>) differ"; status=1; }
while read -r unit fragments; do
    case " $fragments " in
    *" $unit.cl "*) ;;
    *) echo "unit $unit: no $unit.cl"; status=1 ;;
    esac
    for fragment in $fragments; do
        case $fragment in
        "$unit.cl" | *.clh) ;;
        *) echo "unit $unit: $fragment is another unit's program"; status=1 ;;
        esac
        case $unit:${fragment%.cl*} in
        *_cpu:*_simt | *_simt:*_cpu) echo "unit $unit: $fragment is of the other family"; status=1 ;;
        esac
    done
    for width in 4 8 16; do
        (cd "$srcdir/kernels" && cat common.clh $fragments) >"kernels.$unit.cl"
        "$clang" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -fsyntax-only -Wno-gcc-compat -Wno-constant-logical-operand -Werror \
            -DP_VECTOR_WIDTH=$width "kernels.$unit.cl" || { echo "unit $unit, width $width"; status=1; }
        n=$((n + 1))
    done
    rm -f "kernels.$unit.cl"
done <kernels.units
rm -f kernels.units kernels.used kernels.have
[ "$n" -gt 30 ] || { echo "only $n units: the test is broken"; exit 1; }
exit $status
