#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kills a run at random moments, one of its agents or all of it, and lets it go on: at the end weights, metrics and
# rollouts are those of a run that nobody disturbed. The policy is the fake one of fake_policy.c.
set -eu

mgrpo=${MGRPO_FAKE:-tests/system/mgrpo_fake}
files=${FAKE_FILES:-tests/system/fake_files}
kills=${KILLS:-10}
seed=${SEED:-$(date +%s)}
dir=$(mktemp -d "${TMPDIR:-/tmp}/test_resume.XXXXXX")
pid=
trap 'status=$?; [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || :; rm -rf "$dir"; exit $status' EXIT
trap 'exit 1' INT TERM

fail() {
    echo "test_resume: $* (seed $seed)" >&2
    tail -n 5 "$dir"/broken/*.log "$dir"/out >&2 2>/dev/null || :
    exit 1
}

"$files" "$dir"
cat >"$dir/run.conf" <<'EOF'
corpus = "corpus.db"
questions = "questions.jsonl"
tokenizer = "tokenizer.json"
steps = 40
step_questions = 8
rollouts = 8
eval_questions = 40
eval_every = 10
checkpoint_every = 3
lr = 0.001
agent "main" {
    model = "."
    calls = { "search" }
    context = 400
}
agent "search" {
    model = "."
    tools = { "search", "open" }
    context = 900
}
EOF

"$mgrpo" train --quiet --run "$dir/whole" "$dir/run.conf" >"$dir/out" 2>&1 || fail "the undisturbed run failed"

# draw N: a number from 0 to N - 1
state=$((seed % 2147483647))
draw() {
    state=$(((state * 48271 + 11) % 2147483647))
    drawn=$((state / 7 % $1))
}

# The run that was disturbed has ended: nothing tells it from the other.
compare() {
    for side in main search; do
        cmp "$dir/whole/$side/metrics.jsonl" "$dir/broken/$side/metrics.jsonl" || fail "the $side agent's metrics differ"
        cmp "$dir/whole/$side/model/model.fake" "$dir/broken/$side/model/model.fake" || fail "the $side agent's weights differ"
        for log in "$dir/whole/$side/rollouts"/*; do
            cmp "$log" "$dir/broken/$side/rollouts/${log##*/}" || fail "the $side agent's rollouts differ"
        done
    done
}

# On a busy machine a run may end before it was killed often enough: then another one is disturbed.
done_kills=0
runs=0
rounds=0
while :; do
    "$mgrpo" train --quiet --run "$dir/broken" "$dir/run.conf" >"$dir/out" 2>&1 &
    pid=$!
    runs=$((runs + 1))
    while [ "$done_kills" -lt "$kills" ]; do
        draw 12
        sleep "0.$(printf %02d $((drawn + 3)))"
        # the agents are the children; the list is empty while one is being started again
        agents=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) || break
        draw 4
        case $drawn in
        0) victim=$pid signal=KILL ;;
        1) victim=$pid signal=INT ;;
        2) victim=${agents%% *} signal=KILL ;;
        *) victim=${agents% } victim=${victim##* } signal=KILL ;;
        esac
        [ -n "$victim" ] && kill -s "$signal" "$victim" 2>/dev/null || continue
        done_kills=$((done_kills + 1))
        [ "$victim" != "$pid" ] || break
    done
    status=0
    wait "$pid" 2>/dev/null || status=$?
    pid=
    case $status in
    0)
        compare
        rounds=$((rounds + 1))
        [ "$done_kills" -lt "$kills" ] || break
        [ "$rounds" -lt "$kills" ] || fail "only $done_kills of $kills kills in $rounds runs"
        rm -rf "$dir/broken"
        ;;
    3 | 137) ;;
    *) fail "the disturbed run ended with status $status after $done_kills kills" ;;
    esac
    [ "$runs" -le $((2 * kills + 1)) ] || fail "the disturbed run does not end"
done
[ "$(wc -l <"$dir/whole/main/metrics.jsonl")" -eq 47 ] || fail "the run has not 47 phases"
echo "test_resume: $done_kills kills, $runs starts, $rounds runs: the same weights, metrics and rollouts"
