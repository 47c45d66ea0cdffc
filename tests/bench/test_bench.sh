#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clgrpo-bench on a few rows: what its files hold is what its page says, a comparison with itself finds nothing, one with a doctored
# file names the row, and a submission says nothing of who made it.
set -eu
bench=$(cd "$top_builddir" && pwd)/clgrpo-bench
[ -x "$bench" ] || { echo "clgrpo-bench is not built"; exit 1; }
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
dir=$PWD/bench.test
# PoCL keeps what it compiles in a folder of all processes, and may crash where one reads a program there that another compiles. The
# library has a lock against that in the folder of its cache, but the rows of programs have a cache of their own.
POCL_CACHE_DIR=$dir/driver
export POCL_CACHE_DIR
rm -rf "$dir"
mkdir "$dir"
cd "$dir"
fail() { echo "$*"; exit 1; }

# Names: globs and text select, and a name that is none is an error.
"$bench" --list >all.txt
[ "$(sort all.txt | uniq -d)" = "" ] || fail "a row is listed twice: $(sort all.txt | uniq -d)"
"$bench" --list 'advantage.f32.64x*' '*.packed.1x384x128' program.warm >some.txt
[ "$(wc -l <some.txt)" -eq 5 ] || fail "the patterns chose: $(cat some.txt)"
"$bench" --full --list >full.txt
[ "$(sort full.txt | uniq -d)" = "" ] || fail "a row is listed twice: $(sort full.txt | uniq -d)"
[ "$(sort all.txt full.txt | uniq -u | wc -l)" -eq $(($(wc -l <full.txt) - $(wc -l <all.txt))) ] || fail "--full lacks a row"
for row in gemm.f32.nt.4096x151936x2048 linear_logprob.fwdbwd.f32.16384x4096x128256 attention.decode.f32.d64.gqa4.b256.kv32768; do
    grep -qx "$row" full.txt && ! grep -qx "$row" all.txt || fail "$row is not of --full alone"
    [ "$("$bench" --list "$row")" = "$row" ] || fail "$row cannot be named"
    rc=0; "$bench" --list "$row*" >/dev/null 2>&1 || rc=$?
    [ $rc -eq 2 ] || fail "a pattern that is not its name chose $row: exit $rc"
done
rc=0; "$bench" --list no.such.row 2>err.txt || rc=$?
[ $rc -eq 2 ] && grep -q no.such.row err.txt || fail "an unknown row: exit $rc, $(cat err.txt)"
# What was probably meant by an option or a command that is none.
refused() { # SENTENCE ARGUMENT...
    sentence=$1; shift
    rc=0; "$bench" "$@" >out.txt 2>err.txt || rc=$?
    [ $rc -eq 2 ] && [ ! -s out.txt ] && grep -qxF -e "$sentence" err.txt || fail "$*: exit $rc, $(cat err.txt), not \"$sentence\""
}
refused "clgrpo-bench: --jsno is not an option; did you mean --json?" --jsno f
refused "clgrpo-bench: --seconds lacks its value" --seconds
refused "clgrpo-bench: no row's name is or holds \"submti\"; did you mean submit?" submti
refused "clgrpo-bench: no row's name is or holds \"copmare\"; did you mean compare?" copmare a.json b.json
refused "clgrpo-bench compare: --fail-slow3r is not an option; did you mean --fail-slower?" compare --fail-slow3r a.json b.json
rc=0; "$bench" --output x 2>err.txt || rc=$?
[ $rc -eq 2 ] || fail "--output without submit: exit $rc"

# A file that cannot be written is found before the measuring, and none of the others is left.
mkdir folder
rc=0; timeout 20 "$bench" --json good.json --html nowhere/x.html --tsv folder 2>err.txt >out.txt || rc=$?
[ $rc -eq 2 ] && [ ! -s out.txt ] || fail "outputs that cannot be written: exit $rc, $(cat err.txt out.txt)"
grep -q 'nowhere/x.html: No such file' err.txt && grep -q 'folder: Is a directory' err.txt || fail "it is not said which output: $(cat err.txt)"
[ -z "$(ls good.json* 2>/dev/null)" ] || fail "a file is left of outputs that were tried: $(ls good.json*)"

