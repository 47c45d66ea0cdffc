#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh UNITS.TSV FILE...: a C file on standard output with every kernel source and tuning file as a byte array, the table of them, and the
# table of units. Byte arrays need no quoting and no string length limit. A unit's file that is no FILE is an error.
set -eu
units=$1
shift
echo '/* Made by embed.sh from the kernel sources. */'
echo '#include "internal.h"'
n=0
table=
files=' '
for f in "$@"; do
    printf 'static const unsigned char source_%d[] = {' "$n"
    od -An -v -tu1 "$f" | sed 's/  */ /g; s/^ //; s/ $//; s/ /,/g; s/$/,/'
    echo '};'
    table="$table    {\"${f##*/}\", source_$n, sizeof source_$n},
"
    files="$files${f##*/} "
    n=$((n + 1))
done
printf 'const struct clg_source clg_sources[] = {\n%s};\n' "$table"
echo "const size_t clg_n_sources = $n;"
echo 'const struct clg_unit clg_units[] = {'
awk -F '\t' -v files="$files" '/^[^#]/ && NF >= 2 {
    n = split($2, f, " ")
    printf "    {\"%s\", {", $1
    for (i = 1; i <= n; i++) {
        if (!index(files, " " f[i] " ")) {
            print "embed.sh: the unit " $1 " of units.tsv has " f[i] ", which kernels/local.mk does not list" >"/dev/stderr"
            failed = 1
        }
        printf "\"%s\", ", f[i]
    }
    print "NULL}},"
    count++
} END { print "};"; print "const size_t clg_n_units = " count + 0 ";"; exit failed }' "$units"
