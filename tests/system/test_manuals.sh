#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every page is lint-clean, and every exported function and every program has one.
set -eu
status=0
if [ -n "${MANDOC:-}" ]; then
    for page in "$srcdir"/man/*.[1-9]; do
        # -W style without the complaint about the operating system that a page of another system gets
        out=$("$MANDOC" -T lint -W warning "$page" 2>&1) || { echo "$out"; status=1; }
    done
else
    echo "mandoc is missing: pages not linted"
fi
nm -D --defined-only "${top_builddir:-.}"/lib/.libs/libclgrpo.so | awk '{print $3}' >manuals.symbols
while read -r symbol; do
    grep -qw -- "$symbol" "$srcdir"/man/*.3 || { echo "no page names $symbol"; status=1; }
done <manuals.symbols
for program in mgrpo clgrpo-bench clgrpo-info clgrpo-tune; do
    [ -f "$srcdir/man/$program.1" ] || { echo "no page for $program"; status=1; }
done
for command in train agent sft eval ask replay report world; do
    [ -f "$srcdir/man/mgrpo-$command.1" ] || { echo "no page for mgrpo $command"; status=1; }
done
# what --help of a command lists is in its page, and the other way round
for command in train agent sft eval ask replay report world; do
    "${top_builddir:-.}/mgrpo" "$command" --help | sed -n 's/^ *\(-[a-zA-Z], \)*--\([a-z-]*\).*/\2/p' | sort >manuals.help
    sed -n '/^\.\(It\|Op\|Fl\)/s/ / /p' "$srcdir/man/mgrpo-$command.1" | grep -o ' -[a-z][a-z-]*' |
        sed 's/^ -//' | sort -u >manuals.page
    diff manuals.help manuals.page || { echo "mgrpo-$command.1: --help (<) and the page (>) differ"; status=1; }
done
rm -f manuals.symbols manuals.help manuals.page
exit $status