# What is no file stays what it is, as /dev/stdout does.
ln -s /proc/self/fd/1 link.json
"$bench" --seconds 0.01 --json link.json advantage.f32.64x8 | cat >out.txt
[ -L link.json ] && grep -q '"row": "advantage.f32.64x8"' out.txt || fail "the rows do not go to the standard output: $(ls -l link.json) $(cat out.txt)"
rm link.json
ln -s /dev/full full.tsv
rc=0; "$bench" --seconds 0.01 --tsv full.tsv advantage.f32.64x8 >out.txt 2>err.txt || rc=$?
[ $rc -eq 1 ] && [ -h full.tsv ] && grep -q 'full.tsv: No space left' err.txt || fail "a full device: exit $rc, $(cat err.txt)"

# What to do about a wrong value, row or device.
refused "clgrpo-bench: --seconds is \"0\", need a number above 0, up to 3600" --seconds 0
refused "  clgrpo-bench --list prints the names." no.such.row
refused "  clgrpo-info lists the devices; clgrpo_context(3) says how one is named." --device none gemm.f32.nn.512

# Textbook kernels stand beside what they compute, too.
"$bench" --seconds 0.01 gemm.f32.nn.512 >naive.txt || fail "$(cat naive.txt)"
grep -q 'naive OpenCL' naive.txt || fail "no naive peer: $(cat naive.txt)"

# A single run each, with what it is worth.
"$bench" --once gemm.f32.packed.64x704x128 global_norm.f32.1M quality.gap.f32 >once.txt || fail "$(cat once.txt)"
printf 'row\tflop\tbytes\ngemm.f32.packed.64x704x128\t11534336\t573440\nglobal_norm.f32.1M\t0\t4194304\n' | cmp - once.txt || fail "--once: $(cat once.txt)"

for option in '--json f' '--tsv f' '--svg f' '--html f'; do
    rc=0; "$bench" --once $option advantage.f32.64x8 2>err.txt || rc=$?
    [ $rc -eq 2 ] && [ ! -e f ] && grep -q -e --once err.txt || fail "--once $option: exit $rc, $(cat err.txt)"
done
rc=0; "$bench" submit --once advantage.f32.64x8 2>err.txt || rc=$?
[ $rc -eq 2 ] && grep -q -e --once err.txt || fail "submit --once: exit $rc, $(cat err.txt)"

# One run, all files. A peer from a file joins its row and no other.
cat >peers.json <<'END'
[{"row": "gemm.f32.packed.1x384x128", "peer": "Other 1.0", "value": 0.001, "unit": "GB/s", "median_us": 196608.0}]
END
"$bench" --seconds 0.01 --peers peers.json --json a.json --tsv a.tsv --svg a.svg --html a.html \
    advantage.f32.64x8 gemm.f32.packed.1x384x128 gemm.f32.packed.64x704x128 program.warm_start quality step.host.g8 adamw.bf16 \
    linear_logprob.memory.f32.4096x128x1024 >a.txt
grep -q 'Other 1.0 0.0' a.txt || fail "the peer's row is not joined: $(cat a.txt)"
[ "$(grep -c 'Other 1.0' a.txt)" -eq 1 ] || fail "the peer joined another row: $(cat a.txt)"

# What each row holds, and that the page explains every field.
python3 - a.json "$srcdir/man/clgrpo-bench.1" <<'END'
import json, math, re, sys

fields = {"row": str, "value": float, "unit": str, "limit": float, "limit_name": str, "ratio": float, "median_us": float,
          "event_us": float, "spread": float, "rounds": int, "copies": int, "launches": int, "flop": float, "bytes": float, "cached": bool, "note": str,
          "device": str, "family": str, "kernels": str, "peers": list}
