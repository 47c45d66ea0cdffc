#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Judges that are programs, in whole runs on the fake policy of fake_policy.c: the example of the manual; one that crashes, hangs and talks
# nonsense for some rows; one that says something else each time, in a run that is killed again and again. With Redis, verdicts over it have the bits of those over SQLite.
set -eu
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

. "${srcdir:-.}/tests/system/run_case.sh"
. "${srcdir:-.}/tests/system/redis_case.sh"

# ---- The example of the manual ----
sed -n '/^#!\/usr\/bin\/env python3/,/^\.Ed/p' "$srcdir/man/mgrpo-judge.7" | sed '/^\.Ed/d' >"$dir/judge.py"
chmod +x "$dir/judge.py"
said() { # JSON NUMBER
    [ "$(echo "$1" | "$dir/judge.py")" = "$2" ] || fail "the manual's judge says otherwise of $1"
}
said '{"judge":"answer","id":"1","question":"Where?","reference":"New York","aliases":[],"answer":"York"}' 0.5
said '{"judge":"answer","id":"1","question":"Where?","reference":"New York","aliases":["NYC"],"answer":"nyc"}' 1.0
said '{"judge":"answer","id":"1","question":"Where?","reference":"New York","aliases":[],"answer":"Rome"}' 0.0
said '{"judge":"expert","subtask":"Where?","result":"Rome"}' null

# ---- Runs ----
"$files" "$dir"
judge() { # NAME PROGRAM TIMEOUT [LINE]
    cat <<END
judge "$1" {
    kind = "exec"
    command = {"python3", "-S", "$2"}
    timeout = $3
    retries = 0
    ${4:-}
}
END
}
configure() { # FILE JUDGE TIMEOUT [LINE]
    {
        two_agents "${4:-}" "steps = 4" "step_questions = 4" "rollouts = 4" "eval_questions = 8" "checkpoint_every = 2"
        judge answer "$2" "$3" "at_once = 16"
        judge expert "$2" "$3"
    } >"$dir/$1"
}

# What it does depends on what it is asked alone: one in eight each crashes, talks nonsense, says too much, or does not know, and
# one in 64 hangs. The time that it is given is many times what a busy machine needs to start it: else the bits would depend on it.
cat >"$dir/moody.py" <<'END'
import json, sys, time, zlib

text = sys.stdin.buffer.read()
json.loads(text)
mood, rare = zlib.crc32(text) % 8, zlib.crc32(text) // 8 % 8 == 0
if mood == 0:
    sys.exit("no mood for this")
if mood == 1 and rare:
    time.sleep(60)
if mood == 2:
    print("1.0 or so")
elif mood == 3:
    print("0" * 100000)
elif mood == 4:
    print("null")
else:
    print(zlib.crc32(text, 1) % 1000 / 1000)
END

# It never says the same twice, and fails now and then.
cat >"$dir/whim.py" <<'END'
import os, sys

sys.stdin.buffer.read()
n = os.urandom(1)[0]
print("null" if n < 32 else "what?" if n < 64 else n / 255)
END

# A run's store, logs and metrics agree: no verdict that failed is a 0, none of its rows is learnt from, all of them are counted.
cat >"$dir/agree.py" <<'END'
import gzip, json, math, pathlib, sqlite3, sys

run = pathlib.Path(sys.argv[1])
store = sqlite3.connect(run / "store.db")
VALUE, UNKNOWN, UNAVAILABLE = range(3)
answers, seen = {}, set()


def wilson(p, n, z=1.959963984540054):
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0, (centre - half) / (1 + z * z / n)), min(1, (centre + half) / (1 + z * z / n))


def interval(verdicts):
    """Of verdicts by question: Wilson's for as many independent ones as would vary as much as the questions do."""
    n, k = sum(map(len, verdicts)), len(verdicts)
    if n == 0:
        return None, None
    p, independent = sum(map(sum, verdicts)) / n, k
    if max(map(len, verdicts)) == 1:
        independent = n
    elif k > 1 and 0 < p < 1:
        variance = sum((sum(v) - p * len(v)) ** 2 for v in verdicts) / n ** 2 * k / (k - 1)
        independent = min(n, p * (1 - p) / variance) if variance > 0 else n
    return wilson(p, independent)


