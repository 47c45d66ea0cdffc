#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clgrpo-tune and clgrpo-info: what they write, keep, print and refuse.
set -eu
bin=${top_builddir:-.}
data=$PWD/tune.data
rm -rf "$data"
mkdir -p "$data/clgrpo"
XDG_DATA_HOME=$data
export XDG_DATA_HOME
unset CLGRPO_TUNE CLGRPO_DISABLE || true
file=$data/clgrpo/tune.tsv
status=0
complain()
{
    echo "FAIL: $1"
    status=1
}
tune()
{
    "$bin/clgrpo-tune" --budget 0.5 "$@" >tune.out 2>tune.err
}

tune --dry-run linear_logprob_cpu --family cpu || complain "a dry run: $(cat tune.err)"
[ ! -e "$file" ] || complain "a dry run wrote $file"
grep -q '^linear_logprob_cpu all .*/6 ' tune.out || complain "no row in the table: $(cat tune.out)"

# A row of the same place goes, or is replaced; all other lines stay as they are.
version=$("$bin/clgrpo-tune" --version | cut -d' ' -f2)
info=$("$bin/clgrpo-info" --json)
key=$(printf '%s' "$info" | sed -n 's/.*"device": "\(.*\)",*$/\1/p' | head -n 1)
driver=$(printf '%s' "$info" | sed -n 's/.*"driver": "\(.*\)",*$/\1/p' | head -n 1)
tab=$(printf '\t')
head="linear_logprob_cpu${tab}f32${tab}all${tab}device"
mark="256${tab}77.7${tab}7.000"
{
    echo '# a remark'
    echo "$head:$key${tab}PANEL_KIB=$mark${tab}$driver${tab}$version"
    echo "$head:other${tab}PANEL_KIB=$mark${tab}$driver${tab}$version"
    echo "$head:$key${tab}PANEL_KIB=$mark${tab}another${tab}$version"
    printf '%s' "$head:$key${tab}PANEL_KIB=$mark${tab}$driver${tab}0.0.1"
} >"$file"
"$bin/clgrpo-info" >info.out
grep -q 'linear_logprob_cpu/all PANEL_KIB=256 (user, line 2, by device)' info.out || complain "clgrpo-info: $(cat info.out)"
grep -q 'rows left out: 1 of another version' info.out || complain "clgrpo-info tells no row left out"
cp "$file" tune.before
tune linear_logprob_cpu --family cpu || complain "tuning: $(cat tune.err)"
[ "$(grep -c "^$head:$key.*$driver${tab}$version\$" "$file")" -le 1 ] || complain "two rows for one place"
! sed -n 2p tune.before | grep -qxFf - "$file" || complain "the earlier row is still there"
for line in 1 3 4 5; do
    sed -n ${line}p tune.before | grep -qxFf - "$file" || complain "line $line is gone"
done
[ "$(ls "$data/clgrpo" | wc -l)" -eq 1 ] || complain "more than the file is left: $(ls "$data/clgrpo")"
"$bin/clgrpo-info" >info.out 2>info.err || complain "what clgrpo-tune wrote cannot be read: $(cat info.err)"

# The order of a sum changes only on demand.
tune --dry-run --json --family simt rows_simt || complain "rows_simt: $(cat tune.err)"
grep -q '"candidates": 1,' tune.out || complain "a frozen parameter was tried: $(cat tune.out)"
tune --dry-run --json --family simt --reorder rows_simt || complain "rows_simt reordered: $(cat tune.err)"
grep -q '"candidates": 3,' tune.out || complain "P_GROUP was not tried: $(cat tune.out)"
grep -q '"wrong": 0,' tune.out || complain "a candidate was wrong: $(cat tune.out)"

# Refusals: a sentence and a status, and the file as it was.
cp "$file" tune.before
expect()
{
    want=$1 text=$2 rc=0
    shift 2
    "$@" >tune.out 2>tune.err || rc=$?
    [ "$rc" -eq "$want" ] || complain "$*: exit $rc, want $want: $(cat tune.err)"
    grep -q -- "$text" tune.err || complain "$*: $(cat tune.err), want $text"
}
expect 2 'no operation "gemm"' "$bin/clgrpo-tune" gemm
expect 2 'none of these operations' "$bin/clgrpo-tune" --family simt gemm_cpu
expect 2 'number of seconds' "$bin/clgrpo-tune" --budget 0
expect 2 'number of seconds' "$bin/clgrpo-tune" --budget nan
expect 2 'clgrpo-tune: --bugdet is not an option; did you mean --budget?' "$bin/clgrpo-tune" --bugdet 1
expect 2 'clgrpo-info: --jsn is not an option; did you mean --json?' "$bin/clgrpo-info" --jsn
expect 2 'clgrpo-info: takes no argument, got "list"' "$bin/clgrpo-info" list
expect 2 'device, arch, vendor or class' "$bin/clgrpo-tune" --link any
expect 2 'There are .*gemm_cpu' "$bin/clgrpo-tune" gemm
expect 2 'no device matches' "$bin/clgrpo-tune" --device none
expect 2 'no device matches' env CLGRPO_DEVICE=none "$bin/clgrpo-tune"
expect 1 'CLGRPO_DEVICE: no device matches' env CLGRPO_DEVICE=none "$bin/clgrpo-info"
grep -q '^  0:0 ' tune.out || complain "clgrpo-info lists no device where CLGRPO_DEVICE names none: $(cat tune.out)"
"$bin/clgrpo-info" --version >tune.out && grep -q '^clgrpo-info [0-9]' tune.out || complain "clgrpo-info has no version"
for program in info tune bench; do # what cannot be written, or is closed
    rc=0
    "$bin/clgrpo-$program" --help >/dev/full 2>tune.err || rc=$?
    [ "$rc" -eq 1 ] && grep -q 'standard output: No space left' tune.err || complain "clgrpo-$program on a full disk: exit $rc, $(cat tune.err)"
    rc=0
    "$bin/clgrpo-$program" --help >&- 2>tune.err || rc=$?
    [ "$rc" -eq 1 ] && grep -q 'standard output: Bad file' tune.err || complain "clgrpo-$program without output: exit $rc, $(cat tune.err)"
done
cmp -s "$file" tune.before || complain "a refused command changed the file"
echo broken >>"$file"
expect 1 'line [567]: there are not nine columns' "$bin/clgrpo-tune" --family cpu linear_logprob_cpu
expect 0 'warning: .*line [567]: there are not nine columns.*passed over' "$bin/clgrpo-info"
grep -q 'PANEL_KIB=' tune.out || complain "clgrpo-info shows nothing beside a malformed row"
rm -rf "$data" tune.out tune.err tune.before info.out info.err
exit $status
