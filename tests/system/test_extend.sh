#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run that has ended goes on: with a learning rate that does not depend on the number of steps it has the bits of a run that had the larger
# number from the start, killed as often as one likes; run.json says what became of it, and what is no end is not gone on from.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

"$files" "$dir"
conf() { # STEPS EVAL_EVERY EVAL_QUESTIONS
    two_agents "steps = $1" "step_questions = 4" "rollouts = 4" "eval_questions = $3" "eval_every = $2" "checkpoint_every = 3"
}
train() { # OPTION...
    "$mgrpo" train --quiet "$@" >"$dir/out" 2>"$dir/err"
}
refused() { # SENTENCE OPTION...
    sentence=$1 status=0
    shift
    train "$@" || status=$?
    [ "$status" -eq 2 ] && grep -qF -e "$sentence" "$dir/err" || fail "train $*: status $status, not \"$sentence\""
}
# alike WHOLE EXTENDED: the same models, and the same weights after and rewards in each train step
alike() {
    for agent in main search; do
        cmp "$1/$agent/model/$weights" "$2/$agent/model/$weights" || fail "the $agent agent's model differs in $2"
        for run in "$1" "$2"; do
            python3 - "$run/$agent/metrics.jsonl" >"$run.$agent.steps" <<'EOF'
import json, sys
for line in map(json.loads, open(sys.argv[1])):
    if line["name"] == "train":
        del line["phase"]
        print(json.dumps(line))
EOF
        done
        cmp "$1.$agent.steps" "$2.$agent.steps" || fail "the $agent agent's train steps differ in $2"
    done
}

# the former end lies on an evaluation on the way, beside one, in a run without any, and in one that has none but at its ends
n=0
for how in "2 8" "3 8" "0 0" "0 8"; do
    n=$((n + 1)) every=${how% *} questions=${how#* }
    conf 7 "$every" "$questions" >"$dir/whole.conf"
    conf 4 "$every" "$questions" >"$dir/short.conf"
    train --run "$dir/whole$n" "$dir/whole.conf" || fail "the longer run failed"
    train --run "$dir/short$n" "$dir/short.conf" || fail "the shorter run failed"
    cp -r "$dir/short$n" "$dir/twice$n"
    train --extend 7 --run "$dir/short$n" "$dir/short.conf" || fail "the run is not gone on with"
    alike "$dir/whole$n" "$dir/short$n"
    train --extend 5 --run "$dir/twice$n" "$dir/short.conf" || fail "the run is not gone on with to 5"
    train --extend 7 --run "$dir/twice$n" "$dir/short.conf" || fail "the run is not gone on with to 7"
    alike "$dir/whole$n" "$dir/twice$n"
done
conf 7 2 8 >"$dir/whole.conf"
conf 4 2 8 >"$dir/short.conf"
run=$dir/twice1
python3 -c 'import json, sys; c = json.load(open(sys.argv[1])); assert c["steps"] == "4" and c["extended"] == [5, 7], c' "$run/run.json" ||
    fail "run.json does not say how the run was extended"
grep -qx '  7 train steps, .*' "$dir/out" || fail "the table does not count the steps of all"
"$mgrpo" replay --run "$run" 6 >"$dir/out" 2>"$dir/err" || fail "a step behind the former ends is not replayed"
"$mgrpo" replay --run "$run" 2 >"$dir/out" 2>"$dir/err" || fail "a step before the former ends is not replayed"

# the same command again, and without the option, ends at once: there is nothing left
cp "$run/main/metrics.jsonl" "$dir/metrics"
train --extend 7 --run "$run" "$dir/short.conf" || fail "the same command again failed"
train --run "$run" "$dir/short.conf" || fail "the command without the option failed"
cmp "$dir/metrics" "$run/main/metrics.jsonl" || fail "a run that has ended has been repeated"
refused "is of 7 train steps, and is to be of 6" --extend 6 --run "$run" "$dir/short.conf"
refused "steps: 7, was 4" --extend 9 --run "$run" "$dir/whole.conf"
refused "is no run that could be extended" --extend 9 --run "$dir/nowhere" "$dir/short.conf"
[ ! -e "$dir/nowhere" ] || fail "a run that is not there has a folder now"

# Others of the run have extended it to another number: what does not agree is refused before it is written down.
run=$dir/short3
python3 - "$run/store.db" <<'EOF'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("INSERT INTO meta VALUES('extension-2', '12')")
store.commit()
EOF
cp "$run/run.json" "$dir/record"
cp "$run/starts.jsonl" "$dir/starts"
conf 4 0 0 >"$dir/short.conf"
refused "extension-2: to 8 train steps, that of the run in $run/store.db is to 12" --extend 8 --run "$run" "$dir/short.conf"
cmp "$dir/record" "$run/run.json" && cmp "$dir/starts" "$run/starts.jsonl" || fail "what was refused has been written down"
train --extend 12 --run "$run" "$dir/short.conf" || fail "the number of the others is not taken"

# killed again and again on the way
conf 300 7 8 >"$dir/whole.conf"
train --run "$dir/long" "$dir/whole.conf" || fail "the long run failed"
run=$dir/killed
conf 4 7 8 >"$dir/killed.conf"
train --run "$run" "$dir/killed.conf" || fail "the shorter run failed"
kills=0
while [ $kills -lt 6 ]; do
    "$mgrpo" train --quiet --extend 300 --run "$run" "$dir/killed.conf" >"$dir/out" 2>"$dir/err" &
    pid=$! pids=$!
    lines=$(wc -l <"$run/main/metrics.jsonl")
    while [ "$(wc -l <"$run/main/metrics.jsonl")" -le "$lines" ] && kill -0 "$pid" 2>/dev/null; do
        sleep 0.02
    done
    nap 0 10 25
    # the agents too: left alone they would go on to the end
    find_agents || break
    kill -KILL "$pid" $children 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    pids=
    kills=$((kills + 1))
    if [ $kills -eq 1 ] && [ ! -e "$run/main/model/tokenizer.json" ]; then
        refused "has not ended" --extend 301 --run "$run" "$dir/killed.conf"
        "$mgrpo" eval "$run" --count 2 --temperature 0 >"$dir/out" 2>"$dir/err" || fail "eval of a run on the way failed"
        grep -q '^main  *the state of step [0-9]* of 300, ' "$dir/out" || fail "the model of the former end passes for the last one"
    fi
done
wait 2>/dev/null || :
pids=
[ $kills -gt 0 ] || fail "the run could not be killed: the test shows nothing"
train --run "$run" "$dir/killed.conf" || fail "the run that was killed does not go on without the option"
alike "$dir/long" "$run"
echo "test_extend: 9 extended runs have the bits of longer ones, one of them killed $kills times"
