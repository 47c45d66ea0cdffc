#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The changes that CONTRIBUTING prints apply to the sources, each by handing its section to patch as that file says, and the C and
# the kernels that they touch compile without a warning.
set -eu
command -v patch >/dev/null || { echo "patch is missing"; exit 77; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/test_diffs.XXXXXX")
trap 'status=$?; rm -rf "$dir"; exit $status' EXIT
trap 'exit 1' INT TERM

top=$(cd "$srcdir" && pwd)
clang=$(command -v clang || command -v clang-14 || :)
flags="-std=c11 -pedantic -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wvla -Werror -I$dir/tree/lib -I$dir/tree/trainer -I$dir/tree/tests/trainer
    -I$dir/tree/reference -I$dir/tree/tests/lib -I$dir/tree/bench -I${top_builddir:-.}
    ${OPENCL_CFLAGS:-} $(pkg-config --cflags jansson sqlite3 hiredis 2>/dev/null || :)"
# All headers, and what the diffs name.
mkdir "$dir/tree"
cd "$top"
{
    ls lib/*.h reference/*.h trainer/*/*.h tests/*/*.h bench/*/*.h kernels/*.clh examples/quickstart.conf
    sed -n 's,^--- a/,,p' CONTRIBUTING.md
} | sort -u | tar -cf - -T - | tar -xf - -C "$dir/tree"
chmod -R u+w "$dir/tree"
awk -v dir="$dir" '/^## / { n++ } { print > (dir "/section" n) }' CONTRIBUTING.md
cd "$dir/tree"

# With -F 0 every line of context is there; lines may have moved.
apply() {
    patch -F 0 "$@" <"$section" >"$dir/out" 2>&1 && return
    echo "test_diffs: what \"$title\" prints does not apply:"
    cat "$dir/out"
    exit 1
}

n=0
for section in $(grep -l '^```diff' "$dir"/section*); do
    title=$(sed -n '1s/## //p' "$section")
    n=$((n + 1))
    if grep -q '^--- quickstart.conf' "$section"; then
        apply -o "$dir/conf" examples/quickstart.conf
        continue
    fi
    apply -p1
    for file in $(sed -n 's,^+++ b/\(.*\.c\)$,\1,p' "$section"); do
        # shellcheck disable=SC2086 # several flags
        ${CC:-cc} $flags -fsyntax-only "$file" || { echo "test_diffs: $file does not compile with what \"$title\" prints"; exit 1; }
    done
    for program in $(sed -n 's,^+++ b/kernels/\(.*\)\.cl$,\1,p' "$section"); do
        fragments=$(sed -n "s/^$program	//p" kernels/units.tsv)
        [ -n "$fragments" ] || { echo "test_diffs: $program is no unit of kernels/units.tsv with what \"$title\" prints"; exit 1; }
        [ -n "$clang" ] || continue
        # shellcheck disable=SC2086 # several files
        (cd kernels && cat common.clh $fragments) >"$dir/unit.cl"
        "$clang" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -fsyntax-only -Wno-gcc-compat -Wno-constant-logical-operand -Werror \
            "$dir/unit.cl" || { echo "test_diffs: the unit $program does not compile with what \"$title\" prints"; exit 1; }
    done
    apply -p1 -R
done
[ "$n" -ge 6 ] || { echo "test_diffs: CONTRIBUTING prints $n changes, there were 6"; exit 1; }
echo "test_diffs: $n changes"
