#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No files of lib/, names/, trainer/, bench/ or reference/ call one another in a circle. objdump says which symbols an object defines and which its code
# refers to; a pointer in a table of functions is data, and no call.
set -eu
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
command -v objdump >/dev/null || { echo "objdump is missing"; exit 77; }
exec python3 - "$srcdir" "$top_builddir" <<'END'
import pathlib, re, subprocess, sys

top, build = map(pathlib.Path, sys.argv[1:])
FOLDERS = ["lib", "names", "reference", "trainer", "bench"]


def objects():
    """{program: {object: source}} for each program or library of the makefile; a file may be in several. Older builds leave other objects."""
    made, makefile = {}, (build / "Makefile").read_text()
    for folder in FOLDERS:
        for source in sorted((top / folder).rglob("*.c")):
            name = source.relative_to(top)
            for o in (build / name.parent).glob(f"*{name.stem}.o"):
                if re.fullmatch(rf"(\w+-)?{name.stem}\.o", o.name) and f" {name.parent}/{o.stem}." in makefile:
                    made.setdefault(folder + " " + o.name[:-len(name.stem) - 2], {})[o] = str(name)
    return made


def symbols(made):
    """Of each source the global symbols that it defines, and those that its code refers to."""
    text = subprocess.run(["objdump", "-tr", *made], check=True, stdout=subprocess.PIPE, text=True).stdout
    defined, used, in_code, source = {}, {}, False, None
    by_name = {str(o): s for o, s in made.items()}
    for line in text.splitlines():
        if ":     file format " in line:
            source, in_code = by_name[line.split(":     file")[0]], False
        elif line.startswith("RELOCATION RECORDS FOR ["):
            in_code = line.split("[")[1].startswith(".text")
        elif found := re.fullmatch(r"[0-9a-f]+ g\s.*\s(?!\*UND\*)\S+\t[0-9a-f]+\s+(?:\.hidden )?(\w+)", line):
            defined[found[1]] = source
        elif in_code and (found := re.fullmatch(r"[0-9a-f]+ R_\w+\s+(\w+)(?:[-+]0x[0-9a-f]+)?\s*", line)):
            used.setdefault(source, set()).add(found[1])
    return defined, used


def circles(calls):
    """Strongly connected components of more than one file, by Tarjan's algorithm."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(calls.get(v, ())):
            if w not in index:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == index[v]:
            part = stack[stack.index(v):]
            del stack[stack.index(v):]
            if len(part) > 1:
                found.append(sorted(part))

    for v in sorted(calls):
        if v not in index:
            visit(v)
    return found


sys.setrecursionlimit(10000)
n_files, n_calls, n_circles = 0, 0, 0
for program, made in objects().items():
    defined, used = symbols(made)
    why = {}
    for source, names in used.items():
        for name in names:
            if defined.get(name, source) != source:
                why.setdefault(source, {}).setdefault(defined[name], set()).add(name)
    n_files, n_calls = n_files + len(made), n_calls + sum(len(to) for to in why.values())
    for part in circles({source: set(to) for source, to in why.items()}):
        n_circles += 1
        print(f"FAIL: a circle of {len(part)} files")
        for source in part:
            print("".join(f"    {source} -> {to}: {' '.join(sorted(names))}\n" for to, names in sorted(why[source].items()) if to in part), end="")
print(f"{n_files} objects, {n_calls} arrows, {n_circles} circles")
sys.exit(1 if n_circles > 0 or n_calls == 0 else 0)
END