rows = json.load(open(sys.argv[1]))
page = open(sys.argv[2]).read()
for row in rows:
    assert set(row) == set(fields), (row["row"], set(row) ^ set(fields))
    for field, kind in fields.items():
        assert isinstance(row[field], kind) and (kind is not float or math.isfinite(row[field])), (row["row"], field, row[field])
    if row["unit"] == "-":
        assert row["row"] == "machine.matrix" and row["note"].endswith("; not measured"), row
        continue
    assert row["value"] > 0 and row["spread"] >= 0 and row["rounds"] >= 1 and (row["median_us"] > 0 or row["unit"] == "MiB"), row
    assert row["family"] in ("cpu", "simt") and re.fullmatch("[0-9a-f]{8,16}", row["kernels"]), row
    assert row["unit"] in ("GFLOP/s", "GB/s", "Gexp/s", "Gload/s", "GOP/s", "us", "ms", "eps", "MiB", "runs", "rows", "items", "floats"), row["unit"]
    if row["limit"] > 0:
        less_is_more = row["unit"] in ("us", "ms")
        share = row["limit"] / row["value"] if less_is_more else row["value"] / row["limit"]
        assert abs(share - row["ratio"]) < 1e-3 * share, row
by_name = {r["row"]: r for r in rows}
for name in fields:
    assert re.search(rf"^\.It .*\b{name}\b", page, re.M), f"the page does not explain the field {name}"
for name in [n for n in by_name if n.startswith("machine.")]:
    assert name in page, f"the page does not explain {name}"
for name in ("fma.f32", "exp.f32", "load.f16", "load.bf16", "copy", "read", "write", "strided", "local", "matrix", "upload", "download", "launch", "launch.waited",
             "launch.event", "local_size", "registers"):
    assert "machine." + name in by_name, name
for name in ("advantage.f32.64x8", "gemm.f32.packed.1x384x128", "gemm.f32.packed.64x704x128"):
    row = by_name[name]
    assert row["rounds"] >= 5 and row["limit"] > 0 and row["event_us"] > 0, row
    assert row["limit_name"] in ("fma", "copy", "read", "launch"), row
assert by_name["gemm.f32.packed.1x384x128"]["copies"] > 1, "a memory-bound row found its data in the caches"
assert by_name["gemm.f32.packed.64x704x128"]["flop"] // 100 == 2 * 64 * 704 * 128 // 100
size = by_name["machine.local_size"]
assert size["value"] == 2 ** int(math.log2(size["value"])) and size["limit"] > 0 and "the device reports" in size["note"], size
assert by_name["machine.registers"]["value"] >= 8 and "private memory" in by_name["machine.registers"]["note"], by_name["machine.registers"]
for name, row in by_name.items():
    if name.startswith("quality.repeat.") or name.startswith("quality.batch.") or name == "quality.gap.f32":
        assert row["value"] == row["limit"] and row["unit"] in ("runs", "rows") and row["limit_name"] == "promise", row
    elif name.startswith("quality."):
        assert 0 < row["value"] < row["limit"] and row["unit"] == "eps" and row["limit_name"] == "bound", row
