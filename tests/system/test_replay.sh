#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mgrpo replay and mgrpo eval on runs of the fake policy of fake_policy.c: an untouched run repeats to the bit, from its
# first model and from its states, the newest or one before; a changed number is told with its step; the shares that are
# measured are those of questions whose answers are known; bad arguments are one sentence and status 2.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"

# ends STATUS COMMAND...: runs mgrpo COMMAND; its output is in out and err
ends() {
    want=$1
    shift
    status=0
    "$mgrpo" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq "$want" ] || fail "mgrpo $* ended with status $status, not $want"
}

# refused SENTENCE COMMAND...: nothing on standard output, and one sentence that holds SENTENCE
refused() {
    sentence=$1
    shift
    ends 2 "$@"
    [ ! -s "$dir/out" ] || fail "mgrpo $* is refused, but prints"
    grep -q "^mgrpo $1: .*$sentence" "$dir/err" || fail "mgrpo $* does not say \"$sentence\""
}

# says TEXT: a line of the last output, whole
says() {
    grep -qxF -- "$1" "$dir/out" || fail "no line says: $1"
}

# conf STEPS: a configuration
conf() {
    two_agents "steps = $1" "step_questions = 4" "rollouts = 4" "eval_questions = 8" "eval_every = 100" "checkpoint_every = 5"
}

# recorded SIDE STEP KEY: a value of a train step's metrics
recorded() {
    sed -n "/\"name\":\"train\",\"step\":$2,/s/.*\"$3\":\"*\([0-9a-f]*\).*/\1/p" "$run/$1/metrics.jsonl"
}

"$files" "$dir"

# ---- replay: a whole run ----
run=$dir/whole
conf 5 >"$dir/whole.conf"
trap '' CHLD # a parent may ignore how its children end; mgrpo must not
ends 0 train --quiet --run "$run" "$dir/whole.conf"
trap - CHLD
for side in main search; do
    ends 0 replay --run "$run" --agent $side 4
    [ "$(wc -l <"$dir/out")" -eq 5 ] || fail "replay of step 4 does not repeat 5 steps"
    for step in 0 1 2 3 4; do
        says "step $step: weights $(recorded $side $step weights), the same bits as recorded"
    done
done

# ---- keep_rollouts: of the train steps the newest stay, and replay says what is missing ----
run=$dir/pruned
conf 12 | sed '1a keep_rollouts = 2' >"$dir/pruned.conf"
ends 0 train --quiet --run "$run" "$dir/pruned.conf"
for side in main search; do
    for step in $(seq 0 11); do
        log=$(printf '%s/%s/rollouts/%06d.jsonl.gz' "$run" $side "$(recorded $side "$step" phase)")
        if [ "$step" -ge 10 ]; then
            [ -e "$log" ] || fail "step $step of $side has no rollouts"
        else
            [ ! -e "$log" ] || fail "step $step of $side still has rollouts"
        fi
    done
    [ "$(find "$run/$side/rollouts" -name '*.jsonl.gz' | wc -l)" -eq 6 ] || fail "other rollouts of $side than those of 2 steps and 4 evaluations"
    refused "step 11 cannot be repeated: it takes all rollouts from the .* on, and those of steps 0 to 9 are gone: the run keeps those of its newest 2 (keep_rollouts)$" \
        replay --run "$run" --agent $side 11
    grep -q "No step of this run can be repeated. Of one with keep_rollouts = 0 every step can.$" "$dir/err" || fail "no hint says what to do"
done
ends 0 report --run "$run" --output "$dir/page.html"
grep -q "The rollouts of the newest 2 train steps are kept; older ones were removed." "$dir/page.html" ||
    fail "the report does not say that rollouts were removed"
conf 12 >"$dir/unpruned.conf"
ends 0 train --quiet --run "$dir/unpruned" "$dir/unpruned.conf"
for side in main search; do
    cmp "$run/$side/metrics.jsonl" "$dir/unpruned/$side/metrics.jsonl" || fail "without old rollouts $side learns otherwise"
