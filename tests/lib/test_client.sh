#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs of others against the library that was built: in C and C++, with warnings as errors, one that fixes its version of OpenCL after
# clgrpo.h, and one that was compiled against headers whose structs had one field less.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
client=$srcdir/tests/lib/client.c
library=$top_builddir/lib/.libs
[ -e "$library/libclgrpo.so" ] || { echo "no shared library in this build"; exit 77; }
built() { # name compiler folder-of-headers option...
    name=$1 compiler=$2 headers=$3
    shift 3
    # shellcheck disable=SC2086
    $compiler "$@" -Wall -Wextra -Wshadow -pedantic -Werror ${OPENCL_CFLAGS:-} -I"$headers" "$client" -L"$library" -lclgrpo ${OPENCL_LIBS:--lOpenCL} -lm \
        -o "$dir/$name"
    LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$dir/$name"
    echo "$name: works"
}
built c11 "${CC:-cc}" "$srcdir/lib" -std=c11
built c99 "${CC:-cc}" "$srcdir/lib" -std=c99
for cxx in c++ clang++ none; do
    if command -v $cxx >/dev/null; then
        break
    fi
done
for std in c++11 c++17; do
    if [ $cxx = none ]; then
        echo "$std: no C++ compiler here"
    else
        built $std $cxx "$srcdir/lib" -std=$std -x c++
    fi
done
mkdir "$dir/headers"
cp "$srcdir"/lib/clgrpo*.h "$dir/headers"
sed -i '/^    struct clgrpo_workspace workspace;$/d' "$dir/headers/clgrpo_layer.h"
if cmp -s "$dir/headers/clgrpo_layer.h" "$srcdir/lib/clgrpo_layer.h"; then
    echo "clgrpo_layer.h has no field to leave out"
    exit 1
fi
built older "${CC:-cc}" "$dir/headers" -std=c11
