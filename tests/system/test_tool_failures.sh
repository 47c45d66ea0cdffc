#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole runs on the fake policy whose agents, the first and the one that it calls, use programs that crash or talk nonsense: for some
# arguments, always the same; then by chance, in runs that are killed again and again. A dialogue that a program cuts short, and the one
# that called it, leave their groups and are counted, and training goes on with the rest: rewards, advantages and means are those of the
# other dialogues alone.
set -eu
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
tool() { # NAME SCRIPT
    printf 'tool "%s" {\n kind = "exec"\n command = {"/bin/sh", "%s"}\n retries = 0\n}\n' "$1" "$2"
}
configure() { # FILE SCRIPT
    {
        two_agents "steps = 3" "step_questions = 4" "rollouts = 6" "eval_questions = 4" "checkpoint_every = 1" |
            sed 's/lr = .*/lr = 0.0001/; s/    calls = .*/&\n    tools = { "search" }/'
        tool search "$2"
        tool open "$2"
    } >"$dir/$1"
}

# What it does depends on its arguments alone.
cat >"$dir/moody.sh" <<'END'
read -r x || :
case $((${#x} % 8)) in
0) kill -SEGV $$ ;;
1) echo "no mood for this" >&2; exit 1 ;;
2) printf 'Per\372' ;;
*) echo "The page says $((${#x} * 7919)) and much more of it, and then the capital of Peru again." ;;
esac
END

# It never says the same twice, and fails now and then.
cat >"$dir/whim.sh" <<'END'
read -r n </proc/sys/kernel/random/uuid
case $n in [0-3]*) exit 1 ;; esac
echo "The number is $n, and much more of it, and then the capital of Peru again."
END

# The results of the tools, the store, the logs and the metrics of a run agree.
cat >"$dir/agree.py" <<'END'
import collections, gzip, json, math, pathlib, re, sqlite3, sys

run, certain = pathlib.Path(sys.argv[1]), len(sys.argv) > 2
AGENTS, PHASES, EPS = ("main", "search"), 7, 1e-6
KINDS = ("value", "invalid", "unavailable")


def near(a, b):
    return abs(a - b) <= 1e-5 * max(1, abs(b))


failed = {agent: {} for agent in AGENTS}
for agent in AGENTS:
    for path in (run / agent / "rollouts").glob("*.tools.jsonl"):
        for line in path.open():
            r = json.loads(line)
            if r["outcome"] == "unavailable":
                failed[agent][int(path.name[:6]), r["question"], r["rollout"]] = r["tool"]
    assert failed[agent] or not certain, f"no tool of {agent} failed"
lost = set(failed["main"]) | set(failed["search"])

# The rollouts without a reward are those that a tool cut short at either level.
store = sqlite3.connect(run / "store.db")
rows = {row[:3]: row[3:] for row in store.execute("SELECT phase, question, rollout, kind, reward FROM rollout")}
assert {key for key in rows if KINDS[rows[key][0]] == "unavailable"} == lost, "others have no reward"
subtasks = list(store.execute("SELECT phase, question, rollout, call FROM subtask"))


def check_group(group, where):
    weight = sum(t["weight"] for t in group)
    mean = sum(t["weight"] * t["reward"] for t in group) / weight
    std = math.sqrt(sum(t["weight"] * (t["reward"] - mean) ** 2 for t in group) / weight)
    for t in group:
        equal = all(t["reward"] == other["reward"] for other in group)
        assert near(t["advantage"], 0 if equal else (t["reward"] - mean) / (std + EPS)), f"{where}: {t['advantage']}"


# The log of each agent says what failed, and how often: its tools as recorded, for main the other agent besides.
said = {agent: collections.Counter() for agent in AGENTS}
for agent in AGENTS:
    for line in (run / f"{agent}.log").open():
        if ": nothing to learn from: " in line:
            continue
        found = re.match(r"mgrpo agent: phase (\d+): the (tool|agent) (\w+) .*; it failed (once|(\d+) times)$", line)
        assert found, f"{agent}.log: {line}"
        said[agent][int(found[1]), found[2], found[3]] += int(found[5] or 1)
if certain:
    for agent in AGENTS:
        tools = collections.Counter((key[0], "tool", tool) for key, tool in failed[agent].items())
        agents = collections.Counter((key[0], "agent", "search") for key in failed["search"]) if agent == "main" else {}
        assert said[agent] == tools + collections.Counter(agents), f"{agent}: {said[agent]}"