done
run=$dir/whole

# ---- a split of fewer questions than an evaluation is to have ----
few() {
    head -n 3 "$dir/questions.jsonl" | sed 's/"split": *"[a-z]*"/"split":"train"/'
    cat <<'EOF'
{"id":"few-a","split":"test","hops":1,"template":"t","question":"Who?","answer":"who"}
{"id":"few-b","split":"test","hops":1,"template":"t","question":"Mia?","answer":"No"}
{"id":"few-c","split":"test","hops":1,"template":"u","question":"Why?","answer":"why"}
EOF
}
few >"$dir/few.jsonl"
conf 1 | sed 's/questions.jsonl/few.jsonl/' >"$dir/few.conf"
ends 0 train --quiet --run "$dir/few" "$dir/few.conf"
grep -qx "mgrpo train: eval_questions is 8, and split test has 3: an evaluation asks each of them once" "$dir/err" ||
    fail "train does not say how few questions there are"
grep -q '^  before, greedy  *3   0.667 \[0.208, 0.939\] ' "$dir/out" || fail "an evaluation of three questions is not of three"
tr -d ' \n' <"$dir/few/summary.json" | grep -q '"greedy":{"held_out":{"before":{"n":3,' || fail "summary.json says otherwise"
conf 1 | sed -e 's/questions.jsonl/few.jsonl/' -e '1a eval_split = "dev"' >"$dir/none.conf"
refused "none of the 6 questions is of split dev, and eval_questions is 8" train --quiet --run "$dir/none" "$dir/none.conf"
[ ! -e "$dir/none" ] || fail "a run without held-out questions was begun"

# ---- replay: a number is changed ----
log=$(printf '%s/main/rollouts/%06d.jsonl.gz' "$run" "$(recorded main 2 phase)")
cp "$log" "$dir/log.gz"
gzip -dc "$dir/log.gz" | sed '1s/"advantage":[^,]*/"advantage":0.123/' | gzip >"$log"
ends 1 replay --run "$run" 4
[ "$(wc -l <"$dir/out")" -eq 2 ] || fail "the steps before the changed one are not repeated"
says "step 1: weights $(recorded main 1 weights), the same bits as recorded"
grep -q "^mgrpo replay: step 2: the weights are [0-9a-f]\{16\}, the run recorded $(recorded main 2 weights)$" \
    "$dir/err" || fail "the changed step is not told"
head -c 100 "$dir/log.gz" >"$log"
ends 2 replay --run "$run" 4
grep -q "^mgrpo replay: $log: " "$dir/err" || fail "the torn log is not named"
cp "$dir/log.gz" "$log"

cp "$run/search/metrics.jsonl" "$dir/metrics"
digest=$(recorded search 3 weights)
sed "s/$digest/0123456789abcdef/" "$dir/metrics" >"$run/search/metrics.jsonl"
ends 1 replay --run "$run" --agent search 4
grep -q "step 3: the weights are $digest, the run recorded 0123456789abcdef$" "$dir/err" || fail "step 3 is not told"
cp "$dir/metrics" "$run/search/metrics.jsonl"

# ---- replay: bad arguments ----
refused "need one STEP, got 0" replay --run "$run"
refused "need one STEP, got 2" replay --run "$run" 1 2
refused 'STEP is "x"' replay --run "$run" x
refused "no train step 5 is recorded" replay --run "$run" 5
refused 'agent is "judge"' replay --run "$run" --agent judge 1
refused "no-such-run" replay --run "$dir/no-such-run" 1