assert sum(n.startswith("quality.") for n in by_name) == 18, sorted(by_name)
assert by_name["quality.gap.bf16"]["value"] > by_name["quality.gap.f16"]["value"] > 10, "halves of caches leave no gap"
host = next(r for n, r in by_name.items() if n.startswith("step.host."))
assert host["unit"] == "us" and host["limit_name"] == "launch" and host["launches"] > 60, host
assert abs(host["limit"] - host["launches"] * by_name["machine.launch"]["value"]) < 1e-3 * host["limit"], host
memory = by_name["linear_logprob.memory.f32.4096x128x1024"]
assert memory["limit"] == 16 and memory["limit_name"] == "logits" and 0 < memory["ratio"] < 1, memory
assert abs(by_name["adamw.bf16.8M"]["bytes"] - 28 * (8 << 20)) < 1e3, by_name["adamw.bf16.8M"]
peers = {p["name"]: p for p in by_name["gemm.f32.packed.1x384x128"]["peers"]}
ours = by_name["gemm.f32.packed.1x384x128"]["value"]
assert abs(peers["Other 1.0"]["ratio"] * 0.001 - ours) < 1e-3 * ours, peers
assert by_name["program.warm_start"]["unit"] == "ms" and by_name["program.warm_start"]["limit"] == 300
END
# What the kernels of a row compute and move is what the row counts, and they take no more time than there is.
"$bench" --kernels --seconds 0.01 --json k.json gemm.f32.packed.64x704x128 attention.fwd.f32.d64.s1024.causal linear_logprob.fwd.f32.4096x128x1024 \
    swiglu.bwd.f32.4096x352 rmsnorm.bwdadd.f32.4096x128 adamw.f32.1M attention.decode.f32.d64.gqa4.b1.kv1024 >k.txt
grep -q '^  swiglu_backward  *k_swiglu_backward .* us .*% .* - GFLOP/s .* GB/s$' k.txt && grep -q '^  between the commands .*%$' k.txt ||
    fail "the kernels of a row are not shown: $(cat k.txt)"
python3 - k.json <<'END'
import json, sys

rows = {r["row"]: r for r in json.load(open(sys.argv[1])) if "commands" in r}
for row in rows.values():
    for c in row["commands"]:
        assert set(c) == {"operation", "kernel", "launches", "us", "share", "flop", "bytes"} and c["launches"] >= 1, c
    assert 0 < sum(c["share"] for c in row["commands"]) < 1.001, row
decode = [r for name, r in rows.items() if name.startswith("attention.decode")]
assert decode and all(r["commands"][0]["flop"] is None for r in decode), decode
near = lambda a, b, share: abs(a - b) <= share * b
for name in ("gemm.f32.packed.64x704x128", "attention.fwd.f32.d64.s1024.causal", "linear_logprob.fwd.f32.4096x128x1024"):
    assert near(sum(c["flop"] for c in rows[name]["commands"]), rows[name]["flop"], 1e-5), rows[name]
for name in ("gemm.f32.packed.64x704x128", "swiglu.bwd.f32.4096x352", "adamw.f32.1M", "rmsnorm.bwdadd.f32.4096x128"):
    assert near(rows[name]["commands"][0]["bytes"], rows[name]["bytes"], 0.02), rows[name]
END
rm -f k.json k.txt
head -n 1 a.tsv | grep -q '^row	value	unit	limit	limit_name	ratio	median_us	event_us	spread	device	family	peers$' || fail "a.tsv: $(head -n 1 a.tsv)"
[ "$(wc -l <a.tsv)" -eq 26 ] || fail "a.tsv has $(wc -l <a.tsv) lines"
python3 - a.svg a.html <<'END'
import re, sys, xml.etree.ElementTree as tree

tree.parse(sys.argv[1])
html = open(sys.argv[2]).read()
charts = re.findall(r"<svg.*?</svg>", html, re.S)
assert len(charts) >= 3, f"{len(charts)} charts"
for chart in charts:
    tree.fromstring(chart)
    assert "nan" not in chart and "inf" not in chart
assert "<script" not in html and "http" not in html and "prefers-color-scheme:dark" in html and "Other 1.0" in html
assert "gemm.f32.packed.64x704x128" in charts[0], "the product is not on the roofline"
END

grep -q '^limits  ' a.txt && grep -q '^best limits ' a.txt || fail "the machine was not measured twice: $(cat a.txt)"
python3 - a.json a.txt a.html <<'END'
import json, re, sys

text, html = open(sys.argv[2]).read(), open(sys.argv[3]).read()
rows = json.load(open(sys.argv[1]))
noted = [r for r in rows if "in this run" in r["note"]]
for row in noted:
    least, most, times = map(float, re.fullmatch(r"(\S+) to (\S+) \S+ in this run, (\S+) times", row["note"]).groups())
    assert most > 1.149 * least and abs(times - most / least) < 0.01 * times, row
    assert abs(most - row["value"]) < 1e-3 * row["value"], "the best figure is not kept: " + row["note"]
