#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man-aliases.sh PAGE...: the names in the NAME section of manual pages that are not the names of their files, one a line: "name page".
# make install makes a page of one line of each, so that man finds it.
set -eu
for page in "$@"; do
    file=${page##*/}
    awk -v own="${file%.*}" '/^\.Sh/ { named = $2 == "NAME" } named && $1 == ".Nm" && $2 != own { print $2, own }' "$page"
done