judged = {"main": {}, "search": {}}  # by agent, phase and question
for phase, question, rollout, form, verdict, value, kind, reward in store.execute(
        "SELECT phase, question, rollout, format, verdict, value, kind, reward FROM rollout"):
    answers[phase, question, rollout] = verdict
    seen.add(verdict)
    if verdict == VALUE:
        judged["main"].setdefault(phase, {}).setdefault(question, []).append(value)
    if not form:
        assert (kind, reward) == (1, 0.0), "an invalid dialogue"
    elif verdict == VALUE:
        assert kind == 0 and abs(reward - 0.1 - 0.9 * value) < 1e-12, "a reward is not that of its verdict"
    else:
        assert kind == 2, "a row without a verdict has a reward"
results = {}
for phase, question, rollout, call, verdict, value in store.execute(
        "SELECT phase, question, rollout, call, verdict, value FROM result"):
    results[phase, question, rollout, call] = verdict, value
    seen.add(verdict)
    if verdict == VALUE:
        judged["search"].setdefault(phase, {}).setdefault(question, []).append(value)
assert seen == {VALUE, UNKNOWN, UNAVAILABLE}, f"only {seen}"
unavailable = {"main": {}, "search": {}}
for (phase, question, rollout), verdict in answers.items():
    unavailable["main"][phase] = unavailable["main"].get(phase, 0) + (verdict != VALUE)
logged = 0
for agent in unavailable:
    for line in (run / agent / "metrics.jsonl").open():
        m = json.loads(line)
        if agent == "main":
            assert m["unavailable"] == unavailable[agent][m["phase"]], f"{agent}, phase {m['phase']}: {m['unavailable']}"
        assert m["unavailable"] <= m["trajectories"]
        for got, want in zip((m["lo"], m["hi"]), interval(list(judged[agent].get(m["phase"], {}).values()))):
            assert got == want or abs(got - want) < 1e-9, f"{agent}, phase {m['phase']}: {got}, not {want}"
    for path in sorted((run / agent / "rollouts").glob("*")):
        phase = int(path.name.split(".")[0])
        for line in gzip.open(path):
            t = json.loads(line)
            key = (phase, t["question"], t["rollout"])
            assert t["verdict"] != "unavailable" and t["kind"] != "unavailable", f"{path} has a row without a reward"
            if agent == "search":
                verdict, value = results[key + (t["call"],)]
                assert verdict != UNAVAILABLE and t["verdict"] == (value if verdict == VALUE else None)
                assert answers[key] == VALUE, "a result whose answer is not judged was learnt from"
            logged += 1
assert logged > 40, f"only {logged} rows"
END

# kill_often RUN CONF: kills the run, and each time lets it go on a little longer, until it ends.
kill_often() {
    kills=0
    while :; do
        "$mgrpo" train --quiet --run "$dir/$1" "$dir/$2" >"$dir/out" 2>&1 &
        pid=$! pids=$!
        sleep "$((kills / 2)).$((3 + kills % 2 * 5))"
        if [ "$kills" -lt 6 ] && kill -9 "$pid" 2>/dev/null; then
            kills=$((kills + 1))
            wait "$pid" 2>/dev/null || :
            continue
        fi
        wait "$pid" || fail "the killed run failed"
        pids=
        [ "$kills" -gt 1 ] || fail "the run was over before it could be killed"
        return 0
    done
}

