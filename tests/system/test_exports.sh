#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports exactly the functions that the public headers declare.
set -eu
lib=$(ls "${top_builddir:-.}"/lib/.libs/libclgrpo.so 2>/dev/null) || { echo "no shared library"; exit 77; }
nm -D --defined-only "$lib" | awk '{print $3}' | sort >exports.have
grep -hoE '\bclgrpo_[a-z0-9_]+\(' "${srcdir}"/lib/clgrpo*.h | tr -d '(' | grep -v '_init$' | sort -u >exports.want
if grep -E '^clgrpo_(tune|tier)|_tiers' exports.want; then
    echo "tuning and tiers are private"; exit 1
fi
[ "$(wc -l <exports.want)" -gt 40 ] || { echo "the headers declare too few functions: the test is broken"; exit 1; }
diff exports.want exports.have || {
    echo "declared and not exported (<): is its file in lib/local.mk? Exported and not declared (>): a name of the library's own begins with clg_"
    exit 1
}
rm -f exports.want exports.have