assert ("disturbed" in text) == bool(noted), noted
# A ratio that was printed before a better limit was measured is printed again, corrected; the file has the last one.
table, _, corrected = text.partition("corrected by the best limits")
printed = dict(re.findall(r"^(\S+) +\S+ \S+ +\S+ \S+ +(\d+\.\d+)!? ", table, re.M))
printed.update(re.findall(r"^(\S+) +\S+ \S+ +\S+ +(\d+\.\d+)", corrected, re.M))
by_limit = [r for r in rows if r["limit_name"] in ("fma", "copy", "read") and r["row"] in printed]
assert by_limit, text
for row in by_limit:
    assert abs(float(printed[row["row"]]) - row["ratio"]) <= 0.02 * row["ratio"] + 0.011, (row, printed[row["row"]])
for row in re.findall(r'"row": "(machine\.[^"]*)"', open(sys.argv[1]).read()):
    assert f"<td>{row}</td>" in html, f"the page lacks {row}"
END

# Nothing differs from itself; a row that is made three times slower is named, and nothing else.
"$bench" compare --fail-slower a.json a.json >same.txt || fail "a file differs from itself: $(cat same.txt)"
grep -q '^verdict: nothing changed beyond the noise in 6 rows; B / A 1.00x' same.txt || fail "$(cat same.txt)"
python3 - <<'END'
import json

rows = json.load(open("a.json"))
rows = [r for r in rows if not r["row"].startswith(("step.", "adamw."))]
for row in rows:
    row["spread"] = 0.01
json.dump(rows, open("before.json", "w"))
next(r for r in rows if r["row"] == "quality.error.gemm")["value"] *= 2
row = next(r for r in rows if r["row"] == "gemm.f32.packed.64x704x128")
row["value"], row["median_us"], row["spread"] = row["value"] / 3, row["median_us"] * 3, 0.1
next(r for r in rows if r["row"] == "advantage.f32.64x8")["value"] *= 1.029
json.dump([r for r in rows if not r["row"].startswith("program.")], open("after.json", "w"))
row["spread"] = 8.0
json.dump({"rows": rows}, open("noisy.json", "w"))
END
python3 - <<'END'
import json

row = {"row": "a.row", "value": 1.0, "unit": "GB/s", "median_us": 1.0}
for name, rows in {"twice": [row, row], "long": [dict(row, row="r" * 80)], "unit": [dict(row, unit="u" * 12)],
                   "tiny": [dict(row, value=1e-300)], "huge": [dict(row, value=1e300)], "one": [row]}.items():
    json.dump(rows, open(name + ".json", "w"))
END
for pair in 'twice.json one.json:twice.json has the row a.row twice' 'one.json twice.json:twice.json has the row a.row twice' \
    'long.json one.json:row (at most 79 bytes)' 'one.json unit.json:unit (11)' 'tiny.json huge.json:no ratio of these'; do
    rc=0
    # shellcheck disable=SC2086
    "$bench" compare ${pair%%:*} 2>refused.txt || rc=$?
    [ $rc -eq 2 ] && grep -qF "${pair#*:}" refused.txt || fail "compare ${pair%%:*}: exit $rc, $(cat refused.txt)"
