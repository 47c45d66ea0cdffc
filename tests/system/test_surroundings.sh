#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whole runs on the fake policy in surroundings that fail: a corpus of which pages cannot be read, a question and results of tools with a byte
# that the tokenizer cannot write, results longer than the context. No agent is given a 0 for any of it, the rest goes on, what
# happened is named and counted, and a run that is killed ends with the bits of an undisturbed one.
set -eu
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

. "${srcdir:-.}/tests/system/run_case.sh"

"$files" "$dir"
configure() { # FILE LINE...
    file=$1
    shift
    two_agents "$@" "steps = 3" "step_questions = 4" "rollouts = 6" "eval_questions = 4" "checkpoint_every = 1" >"$dir/$file"
}
plays() { # RUN CONF
    "$mgrpo" train --run "$dir/$1" "$dir/$2" >"$dir/out" 2>&1 || fail "the run $1 ended with status $?"
}
# killed RUN CONF: the same run in another folder, killed on its way and gone on with, has the bits of RUN
killed() { # RUN CONF
    "$mgrpo" train --quiet --run "$dir/killed-$1" "$dir/$2" >"$dir/out" 2>&1 &
    pid=$! pids=$! tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 500 ] && [ ! -e "$dir/killed-$1/main/rollouts/000002.jsonl.gz" ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
    kill -9 "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
    pids=
    plays "killed-$1" "$2"
    same "$dir/$1" "$dir/killed-$1" main search
}

cat >"$dir/look.py" <<'END'
import gzip, json, pathlib, re, sqlite3, sys

run, what = pathlib.Path(sys.argv[1]), sys.argv[2]
metrics = {a: [json.loads(line) for line in (run / a / "metrics.jsonl").open()] for a in ("main", "search")}
log = {a: (run / f"{a}.log").read_text() for a in metrics}
store = sqlite3.connect(run / "store.db")
rows = {row[:3]: row[3:] for row in store.execute("SELECT phase, question, rollout, kind, reward FROM rollout")}
lost = {key for key, row in rows.items() if row[0] == 2}
results = {r[:3] for r in store.execute("SELECT phase, question, rollout FROM result WHERE text IS NULL AND verdict = 2")}
for m in metrics["main"]:
    assert m["unavailable"] == sum(key[0] == m["phase"] for key in lost), m
logged = {a: [dict(json.loads(line), phase=int(p.name[:6])) for p in sorted((run / a / "rollouts").glob("*.jsonl.gz"))
              for line in gzip.open(p)] for a in metrics}
assert all(t["kind"] != "unavailable" for a in logged for t in logged[a])

if what == "corpus":
    # the dialogues of search that met a page which cannot be read, and those of main that waited for them
    assert lost and lost == results and len(lost) < len(rows) / 2, (len(lost), len(results), len(rows))
    tools = [json.loads(line) for p in (run / "search" / "rollouts").glob("*.tools.jsonl") for line in p.open()]
    assert tools and all(t["outcome"] == "unavailable" and "the corpus is damaged: " in t["text"] for t in tools)
    assert re.search(r"phase \d+: the tool (search|open) failed: the corpus is damaged: .*; it failed (once|\d+ times)\n", log["search"])
    assert "phase" in log["main"] and "the agent search could not end a dialogue; it failed" in log["main"]
elif what == "question":
    # all rollouts of the one question, and no other
    asked = {(m["phase"], q) for m in metrics["main"] for q in range(4) if (m["phase"], q, 0) in lost}
    assert asked and lost == {key for key in rows if key[:2] in asked}, lost
    assert all(m["unavailable"] < m["trajectories"] for m in metrics["main"])
    for phase, _ in asked:
        times = sum(key[0] == phase for key in lost)
        often = "once" if times == 1 else f"{times} times"
        want = (f"phase {phase}: question {sys.argv[3]}: its text cannot be read: "
                f"the tokenizer has no piece for byte 0xf0; it failed {often}\n")
        assert want in log["main"], want
    assert not results and "question" not in log["search"]
elif what == "result":
    assert lost and lost == results and len(lost) < len(rows)
    assert re.search(r"question \S+: what came from search cannot be read: the tokenizer has no piece for byte 0xf0; it failed", log["search"])
