#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernel tests under Oclgrind: no data race, no access out of bounds, no read of uninitialised memory. Each runs its small sizes.
set -eu
[ -n "${OCLGRIND:-}" ] || { echo "oclgrind is missing"; exit 77; }
# two instruments at once would take each other's bookkeeping for the program's
grep -q '^CLG_SAN = .*-fsanitize' "$top_builddir/Makefile" && { echo "a build with sanitizers"; exit 77; }
CLGRPO_TEST_SMALL=1 XDG_CACHE_HOME=$PWD/oclgrind.cache
export CLGRPO_TEST_SMALL XDG_CACHE_HOME
status=0
[ -n "${SUITES:-}" ] || { echo "SUITES names no test"; exit 1; }
for test in $SUITES; do
    log=oclgrind.${test##*/}.log
    # the libtool wrapper would start a shell under the tool: let it print the real command
    if ! "$top_builddir/libtool" --mode=execute "$OCLGRIND" --data-races --uninitialized --check-api --max-errors 20 \
        "$top_builddir/$test" >"$log" 2>&1 || grep -qE 'Invalid (read|write)|[Dd]ata race|Uninitialized|OCLGRIND FATAL' "$log"; then
        echo "FAIL: $test"
        grep -vE '^\s*$' "$log" | head -n 40
        status=1
    else
        echo "clean: $test"
        rm -f "$log"
    fi
done
rm -rf oclgrind.cache
exit $status