# What was learnt from is all the others, each in its group; the means are over them.
def check_phase(agent, m, before):
    phase, train = m["phase"], m["name"] == "train"
    where = f"{agent}, phase {phase}"
    rolled = [key for key in (rows if agent == "main" else subtasks) if key[0] == phase]
    rest = {key for key in rolled if key[:3] not in lost}
    assert (m["trajectories"], m["unavailable"]) == (len(rolled), len(rolled) - len(rest)), where
    groups, rewards, keys = collections.defaultdict(list), [], set()
    for line in gzip.open(run / agent / "rollouts" / f"{phase:06}.jsonl.gz"):
        t = json.loads(line)
        key = (phase, t["question"], t["rollout"]) + ((t["call"],) if agent == "search" else ())
        assert t["kind"] != "unavailable" and key not in keys, f"{where}: {key}"
        keys.add(key)
        groups[t["question"]].append(t)
        rewards.append(t["reward"])
        if agent == "main":
            assert near(t["reward"], rows[key][1]) and t["kind"] == KINDS[rows[key][0]], f"{where}: {key}"
    assert keys == rest, f"{where}: {sorted(keys ^ rest)}"
    assert (m["reward"] is None) == (not rewards), where
    assert not rewards or near(m["reward"], sum(rewards) / len(rewards)), f"{where}: the mean is {m['reward']}"
    if not train:
        assert "grad_norm" not in m and m["weights"] == before["weights"], f"{where}: an evaluation learns"
        return 0
    for group in groups.values():
        check_group(group, where)
    learnt = any(t["advantage"] for group in groups.values() for t in group)
    # where all rewards of each group are equal there is nothing to learn from
    assert learnt or m["grad_norm"] == 0, where
    assert m["grad_norm"] < 1e-9 or m["weights"] != before["weights"], f"{where}: the weights are the same"
    assert m["grad_norm"] > 0 or m["weights"] == before["weights"], f"{where}: the weights are others"
    return m["grad_norm"] > 1e-9


for agent in AGENTS:
    metrics = [json.loads(line) for line in (run / agent / "metrics.jsonl").open()]
    assert [m["phase"] for m in metrics] == list(range(PHASES)), f"{agent}: other phases"
    steps = sum(check_phase(agent, m, metrics[max(0, m["phase"] - 1)]) for m in metrics)
    assert steps > 1 or not certain, f"{agent} learnt in {steps} steps"
END

begun() { # RUN: in how many phases an agent was given a tool's result
    set -- "$dir/$1"/*/rollouts/*.tools.jsonl
    [ -e "$1" ] || set --
    echo $#
}

# kill_often RUN CONF: kills the run again and again, each time in another phase, until it ends.
kill_often() {
    kills=0 phases=0
    while :; do
        "$mgrpo" train --quiet --run "$dir/$1" "$dir/$2" >"$dir/out" 2>&1 &
        pid=$! pids=$!
        while [ "$kills" -lt 5 ] && kill -0 "$pid" 2>/dev/null; do
            sleep 0.02
            if [ "$(begun "$1")" -gt "$phases" ] && kill -9 "$pid" 2>/dev/null; then
                kills=$((kills + 1))
                break
            fi
        done
        status=0
        wait "$pid" 2>/dev/null || status=$?
        pids= phases=$(begun "$1")
        case $status in
        0) break ;;
        137) ;;
        *) fail "the killed run ended with status $status" ;;
        esac
    done
    [ "$kills" -gt 1 ] || fail "the run was over before it could be killed"
}

configure moody.conf moody.sh
"$mgrpo" train --quiet --run "$dir/one" "$dir/moody.conf" >"$dir/out" 2>&1 || fail "a run with a moody tool failed"
python3 "$dir/agree.py" "$dir/one" certain || fail "the records of the run do not agree"
kill_often two moody.conf
same "$dir/one" "$dir/two" main search

configure whim.conf whim.sh
kill_often three whim.conf
python3 "$dir/agree.py" "$dir/three" || fail "the records of a killed run do not agree"
"$mgrpo" replay --run "$dir/three" 2 >"$dir/out" 2>&1 || fail "replay calls a tool that has changed its mind"
echo "test_tool_failures: what fails leaves its group, through $kills kills"