elif what == "long":
    # read to the mark, with room for a turn behind it; the agent goes on
    vocabulary = json.load(open(sys.argv[3]))["model"]["vocab"]
    mark = [vocabulary[c] for c in "\u0120[cut]"] + [vocabulary["<end>"]]
    cut, turn, context, read = 0, 32, 900, set()
    for t in logged["search"]:
        ids = t["ids"]
        for i in (i for i in range(len(ids) - 5) if ids[i:i + len(mark)] == mark and not any(t["mask"][i:i + len(mark)])):
            end = i + len(mark)
            # what the agent wrote last ends where the turn begins that it reads: a role, and the mark in any room
            begin = max((k + 1 for k in range(i) if t["mask"][k]), default=0)
            assert context - end >= min(turn, (context - begin) // 2) or end - begin == 1 + len(mark), (begin, end)
            assert context - end > 1, end
            cut += any(t["mask"][end:])
            read.add((t["phase"], t["question"], t["rollout"], t["call"], i))
    assert cut > 10, cut
    # each is counted in its phase; dialogues that alignment left out are counted and not logged
    for m in metrics["search"]:
        assert m["texts_cut"] >= sum(r[0] == m["phase"] for r in read), m
    told = sum(m["texts_cut"] for m in metrics["search"] if m["name"] == "train")
    signal = json.load((run / "summary.json").open())["signal"]
    assert told > 0 and signal["search"]["texts_cut"] == told, (told, signal)
    assert not lost
    first = [t for t in logged["search"] if t["mask"].count(1) and len(t["ids"]) > context - turn]
    assert first, "no dialogue was as long as the context lets it be"
    assert all(len(t["ids"]) <= context for t in logged["search"])
END
look() { python3 "$dir/look.py" "$dir/$1" "$@" || fail "the run $1 is not as it should be"; }

# ---- A corpus whose index names pages that are gone ----
cp "$dir/corpus.db" "$dir/whole.db"
python3 - "$dir/corpus.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DELETE FROM docs_content WHERE id % 40 = 3")
db.commit()
END
configure corpus.conf
plays corpus corpus.conf
look corpus
killed corpus corpus.conf
cp "$dir/whole.db" "$dir/corpus.db"

# ---- A tokenizer that lacks a byte, and a question that has it ----
sed -i 's/"ð": /"no": /' "$dir/tokenizer.json"
grep -q '"no": ' "$dir/tokenizer.json" || fail "the tokenizer has all bytes"
cp "$dir/questions.jsonl" "$dir/whole.jsonl"
python3 - "$dir/questions.jsonl" >"$dir/question.id" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
trained = [q for q in lines if q["split"] == "train"]
held = [q for q in lines if q["split"] != "train"]
few = trained[:5]  # so that it is drawn
few[2]["question"] += " \U0001F600"
with open(sys.argv[1], "w") as out:
    out.writelines(json.dumps(q) + "\n" for q in few + held)
print(few[2]["id"])
END
configure question.conf
plays question question.conf
look question "$(cat "$dir/question.id")"
killed question question.conf
cp "$dir/whole.jsonl" "$dir/questions.jsonl"

# ---- Results that have it ----
cat >"$dir/smile.sh" <<'END'
read -r x || :
case $((${#x} % 4)) in 0) printf 'Yes \360\237\230\200' ;; *) echo "Lima is the capital of Peru." ;; esac
END
tool() { # NAME SCRIPT
    printf 'tool "%s" {\n kind = "exec"\n command = {"/bin/sh", "%s"}\n retries = 0\n output = 20000\n}\n' "$1" "$2"
}
{
    configure result.conf
    tool search smile.sh
    tool open smile.sh
} >>"$dir/result.conf"
plays result result.conf
look result

# ---- Results that are longer than the context ----
printf 'head -c 6000 /dev/zero | tr "\\0" "x"\n' >"$dir/long.sh"
{
    configure long.conf
    tool search long.sh
    tool open long.sh
} >>"$dir/long.conf"
plays long long.conf
look long "$dir/tokenizer.json"
grep -q '  cut [-0-9]*/[0-9]*  texts cut [-0-9]*/[1-9][0-9]*  taught ' "$dir/out" || fail "no step's line says that results were cut"
grep -q 'search: .*; [1-9][0-9]* results and subtasks were cut to fit the context$' "$dir/out" || fail "the end does not say so"
"$mgrpo" report --csv "$dir/long.csv" --run "$dir/long" >/dev/null || fail "the metrics as CSV: status $?"
head -n 1 "$dir/long.csv" | grep -q ',texts_cut,' || fail "the CSV has no column of results that were cut"
killed long long.conf
echo "test_surroundings: what is not an agent's doing costs it nothing"
