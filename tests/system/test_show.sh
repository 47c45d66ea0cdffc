#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a run shows of itself: the rollouts of a train step are those of its log, dialogue by dialogue; the metrics as comma-separated values are
# those of its lines; the page of a run that was stopped says how far it is; a step that is not there, or not any longer, is refused.
set -eu

. "${srcdir:-.}/tests/system/run_case.sh"
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

"$files" "$dir"
run=$dir/run
two_agents "steps = 4" "step_questions = 3" "rollouts = 4" "eval_questions = 8" "eval_every = 2" >"$dir/run.conf"
"$mgrpo" train --quiet --run "$run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "the run failed"

ends() { # STATUS COMMAND...
    want=$1 status=0
    shift
    "$mgrpo" "$@" >"$dir/out" 2>"$dir/err" || status=$?
    [ "$status" -eq "$want" ] || fail "$* ended with status $status, not $want"
}
refused() { # SENTENCE COMMAND...
    sentence=$1
    shift
    ends 2 "$@"
    [ ! -s "$dir/out" ] && grep -qF -e "$sentence" "$dir/err" || fail "$* does not say \"$sentence\""
}

for question in 0 1 2; do
    ends 0 show --step 3 --question $question --json "$run"
    cp "$dir/out" "$dir/show.json"
    ends 0 show --step 3 --question $question "$run"
    python3 - "$dir" $question <<'EOF' || fail "question $question is not shown as it was logged"
import gzip, json, sys
folder, question = sys.argv[1], int(sys.argv[2])
shown, text = json.load(open(folder + "/show.json")), open(folder + "/out").read()
# of this tokenizer each token is a role, or one byte
added = {t["id"]: t["content"].strip("<>") for t in json.load(open(folder + "/tokenizer.json"))["added_tokens"]}
first = max(added) + 1

def turns(ids):
    out = []
    for i in ids:
        if i in added and added[i] not in ("pad", "bos", "end"):
            out.append([added[i], b""])
        elif i >= first and out:
            out[-1][1] += bytes([i - first])
    return [(role, piece.decode("utf-8", "replace")) for role, piece in out]

phase = next(m["phase"] for m in map(json.loads, open(folder + "/run/main/metrics.jsonl")) if m["name"] == "train" and m["step"] == 3)
assert (shown["step"], shown["phase"], shown["question"]) == (3, phase, question), shown
want = []
for agent in "main", "search":
    for row in map(json.loads, gzip.open(f"{folder}/run/{agent}/rollouts/{phase:06}.jsonl.gz", "rt")):
        if row["question"] == question:
            want.append((row["rollout"], agent != "main", row["call"], agent, row))
want.sort(key=lambda w: w[:3])
assert want and len(want) == len(shown["dialogues"]), (len(want), len(shown["dialogues"]))
at = 0
for (rollout, _, call, agent, row), d in zip(want, shown["dialogues"]):
    assert (d["rollout"], d["call"], d["agent"], d["kind"], d["copies"]) == (rollout, call, agent, row["kind"], 1), d
    for key in "reward", "advantage", "weight":
        assert abs(d[key] - row[key]) <= 1e-8 * abs(row[key]), (key, d[key], row[key])
    assert d["tokens"] == len(row["ids"]) and d["version"] == row["version"] and d["verdict"] == row["verdict"], d
    assert [(t["role"], t["text"]) for t in d["turns"]] == turns(row["ids"]), (d["turns"], turns(row["ids"]))
    line = "rollout %d, %s%s: reward %.6g" % (rollout, agent, "" if agent == "main" else ", call %d" % call, row["reward"])
    at = text.index(line, at)
    for role, said in turns(row["ids"]):
        at = text.index("%-8s%s\n" % (role, said), at)
EOF
done

refused "step 4 of a run of 4 train steps" show --step 4 --question 0 "$run"
refused "question 3 of a step of 3 questions" show --step 0 --question 3 "$run"
refused "need --step N and --question Q" show --step 0 "$run"
refused "need the folder of a run" show --step 0 --question 0
refused "is not the folder of a run" show --step 0 --question 0 "$dir"
gone=$(sed -n '/"name":"train","step":1,/s/^{"phase":\([0-9]*\),.*/\1/p' "$run/main/metrics.jsonl")
rm "$run/main/rollouts/$(printf %06d "$gone").jsonl.gz"
refused "the rollouts of train step 1 are not kept any longer" show --step 1 --question 0 "$run"

