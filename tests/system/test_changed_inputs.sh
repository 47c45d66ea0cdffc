#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run goes on over the inputs that it was begun with: moved elsewhere they are the same, and the run ends with the bits of one that
# nobody moved; changed, the run is refused by the name of what has changed.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
two_agents "steps = 12" "step_questions = 4" "rollouts = 4" "eval_questions = 8" "checkpoint_every = 1" >"$dir/run.conf"
"$mgrpo" train --quiet --run "$dir/whole" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "the undisturbed run failed"

# half of a run: its first states are there
"$mgrpo" train --quiet --run "$dir/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" &
pid=$! pids=$!
until [ -e "$dir/run/main/state-000000004" ]; do
    kill -0 "$pid" || fail "the run ended before it had a state"
    sleep 0.02
done
kill -TERM "$pid"
wait "$pid" || :
pids=

# changed NAME FILE: the run does not go on while the file holds something else
changed() {
    cp "$dir/$2" "$dir/kept"
    if [ "$2" = corpus.db ]; then printf 'x' >>"$dir/$2"; else sed -i '$ s/$/ /' "$dir/$2"; fi
    status=0
    "$mgrpo" train --quiet --run "$dir/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq 2 ] || fail "a run with another $2 ended with status $status, not 2"
    grep -qF "$1 is $dir/$2" "$dir/err" || fail "it is not said that $1 has changed"
    cp "$dir/kept" "$dir/$2"
}
changed questions questions.jsonl
changed tokenizer tokenizer.json
changed corpus corpus.db

mkdir "$dir/moved"
for file in run.conf config.json model.safetensors corpus.db questions.jsonl tokenizer.json run; do mv "$dir/$file" "$dir/moved/$file"; done
"$mgrpo" train --quiet --run "$dir/moved/run" "$dir/moved/run.conf" >"$dir/out" 2>"$dir/err" || fail "moved inputs are not gone on with"
same "$dir/whole" "$dir/moved/run" main search
echo "test_changed_inputs: three that are refused, and a move that changes nothing"
