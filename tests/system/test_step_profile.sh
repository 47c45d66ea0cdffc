#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# train --profile: the commands of a training step and what lies between them are all of its wall time, and the work of each kernel that
# multiplies is known.
set -eu
mgrpo=$(cd "$top_builddir" && pwd)/mgrpo
data=$(cd "$srcdir/data" && pwd)
cat >step-profile.conf <<END
corpus = "none.db"
questions = "none.jsonl"
tokenizer = "$data/tokenizer.json"
agent "main" {
    model = "$data/warm/main"
    context = 160
    max_tokens = 512
    slots = 4
}
END
"$mgrpo" train --profile step-profile.conf >step-profile.txt || { cat step-profile.txt; exit 1; }
python3 - step-profile.txt <<'END'
import re, sys

text = open(sys.argv[1]).read()
row = r"^  (\S+) +(k_\w+|fill|copy|read|write) +([\d.]+) +([\d.]+) +([\d.]+)% +(\S+) +(\S+)$"
rows = re.findall(row, text, re.M)
wall, device, host, starting, rest = map(float, re.search(
    r"a step of ([\d.]+) ms: ([\d.]+) ms .*?, ([\d.]+) ms .*?, ([\d.]+) ms .*?, (-?[\d.]+) ms", text).groups())
assert len(rows) > 20, text
assert abs(sum(float(r[3]) for r in rows) - device) < 0.01 * len(rows) + 0.005 * device, text
assert abs(device + host + starting + rest - wall) < 0.05, text
assert abs(rest) <= 0.05 * wall, text  # nothing without a name
for name in ("gemm", "attention", "attention_backward", "linear_logprob_backward", "adamw", "tensor_write", "tensor_read"):
    assert any(r[0] == name for r in rows), (name, text)
for operation, kernel, *_, flops, moved in rows:
    multiplies = kernel in ("k_gemm", "k_logprob_fwd", "k_logprob_dz") or "attention" in kernel
    assert (flops != "-") == multiplies, (operation, kernel, flops)
assert re.search(r"training step: 512 tokens in [\d.]+ ms, \d+ tokens/s, [\d.]+ GFLOP/s", text), text
END
rm -f step-profile.conf step-profile.txt