# ---- eval ----
cat >"$dir/known.jsonl" <<'EOF'
{"id":"a","split":"test","hops":1,"template":"t","new_phrasing":false,"question":"Who?","answer":"who","steps":[{"ask":"x","answer":"y","page":"z"}]}
{"id":"b","split":"test","hops":1,"template":"t","new_phrasing":false,"question":"Mia?","answer":"No","steps":[{"ask":"x","answer":"y","page":"z"}]}
EOF
# greedy, the fake policy says back a short question: half of these answers are right. Two questions are two, however many are
# wanted: the interval is of two
ends 0 eval --run "$run" --questions "$dir/known.jsonl" --count 40 --json
tr -d ' \n' <"$dir/out" >"$dir/json"
grep -q '"greedy":{"n":2,"draws":1,"success":0.5,"lo":0.0945312,"hi":0.905469,"pass":{"n":2,"mean":0.5,"lo":0.0945312,"hi":0.905469},"calls":0.0,"expert":{"search":null},"judged":2,"unavailable":{"main":0,"search":0}}}$' \
    "$dir/json" || fail "eval --json measures otherwise"
grep -q '^{"split":"test","of":2,' "$dir/json" || fail "eval --json does not say of how many"
grep -q '"sampled":{"n":2,"draws":1,"success":' "$dir/json" || fail "eval --json has no share as sampled"
last=$(sed -n '$s/.*"weights":"\([0-9a-f]*\)".*/\1/p' "$run/main/metrics.jsonl")
grep -q "\"weights\":{\"main\":{\"kind\":\"final\",\"path\":\"$run/main/model\",\"step\":5,\"digest\":\"$last\"}" "$dir/json" ||
    fail "eval --json does not say which weights"
ends 0 eval --run "$run" --questions "$dir/known.jsonl" --count 40
[ "$(wc -l <"$dir/out")" -eq 5 ] || fail "eval does not print five lines"
says "main         the final model, $run/main/model"
says "2 of the 2 questions of split test, each asked once"
grep -q '^greedy  *2 questions  *success 0.500 \[0.095, 0.905\]  *calls per question 0.00 ' "$dir/out" ||
    fail "eval measures otherwise"
grep -q '^as sampled  *2 questions  *success ' "$dir/out" || fail "eval has no share as sampled"
cp "$dir/out" "$dir/first"
ends 0 eval --run "$run" --questions "$dir/known.jsonl" --count 40
cmp "$dir/first" "$dir/out" || fail "eval measures otherwise the second time"

