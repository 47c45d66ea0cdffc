#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A name is one thing: no name of a header is both a type and a function, and none is two types.
set -eu
find "$srcdir/lib" "$srcdir/trainer" "$srcdir/bench" "$srcdir/reference" -name '*.h' -exec sed 's,/\*.*\*/,,; /\/\*/,/\*\//d' {} + >names.declared
sed -nE 's/^(struct|enum|union) ([a-z_0-9]+) \{.*/\2/p' names.declared | sort >names.types
grep -oE '\b[a-z_0-9]+\(' names.declared | tr -d '(' | sort -u >names.functions
[ "$(wc -l <names.types)" -gt 100 ] && [ "$(wc -l <names.functions)" -gt 500 ] || { echo "too few names: the test is broken"; exit 1; }
status=0
uniq -d names.types | sed 's/$/ is two types/' | grep . && status=1
uniq names.types | comm -12 - names.functions | sed 's/$/ is a type and a function/' | grep . && status=1
rm -f names.declared names.types names.functions
exit $status
