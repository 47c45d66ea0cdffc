#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CONTRIBUTING leads to what is there: every function, file and page that it names exists, and every room is on its map.
set -eu
cd "${srcdir:-.}"
failed=0
miss() {
    echo "CONTRIBUTING.md: $*"
    failed=1
}

# Outside of the diffs, which add what is not there.
text=$(awk '/^```/ { inside = !inside; next } !inside' CONTRIBUTING.md)

for name in $(printf '%s\n' "$text" | grep -oE '`(mg|clg|clgrpo|bench)_[a-z0-9_]+`' | tr -d '\140' | sort -u); do
    grep -rqE "(^|[^a-zA-Z0-9_])$name\(" lib trainer bench --include='*.[ch]' || miss "no function $name"
done
for path in $(printf '%s\n' "$text" | grep -oE '`(lib|kernels|trainer|bench|tests|man|names|reference|scripts|data|examples)/[A-Za-z0-9_./-]*`' |
    tr -d '\140' | sort -u); do
    case $path in
    *X*) continue ;; # stands for a name
    esac
    [ -e "$path" ] || miss "no file $path"
done
for page in $(printf '%s\n' "$text" | grep -oE '`[a-z][a-z0-9.-]*\([1-9]\)`' | tr -d '\140' | sort -u); do
    name=${page%(*} section=${page##*(}
    [ -e "man/$name.${section%)}" ] || miss "no page $page"
done
for room in trainer/*/; do
    room=${room#trainer/}
    printf '%s\n' "$text" | grep -qE "^\|.*\`${room%/}\`" || miss "the room trainer/$room is not on the map"
done
exit $failed