# ---- eval: draws, temperature, rows ----
ends 0 eval "$run" --draws 5 --count 6 --temperature 2 --rows "$dir/rows"
grep -q '^as sampled  *6 questions  *mean@5 [01]\.[0-9]* \[.*pass@5 [01]\.' "$dir/out" || fail "no mean and pass of five draws"
! grep -q '^greedy' "$dir/out" || fail "a temperature was given, and greedy draws are measured"
[ "$(wc -l <"$dir/rows")" -eq 30 ] || fail "not a row for each question and draw"
[ "$(grep -c '"draw":4' "$dir/rows")" -eq 6 ] || fail "a question has no fifth draw"
[ "$(sed 's/.*"question":"\([^"]*\)".*/\1/' "$dir/rows" | sort | uniq -c | sort -u | awk '{print $1}' | uniq)" = 5 ] ||
    fail "a question has not five rows"
cp "$dir/rows" "$dir/first"
ends 0 eval "$run" --draws 1 --count 6 --temperature 2 --rows "$dir/rows"
grep '"draw":0' "$dir/first" | cmp - "$dir/rows" || fail "a first draw depends on how many there are"
ends 0 eval "$run" --questions "$dir/known.jsonl" --temperature 0 --rows "$dir/rows"
sort "$dir/rows" >"$dir/sorted"
cat >"$dir/want" <<'EOF'
{"pass":"greedy","question":"a","draw":0,"verdict":1.0,"unavailable":false,"answer":"Who?","calls":0,"fault":"none"}
{"pass":"greedy","question":"b","draw":0,"verdict":0.0,"unavailable":false,"answer":"Mia?","calls":0,"fault":"none"}
EOF
cmp "$dir/want" "$dir/sorted" || fail "the rows say otherwise"
refused "no-such-folder" eval --run "$run" --rows "$dir/no-such-folder/rows"
refused "greedy draws of a question are all alike" eval --run "$run" --draws 2 --temperature 0

# ---- eval: two systems ----
ends 0 eval "$run" "$run" --questions "$dir/known.jsonl" --temperature 0
grep -q '^  *2 questions   B - A 0.000 \[-0.490, 0.490\]$' "$dir/out" || fail "a run differs from itself"
ends 0 eval --run "$run" main=.,search=. "$run" --count 20 --json --rows "$dir/rows"
tr -d ' \n' <"$dir/out" >"$dir/json"
grep -q '"A":{"name":"main=.,search=.","weights":{"main":{"kind":"given","path":".","step":null,' "$dir/json" || fail "A is not said"
grep -q "\"B\":{\"name\":\"$run\",\"weights\":{\"main\":{\"kind\":\"final\"" "$dir/json" || fail "B is not said"
grep -q '"difference":{"sampled":{"n":20,"mean":.*},"greedy":{"n":20,"mean":' "$dir/json" || fail "the difference is not said"
for pass in sampled greedy; do
    for of in A B; do
        sed -n "/\"pass\":\"$pass\".*\"of\":\"$of\"/s/.*\(\"question\":[^,]*\),.*/\1/p" "$dir/rows" >"$dir/$of"
        [ "$(wc -l <"$dir/$of")" -eq 20 ] || fail "$of has not 20 rows of $pass"
    done
    cmp "$dir/A" "$dir/B" || fail "A and B are asked other questions"
done
refused "which of them is it of" eval --model main=. "$run" "$run"
refused "got 3 arguments" eval "$run" "$run" "$run"

# what cannot be printed is a failure
if [ -c /dev/full ]; then
    status=0
    "$mgrpo" eval --run "$run" --count 1 >/dev/full 2>"$dir/err" || status=$?
    [ "$status" -eq 1 ] && grep -q "^mgrpo: standard output: " "$dir/err" || fail "a full disk is not told"
fi

refused 'count is "0"' eval --run "$run" --count 0
refused 'split is "all"' eval --run "$run" --split all
refused "none of the 2 questions" eval --run "$run" --questions "$dir/known.jsonl" --split dev
refused "no-such-run" eval --run "$run" "$dir/no-such-run"
refused "lacks its value" eval --run "$run" --seed
refused "no-such-file" eval --run "$run" --corpus "$dir/no-such-file"
# a token that the models lack
sed 's/^ "added_tokens": \[$/&{"id": 9999, "content": "<more>", "special": true},/' "$dir/tokenizer.json" \
    >"$dir/more.json"
refused "the tokenizer $dir/more.json 10000" eval --run "$run" --tokenizer "$dir/more.json"
refused "no-such-run" eval --run "$dir/no-such-run"

# ---- replay: from states; a run that stands still with a train step behind its newest state ----
run=$dir/stopped
conf 400 >"$dir/stopped.conf"

# look: the newest train step's phase, the newest state's, and how many states there are
look() {
    phase=$(sed -n '/"name":"train"/s/^{"phase":\([0-9]*\),.*/\1/p' "$run/main/metrics.jsonl" 2>/dev/null | tail -n 1)
    newest=$(ls -d "$run"/main/state-* 2>/dev/null | tail -n 1 | sed 's/.*state-0*//')
    states=$(ls -d "$run"/main/state-* 2>/dev/null | wc -l)
}

tries=0
look
until [ "$states" -ge 2 ] && [ "$newest" -gt 7 ] && [ "$phase" -ge "$newest" ]; do
    [ $tries -lt 40 ] || fail "no stop left a train step behind two states"
    tries=$((tries + 1))
    "$mgrpo" train --quiet --run "$run" "$dir/stopped.conf" >"$dir/out" 2>"$dir/err" &
    pid=$! pids=$!
    before=${phase:-0}
    while [ "${phase:-0}" -lt $((before + 8)) ] && kill -0 "$pid" 2>/dev/null; do
        sleep 0.05
        look
    done
    kill -INT "$pid" || fail "the run ended before it was stopped"
    status=0
    wait "$pid" || status=$?
    pids=
    [ "$status" -eq 3 ] || fail "a run that is stopped ends with status $status"
    look
done
step=$(sed -n "/^{\"phase\":$phase,/s/.*\"step\":\([0-9]*\),.*/\1/p" "$run/main/metrics.jsonl")
ends 0 replay --run "$run" "$step"
near=$(wc -l <"$dir/out")
says "step $step: weights $(recorded main "$step" weights), the same bits as recorded"
# ---- eval and ask: a run that has not ended has the weights of the newest state that all agents have ----
common=$(for side in main search; do ls -d "$run/$side"/state-* | tail -n 1; done | sed 's/.*state-//' | sort | head -n 1)
digest=$(sed -n "/^{\"phase\":$(expr "$common" - 1),/s/.*\"weights\":\"\([0-9a-f]*\)\".*/\1/p" "$run/main/metrics.jsonl")
ends 0 eval "$run" --count 2 --temperature 0
for side in main search; do
    grep -q "^$side  *the state of step [1-9][0-9]* of 400, $run/$side/state-$common\$" "$dir/out" || fail "eval does not say which state of $side"
done
[ "$(sed -n 's/.*the state of step \([0-9]*\) of.*/\1/p' "$dir/out" | uniq | wc -l)" -eq 1 ] || fail "the agents have learnt from other steps"
ends 0 eval "$run" --count 2 --temperature 0 --json
tr -d ' \n' <"$dir/out" | grep -q "\"main\":{\"kind\":\"state\",[^}]*\"digest\":\"$digest\"}" || fail "the weights are not those of the state"
# ---- export: what is written has the weights of the state, and is measured as a model ----
ends 0 export "$run" "$dir/models"
at=$(sed -n "s,^$dir/models/main: the state of step \([0-9]*\)$,\1,p" "$dir/out")
[ "$at" -gt 0 ] && [ "$(wc -l <"$dir/out")" -eq 2 ] || fail "export does not say what it wrote"
cmp "$dir/tokenizer.json" "$dir/models/search/tokenizer.json" || fail "export writes no tokenizer"
ends 0 eval --run "$run" "main=$dir/models/main,search=$dir/models/search" --count 2 --temperature 0 --json
tr -d ' \n' <"$dir/out" | grep -q "\"main\":{\"kind\":\"given\",[^}]*\"digest\":\"$digest\"}" || fail "export writes other weights"
ends 0 export --step "$at" "$run" "$dir/again"
cmp "$dir/models/main/$weights" "$dir/again/main/$weights" || fail "export --step writes other weights"
refused "models/main is there already" export "$run" "$dir/models"
refused "main has no state of step 399; the nearest is of step" export --step 399 "$run" "$dir/far"
refused "step 401 of a run of 400 steps" export --step 401 "$run" "$dir/far"
refused "got 1 arguments" export "$run"
ends 0 ask --run "$run" "Who?"
grep -q "^main  *the state of step " "$dir/err" || fail "ask does not say which weights it asks"
state=$(ls -d "$run"/main/state-* | tail -n 1)
head -c 64 "$state" >"$dir/cut"
cp "$dir/cut" "$state"
ends 0 replay --run "$run" "$step"
says "step $step: weights $(recorded main "$step" weights), the same bits as recorded"
far=$(wc -l <"$dir/out")
ends 0 eval "$run" --count 2 --temperature 0
grep "^main  *the state of step " "$dir/out" | grep -qv "$state" || fail "eval measures a damaged state"
[ "$far" -gt "$near" ] || fail "with its newest state damaged it begins no earlier: $far steps, $near before"
for state in "$run"/main/state-*; do
    cp "$dir/cut" "$state"
done
refused "state-" replay --run "$run" "$step"
refused "state-" eval --run "$run"
rm -f "$run"/main/state-* "$run"/search/state-*
ends 0 eval "$run" --count 2 --temperature 0
grep -q "^main  *the model that it began with, .*: the run has no state of it yet$" "$dir/out" || fail "eval does not say that it measures the start"
echo "test_replay: whole, changed and stopped runs; $near steps from the newest state, $far from the one before"
