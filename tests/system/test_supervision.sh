#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A folder has one mgrpo train, and a second is refused at once without a word in the logs of the first; a run that is asked to stop is there
# within two seconds; on a full disk it ends with its reason, and goes on once there is room.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
two_agents "steps = 400" "step_questions = 8" "rollouts = 8" "eval_questions = 0" "checkpoint_every = 1" >"$dir/run.conf"

"$mgrpo" train --quiet --run "$dir/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" &
pid=$! pids=$!
i=0
until ls "$dir"/run/main/state-0* >"$dir/states" 2>/dev/null; do # of which the newest two are kept
    i=$((i + 1))
    [ "$i" -lt 600 ] || fail "the run does not begin"
    kill -0 "$pid" || fail "the run ended before it had a state"
    sleep 0.1
done
cat "$dir/run/main.log" "$dir/run/search.log" | wc -c >"$dir/before"
status=0
timeout 20 "$mgrpo" train --quiet --run "$dir/run" "$dir/run.conf" >"$dir/second" 2>&1 || status=$?
[ "$status" -eq 2 ] || fail "a second train on the folder ended with status $status, not 2: $(cat "$dir/second")"
grep -q "another mgrpo train works on the run in $dir/run: process $pid$" "$dir/second" || fail "it is not said who works: $(cat "$dir/second")"
kill -0 "$pid" || fail "the first train ended"
! grep -q another "$dir/run/main.log" "$dir/run/search.log" || fail "a log of the first train tells of the second"

start=$(date +%s%N)
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pids=
ms=$((($(date +%s%N) - start) / 1000000))
[ "$status" -eq 3 ] || fail "a run that was asked to stop ended with status $status, not 3"
[ "$ms" -lt 4000 ] || fail "it took the run $ms ms to stop"
"$mgrpo" train --quiet --run "$dir/run" "$dir/none.conf" >"$dir/second" 2>&1 && fail "a configuration that is not there is no error"

echo "test_supervision: one train a folder; stopped in $ms ms"
[ "$(id -u)" -eq 0 ] || { echo "test_supervision: without root there is no small disk to fill"; exit 0; }
mkdir "$dir/disk"
mount -t tmpfs -o size=600k none "$dir/disk" 2>/dev/null || { echo "test_supervision: no small disk can be mounted here"; exit 0; }
release() { umount "$dir/disk"; }
status=0
timeout 100 "$mgrpo" train --quiet --run "$dir/disk/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" -eq 1 ] || fail "a run on a full disk ended with status $status, not 1"
grep -qE 'No space left|disk is full|disk of .* is full' "$dir/err" || fail "it is not said that the disk is full: $(cat "$dir/err")"
! grep -q 'again' "$dir/err" || fail "an agent was started again on a full disk: $(cat "$dir/err")"
mount -o remount,size=64m "$dir/disk"
timeout 300 "$mgrpo" train --quiet --run "$dir/disk/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "with room on the disk the run does not go on"
echo "test_supervision: a full disk is told, and the run goes on with room"
