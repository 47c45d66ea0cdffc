#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every operation of the public headers is in each list that no compiler asks for: cases that fail each OpenCL call, a suite, the benchmark, the
# builds for GPUs. What is missing is named with what to write.
set -eu
cd "$srcdir"
status=0
miss() {
    echo "$*"
    status=1
}
operations=$(cat lib/clgrpo*.h | sed -n 's/^struct clgrpo_\([a-z0-9_]*\)_args {.*/\1/p')
suites=$(for suite in $SUITES; do echo "$suite.c"; done)
n=0
for op in $operations; do
    grep -q "^    CASE($op)" tests/lib/op_cases.c || miss "$op: write OP($op) and CASE($op) in tests/lib/op_cases.c"
    # shellcheck disable=SC2086
    grep -q "clgrpo_$op(" $suites tests/lib/*_case.c tests/lib/*_gradients.c ||
        miss "$op: no suite calls clgrpo_$op(); write one and list it in lib_suites of tests/local.mk"
    grep -q "^ *X($op)" bench/rows/plan.h || miss "$op: write X($op) in PLAN_OPERATIONS of bench/rows/plan.h"
    grep -qE "PLAN(_WITH_SPACE)?\([a-z]*, $op," bench/rows/*.c || miss "$op: no row of bench/rows/ runs it"
    n=$((n + 1))
done
[ "$n" -gt 20 ] || miss "the headers declare only $n operations: the test is broken"

n=0
for unit in $(grep -v '^#' kernels/units.tsv | cut -f1 | grep -v '_cpu$'); do
    for kernel in $(grep -oE '\bk_[a-z0-9_]+\(' "kernels/$unit.cl" | tr -d '(' | sort -u); do
        grep "^$unit	" kernels/static.tsv | cut -f2 | tr ' ' '\n' | grep -qx "$kernel" ||
            miss "$kernel: write a row of the unit $unit in kernels/static.tsv, with the defines that its operation gives it"
        n=$((n + 1))
    done
done
[ "$n" -gt 20 ] || miss "only $n kernels of the simt family: the test is broken"
exit $status