done
rm -f twice.json long.json unit.json tiny.json huge.json one.json refused.txt
rc=0; "$bench" compare --fail-slower before.json after.json >slower.txt || rc=$?
[ $rc -eq 1 ] || fail "a slower row: exit $rc, $(cat slower.txt)"
sed -n 2p slower.txt | grep -q '^gemm.f32.packed.64x704x128 .* 0.33x .* slower$' || fail "the slowest row is not first: $(cat slower.txt)"
grep -q '^verdict: 1 slower, 0 faster, 2 the same' slower.txt || fail "$(cat slower.txt)"
grep -q '^quality differs: quality.error.gemm 0.50x' slower.txt || fail "a larger error is not told: $(cat slower.txt)"
grep -q '^1 rows only in A, 0 only in B' slower.txt || fail "$(cat slower.txt)"
"$bench" compare before.json after.json >/dev/null || fail "without --fail-slower a slower row is no error"
"$bench" compare --fail-slower before.json noisy.json >noisy.txt || fail "the noise is not heeded: $(cat noisy.txt)"
"$bench" compare --json after.json before.json | python3 -c '
import json, sys
c = json.load(sys.stdin)
assert (c["slower"], c["faster"], c["same"], c["only_b"]) == (0, 1, 2, 1), c
last = c["rows"][-1]
assert last["row"] == "gemm.f32.packed.64x704x128" and last["verdict"] == "faster" and abs(last["speed"] - 3) < 1e-3, last
assert abs(last["noise"] - 0.5 * (0.01**2 + 0.1**2) ** 0.5) < 1e-4, last'
# A machine of half the speed, at the same share of its limits, is slower by value and the same by ratio.
python3 - <<'END'
import json

rows = json.load(open("before.json"))
for row in rows:
    if row["limit"] > 0 and row["unit"] != "ms":
        less_is_more = row["unit"] == "us"
        for field in ("value", "limit"):
            row[field] *= 2 if less_is_more else 0.5
        row["median_us"] *= 2
json.dump(rows, open("half.json", "w"))
END
"$bench" compare before.json half.json | grep -q '^verdict: 3 slower, 0 faster, 1 the same' || fail "half the speed is not slower"
"$bench" compare --ratio --fail-slower before.json half.json >ratio.txt || fail "--ratio: $(cat ratio.txt)"
grep -q '^verdict: nothing changed beyond the noise in 4 rows' ratio.txt || fail "--ratio: $(cat ratio.txt)"

echo '[{"row": "x", "unit": "us"}]' >broken.json
rc=0; "$bench" compare a.json broken.json 2>err.txt || rc=$?
[ $rc -eq 2 ] && grep -q 'element 0' err.txt || fail "a broken file: exit $rc, $(cat err.txt)"
"$bench" --seconds 0.01 --against a.json advantage.f32.64x8 >against.txt
grep -q 'against' against.txt && grep -q '^advantage.f32.64x8 .*[0-9]x *$' against.txt || fail "--against: $(cat against.txt)"

# A submission holds what a reader needs and nothing of this host or its user.
"$bench" submit --seconds 0.01 -o submission.json advantage.f32.64x8 gemm.f32.packed.64x704x128 >submit.txt
python3 - submission.json <<'END'
import getpass, json, os, pwd, socket, sys

text = open(sys.argv[1]).read()
s = json.loads(text)
assert s["format"] == "clgrpo-bench submission 1"
for field in ("version", "kernels", "compiler", "processor"):
    assert s[field], field
assert set(s["system"]) == {"name", "release", "machine"} and all(s["system"].values()), s["system"]
for field in ("platform", "name", "vendor", "driver", "opencl", "type", "family"):
    assert s["device"][field], field
names = [r["row"] for r in s["rows"]]
assert "machine.fma.f32" in names and "advantage.f32.64x8" in names, names
me = pwd.getpwuid(os.getuid())
# A short name could be part of an honest word; as a word of its own it could not.
words = set(text.replace("/", " ").replace('"', " ").replace(",", " ").replace("@", " ").split())
for secret in {me.pw_name, me.pw_gecos.split(",")[0], getpass.getuser(), socket.gethostname()} - {""}:
    assert secret not in words, f"the submission names {secret}"
for secret in {me.pw_dir, os.path.expanduser("~"), os.getcwd(), "submission.json"} - {"/", ""}:
    assert secret not in text, f"the submission holds {secret}"
END
grep -q 'read it before you send it' submit.txt || fail "$(cat submit.txt)"
cd ..
rm -rf "$dir"
