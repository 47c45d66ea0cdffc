#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that were compiled against an earlier library work with this one: the interface is the recorded one. With --record, records it.
set -eu
lib=$top_builddir/lib/.libs/libclgrpo.so
record=$srcdir/tests/lib/libclgrpo.abi
command -v abidiff >/dev/null || { echo "no abidiff (Debian: abigail-tools)"; exit 77; }
[ -e "$lib" ] || { echo "no shared library in this build"; exit 77; }
readelf -S "$lib" | grep -q debug_info || { echo "the library was built without -g"; exit 77; }
if [ "${1-}" = --record ]; then
    abidw --headers-dir "$srcdir/lib" --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$record" "$lib"
    exit 0
fi
abidiff --headers-dir2 "$srcdir/lib" --drop-private-types --no-show-locs "$record" "$lib" >abi.report || {
    cat abi.report
    echo "The interface is not the recorded one. Fields may be added at the end of a struct that begins with struct_size, and functions; then"
    echo "record it: make record-abi. All else breaks programs that were compiled before."
    exit 1
}
rm -f abi.report