configure moody.conf moody.py 5
"$mgrpo" train --quiet --run "$dir/one" "$dir/moody.conf" >"$dir/out" 2>&1 || fail "a run with a moody judge failed"
python3 "$dir/agree.py" "$dir/one" || fail "the records of the run do not agree"
cat "$dir"/one/*.log >"$dir/logs"
grep -q ': phase [0-9]*: judge answer: .*; it failed [0-9]* times$' "$dir/logs" || fail "no log says that answers were not judged"
grep -q ': phase [0-9]*: judge expert: .*; it failed [0-9]* times$' "$dir/logs" || fail "no log says that results were not judged"
kill_often two moody.conf
same "$dir/one" "$dir/two" main search

if why=$(redis_missing); then
    echo "test_judge: no verdicts over Redis: $why"
else
    open_server
    configure redis.conf moody.py 5 "$(store moody)"
    kill_often four redis.conf
    same "$dir/one" "$dir/four" main search
    [ ! -e "$dir/four/store.db" ] || fail "a run over Redis has a file"
    echo "test_judge: $kills kills over Redis: the verdicts over SQLite"
fi

"$mgrpo" eval --run "$dir/one" --count 20 --json >"$dir/eval" 2>"$dir/out" || fail "eval with a moody judge failed"
python3 - "$dir/eval" <<'END' || fail "eval does not count what was not judged"
import json, sys

e = json.load(open(sys.argv[1]))["sampled"]
assert 0 < e["unavailable"]["main"] < 20 and e["judged"] + e["unavailable"]["main"] <= 20, e
END
"$mgrpo" report --run "$dir/one" --table >"$dir/table" || fail "report failed"
grep -q 'not judged' "$dir/table" || fail "the table does not say how many were not judged"
"$mgrpo" replay --run "$dir/one" 1 >"$dir/out" 2>&1 || fail "replay of a run with a moody judge failed"

# ---- Nobody can tell: there is no share, which is not one of 0 ----
{
    two_agents "steps = 1" "step_questions = 4" "rollouts = 4" "eval_questions = 8" | sed 's/model = ".*/model = "sure"/'
    printf 'judge "answer" {\n kind = "exec"\n command = {"echo", "null"}\n}\njudge "expert" {\n kind = "none"\n}\n'
} >"$dir/none.conf"
# This policy always answers: no dialogue is invalid, which would be a verdict of 0.
mkdir "$dir/sure"
cp "$dir/config.json" "$dir/model.safetensors" "$dir/sure"
python3 - "$dir/sure/model.fake" <<'END'
import struct, sys

ROLES, ANSWER = 9, 8
likely = [50.0 if choice == ANSWER else 0.0 for choice in range(ROLES + 1)]
open(sys.argv[1], "wb").write(struct.pack("<8sQQ90f", b"fake", 0, 0, *ROLES * likely))
END
"$mgrpo" train --run "$dir/none" "$dir/none.conf" >"$dir/out" 2>&1 || fail "a run whose judges cannot tell failed"
! grep -E 'held-out 0\.|success *0' "$dir/out" || fail "the run tells a share that nobody has judged"
grep -Eq 'after, greedy +8 +- +- ' "$dir/out" || fail "the table has no - where nobody has judged"
[ "$(grep -c '"success":null' "$dir/none/main/metrics.jsonl")" -eq 5 ] || fail "the metrics have a share that nobody has judged"
[ "$(grep -c '"expert":null' "$dir/none/search/metrics.jsonl")" -eq 5 ] || fail "the metrics have a score that nobody has given"
grep -q '"reward":null.*"entropy":null.*"grad_norm":0.0' "$dir/none/search/metrics.jsonl" || fail "a mean of nothing is a number"
[ "$(grep -c '"success": null' "$dir/none/summary.json")" -eq 4 ] || fail "the summary has a share that nobody has judged"
grep -q '<td>step 1, greedy</td><td>8, 8 not judged</td><td>-</td><td>-</td><td>0.00</td>' "$dir/none/report.html" ||
    fail "the page has no - where nobody has judged"
"$mgrpo" eval --run "$dir/none" --count 4 >"$dir/eval" 2>"$dir/out" || fail "eval whose judges cannot tell failed"
[ "$(grep -c 'questions   success - .*search right - of 0' "$dir/eval")" -eq 2 ] || fail "eval has no - where nobody has judged"
"$mgrpo" eval --run "$dir/none" --count 4 --json 2>"$dir/out" | tr -d ' \n' >"$dir/eval" || fail "eval whose judges cannot tell failed"
[ "$(grep -o '"success":null,"lo":null,"hi":null' "$dir/eval" | wc -l)" -eq 2 ] || fail "eval --json has a share that nobody has judged"

# ---- A judge that changes its mind ----
configure whim.conf whim.py 10
kill_often three whim.conf
python3 "$dir/agree.py" "$dir/three" || fail "the records of a killed run do not agree"
"$mgrpo" replay --run "$dir/three" 2 >"$dir/out" 2>&1 || fail "replay asks a judge that has changed its mind"
