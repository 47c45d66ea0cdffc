#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands that the manuals of programs give as examples run: mgrpo's on the fake policy, over files of the names that the examples have,
# and with smaller numbers; clgrpo-bench, which would take minutes, lists the rows that it would measure.
set -eu
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }

. "${srcdir:-.}/tests/system/run_case.sh"
top=$(cd "${srcdir:-.}" && pwd)
bench=$(cd "${top_builddir:-.}" && pwd)
case $mgrpo in /*) ;; *) mgrpo=$PWD/$mgrpo ;; esac

"$files" "$dir"
two_agents "steps = 13" "step_questions = 4" "rollouts = 4" "eval_questions = 8" >"$dir/run.conf"
printf 'tool "calc" {\n kind = "exec"\n command = {"/bin/sh", "calc.sh"}\n schema = "file:calc.json"\n}\n' >>"$dir/run.conf"
printf 'cat >/dev/null\necho 410\n' >"$dir/calc.sh"
printf '{"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]}\n' >"$dir/calc.json"
for agent in main search; do
    mkdir -p "$dir/data/warm/$agent"
    cp "$dir/config.json" "$dir/model.safetensors" "$dir/data/warm/$agent"
done
mkdir -p "$dir/build/job"
"$mgrpo" train --quiet --run "$dir/run" "$dir/run.conf" >"$dir/out" 2>"$dir/err" || fail "the run of the examples failed"
cp -r "$dir/run" "$dir/build/job/run"
cp -r "$dir/run" "$dir/first"
MGRPO_FACTS=$top/data/atlas.facts.gz
export MGRPO_FACTS
"$bench/clgrpo-bench" --seconds 0.01 --json "$dir/old.json" advantage.f32.64x8 >"$dir/out" 2>"$dir/err" || fail "clgrpo-bench failed"
cp "$dir/old.json" "$dir/new.json"
cp "$dir/old.json" "$dir/torch.json"

# examples PAGE: its commands, a line each, without the prompt, and without what a command prints behind it
examples() {
    awk '/^\.Sh/ { on = $2 == "EXAMPLES"; literal = 0 }
         on && /^\.Bd/ { literal = 1; next }
         on && /^\.Ed/ { literal = 0 }
         on && literal { print }
         on && /^\.Dl/ { sub(/^\.Dl /, ""); print }' "$1" |
        sed ':more
            /\\e$/{ N; s/\\e\n *//; b more
            }' | if grep -q '^\.Dl \$\|^\$ ' "$1"; then sed -n 's/^\$ //p'; else cat; fi
}
# smaller COMMAND: the same with numbers for a test
smaller() {
    printf '%s\n' "$1" | sed 's/50000\b/50/; s/500000/50/; s/4000\b/40/; s/--extend 400/--extend 15/; s/--budget 30/--budget 1/; s/--out warm/& --tokens 2000 --batch 1024/'
}

n=0
for page in "$top"/man/*.1; do
    examples "$page" >"$dir/commands"
    while read -r command; do
        n=$((n + 1)) status=0
        case $command in
        "mgrpo "*) command="'$mgrpo' $(smaller "${command#mgrpo }")" ;;
        "clgrpo-bench compare "*) command="'$bench/clgrpo-bench' ${command#clgrpo-bench }" ;;
        "clgrpo-bench "*) command="'$bench/clgrpo-bench' --list ${command#clgrpo-bench }" ;;
        "clgrpo-tune "*) command="'$bench/clgrpo-tune' $(smaller "${command#clgrpo-tune }")" ;;
        bench/*)
            [ -x "$top/${command%% *}" ] || fail "${page##*/}: there is no ${command%% *}"
            continue
            ;;
        *) fail "${page##*/}: nobody knows what runs \"$command\"" ;;
        esac
        (cd "$dir" && eval "$command") >"$dir/out" 2>"$dir/err" </dev/null || status=$?
        [ "$status" -eq 0 ] || fail "${page##*/}: $command: status $status"
    done <"$dir/commands"
done
[ "$n" -ge 20 ] || fail "only $n examples were found"
echo "test_examples: $n commands"
