#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which file may include which. The rooms of trainer/ and of bench/ stand on floors: a file includes headers of its own room and of lower
# floors, never of a higher floor or of another room on its own. lib/, names/ and reference/ know no program; programs know lib/ by its public headers,
# and those that look at tuning by two more. The headers of trainer/ and bench/ are named with their room; <config.h> is what configure found out,
# and no header of a room: quotes would look beside the includer first.
set -eu
command -v python3 >/dev/null || { echo "python3 is missing"; exit 77; }
exec python3 - "$srcdir" <<'END'
import pathlib, re, sys

top = pathlib.Path(sys.argv[1])
# One line a floor, the highest first. "." is what lies in the folder itself.
FLOORS = {
    "trainer": ["cli",
                "agent eval",
                "rollout learn report world",
                "policy dialogue store",
                "run tokenizer model question tools",
                "base"],
    "bench": [".",
              "rows tune info",
              "output machine peers",
              "measure"],
}
# What a folder may include beside its own: headers of these folders by their names. lib/clgrpo: the installed ones.
KNOWS = {
    "lib": [],
    "names": [],
    "reference": ["lib/clgrpo"],
    "trainer": ["lib/clgrpo", "names/"],
    "bench": ["lib/clgrpo", "lib/tune.h", "lib/tier.h", "reference/", "names/"],
    "tests/lib": ["lib/", "reference/"],
}
GENERATED = {"output/kernel_hash.h", "machine/machine_lines.h", "peers/naive_lines.h"}

floor_of = {(folder, room): len(lines) - i for folder, lines in FLOORS.items() for i, line in enumerate(lines) for room in line.split()}


def included(path):
    return [name for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M) if name not in GENERATED]


def find(folder, path, name):
    """The file that an include means, where `folder` may look for it."""
    own = [path.parent / name, top / folder / name]
    known = [top / place / name for place in ("", "lib", "reference") if any(f"{place}/{name}".lstrip("/").startswith(k) for k in KNOWS[folder])]
    return next((place for place in own + known if place.is_file()), None)


def room(folder, path):
    parts = path.relative_to(top / folder).parts
    return parts[0] if len(parts) > 1 else "."


def wrong(folder, path, name):
    """What is wrong with an include, or None."""
    if folder in FLOORS and room(folder, path) != "." and "/" not in name and not (top / "lib" / name).is_file():
        return "it is named without its room"
    header = find(folder, path, name)
    if header is None:
        return f"{folder}/ may not know it"
    if folder not in FLOORS or not header.is_relative_to(top / folder):
        return None
    here, there = room(folder, path), room(folder, header)
    if here == there or floor_of[folder, here] > floor_of[folder, there]:
        return None
    return f"{here} is on floor {floor_of[folder, here]}, {there} on floor {floor_of[folder, there]}"


n_files, n_wrong = 0, 0
for folder in KNOWS:
    files = sorted([*(top / folder).rglob("*.c"), *(top / folder).rglob("*.h")])
    strange = {room(folder, path) for path in files if folder in FLOORS and (folder, room(folder, path)) not in floor_of}
    if strange or not files:
        sys.exit(f"{folder}/: " + (f"no floor for {' '.join(sorted(strange))}" if strange else "no files"))
    n_files += len(files)
    for path in files:
        for name in included(path):
            why = wrong(folder, path, name)
            if why:
                n_wrong += 1
                print(f"FAIL: {path.relative_to(top)} -> {name}: {why}")
print(f"{n_files} files, {n_wrong} arrows against the rule")
sys.exit(1 if n_wrong else 0)
END