ends 0 report --run "$run" --csv "$dir/metrics.csv"
python3 - "$dir" <<'EOF' || fail "the values are not those of the metrics"
import csv, json, sys
folder = sys.argv[1]
data = open(folder + "/metrics.csv", newline="").read()
assert data.endswith("\r\n") and "\n" not in data.replace("\r\n", "")
table = list(csv.DictReader(data.splitlines()))
lines = [(agent, json.loads(line)) for agent in ("main", "search") for line in open(f"{folder}/run/{agent}/metrics.jsonl")]
assert len(table) == len(lines), (len(table), len(lines))
for row, (agent, line) in zip(table, lines):
    assert row["agent"] == agent and None not in row and float(row["elapsed"]) > 0, row
    for key, value in line.items():
        if isinstance(value, str):
            assert row[key] == value, (key, row[key], value)
        elif value is None:
            assert row[key] == "", (key, row[key])
        elif not isinstance(value, (list, dict)):
            assert float(row[key]) == value, (key, row[key], value)
        else:
            assert key not in row, key
parts = [r for r in table if r["agent"] == "search" and r["name"] == "train"]
for r in parts:
    assert abs(sum(float(r["reward_" + k]) for k in ("format", "correct", "expert")) - float(r["reward"])) < 1e-9, r
EOF
ln -s /proc/self/fd/1 "$dir/link.csv"
"$mgrpo" report --run "$run" --csv "$dir/link.csv" | cat >"$dir/out"
[ -L "$dir/link.csv" ] && cmp "$dir/out" "$dir/metrics.csv" || fail "the values do not go to the standard output alone"
refused "nowhere" report --run "$run" --csv "$dir/nowhere/metrics.csv"
ends 2 report --run "$dir/none" --csv "$dir/none.csv"
[ -z "$(ls "$dir" | grep none.csv)" ] || fail "a file is left of a run that is none"

# what made it, and a run that was stopped on its way
grep -q 'This run has not ended' "$run/report.html" && fail "a run that has ended is said to be on its way"
grep -q "  mgrpo train --quiet --run $run $dir/run.conf\$" "$run/report.html" || fail "the page does not say which command made it"
sed 's/steps = 4/steps = 400/' "$dir/run.conf" >"$dir/long.conf"
"$mgrpo" train --quiet --run "$dir/long" "$dir/long.conf" >"$dir/out" 2>"$dir/err" &
pid=$! pids=$!
until [ "$(grep -c '"name":"during"' "$dir/long/main/metrics.jsonl" 2>/dev/null)" -ge 2 ] 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || fail "the long run ended early"
    sleep 0.05
done
kill -INT "$pid"
wait "$pid" || :
pids=
ends 0 report --run "$dir/long"
done_steps=$(grep -c '"name":"train"' "$dir/long/main/metrics.jsonl")
grep -q "This run has not ended: step $done_steps of 400\." "$dir/long/report.html" || fail "the page does not say that the run is at step $done_steps"
grep -q '<td>step 4, as sampled' "$dir/long/report.html" || fail "the page lists no evaluation on the way"
ends 0 report --run "$dir/long" --table
grep -q "^  not ended: step $done_steps of 400, " "$dir/out" || fail "the table does not say that the run is on its way"
refused "train step 399 has not been reached: $done_steps of 400 are done" show --step 399 --question 0 "$dir/long"
python3 - "$run/report.html" "$dir/long/report.html" <<'EOF' || fail "a drawing is not well-formed"
import re, sys
import xml.etree.ElementTree as tree
for path in sys.argv[1:]:
    drawings = re.findall(r"<svg.*?</svg>", open(path).read(), re.S)
    titles = [tree.fromstring(d).find("title").text for d in drawings]
    assert len(titles) == len(set(titles)), titles
    for title in "Held-out questions right", "Groups without signal", "Tokens that taught", \
            "Parts of the reward, main", "Dialogues by fault, search", "Rollouts by their subtasks (share)", "Length of a dialogue, main":
        assert title in titles, (title, titles)
EOF
echo "test_show: 3 questions, the values of two agents, and a run that stopped at step $done_steps"
