#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# C sources are formatted by .clang-format.
set -eu
[ -n "${CLANG_FORMAT:-}" ] || { echo "clang-format is missing"; exit 77; }
cd "$srcdir"
"$CLANG_FORMAT" --dry-run --Werror lib/*.[ch] trainer/*/*.[ch] bench/*.[ch] bench/*/*.[ch] reference/*.[ch] tests/*/*.[ch] examples/*.c
