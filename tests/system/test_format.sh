#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# C sources are formatted by .clang-format.
set -eu
[ -n "${CLANG_FORMAT:-}" ] || { echo "clang-format is missing"; exit 77; }
cd "$srcdir"
# A build within the sources leaves headers that are made; they are not written by hand.
ls lib/*.[ch] trainer/*/*.[ch] bench/*.[ch] bench/*/*.[ch] reference/*.[ch] names/*.[ch] tests/*/*.[ch] examples/*.c |
    grep -vE '/(machine_lines|naive_lines|kernel_hash)\.h$' | xargs "$CLANG_FORMAT" --dry-run --Werror || {
    echo "test_format: make format formats"
    exit 1
}
