#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An argument of a kernel launch of the wrong type does not compile.
set -eu
compiles() {
    printf '#include "launch.h"\nstruct clg_arg made(struct clgrpo_tensor *t, struct clgrpo_workspace *w, cl_mem m, size_t n, double d);\n
struct clg_arg made(struct clgrpo_tensor *t, struct clgrpo_workspace *w, cl_mem m, size_t n, double d) {
    (void)t, (void)w, (void)m, (void)n, (void)d;
    return (struct clg_arg[]){%s}[0];\n}\n' "$1" >arguments.c
    # shellcheck disable=SC2086
    ${CC:-cc} -std=c11 -D_GNU_SOURCE ${OPENCL_CFLAGS:-} -I"$srcdir/lib" -I"$top_builddir" -fsyntax-only arguments.c 2>arguments.log
}
status=0
right() { compiles "$1" || { echo "$1 does not compile:"; cat arguments.log; status=1; }; }
wrong() { if compiles "$1"; then echo "$1 compiles"; status=1; fi; }
for x in 'CLG_MEM(m)' 'CLG_INT(3)' 'CLG_INT(n)' 'CLG_UINT(3u)' 'CLG_UINT(n)' 'CLG_SIZE(n)' 'CLG_FLOAT(d)' 'CLG_FLOAT(1.0f)' 'CLG_LOCAL(n)' \
    'CLG_TENSOR(t)' 'CLG_TENSOR_ROWS(t)' 'CLG_TENSOR_HEADS(t)'; do
    right "$x"
done
for x in 'CLG_MEM(n)' 'CLG_MEM(t)' 'CLG_MEM(0)' 'CLG_INT(d)' 'CLG_INT(3u)' 'CLG_INT(m)' 'CLG_UINT(3)' 'CLG_UINT(d)' 'CLG_UINT(m)' 'CLG_SIZE(3)' \
    'CLG_SIZE(d)' 'CLG_SIZE(m)' 'CLG_FLOAT(n)' 'CLG_FLOAT(3)' 'CLG_FLOAT(m)' 'CLG_LOCAL(3)' 'CLG_TENSOR(m)' 'CLG_TENSOR(*t)' 'CLG_TENSOR(w)'; do
    wrong "$x"
done
rm -f arguments.c arguments.log
exit $status
