#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The changes that CONTRIBUTING prints apply to the sources, each by handing its section to patch as that file says, and the C that they
# touch compiles without a warning.
set -eu
command -v patch >/dev/null || { echo "patch is missing"; exit 77; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/test_diffs.XXXXXX")
trap 'status=$?; rm -rf "$dir"; exit $status' EXIT
trap 'exit 1' INT TERM

top=$(cd "$srcdir" && pwd)
flags="-std=c11 -pedantic -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wvla -Werror -I$dir/tree/lib -I$dir/tree/trainer -I$dir/tree/tests/trainer -I${top_builddir:-.}
    ${OPENCL_CFLAGS:-} $(pkg-config --cflags jansson sqlite3 hiredis 2>/dev/null || :)"
# All headers, and what the diffs name.
mkdir "$dir/tree"
cd "$top"
{
    ls lib/*.h reference/*.h trainer/*/*.h tests/*/*.h examples/quickstart.conf
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
    apply -p1 -R
done
[ "$n" -ge 5 ] || { echo "test_diffs: CONTRIBUTING prints $n changes, there were 5"; exit 1; }
echo "test_diffs: $n changes"
