# SPDX-License-Identifier: Apache-2.0
# Sourced by quickstart and check: installs what is missing and builds in build/, without writing elsewhere into the tree.
# Sets $top, $work (everything we make), $obj (the build). Needs bash.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=${CLGRPO_BUILD:-$top/build}
obj=$work/obj

step() { printf '\n==> %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Kernels compiled by the OpenCL driver and by the library are kept with the build, not in the home directory.
export POCL_CACHE_DIR=$work/cache/pocl XDG_CACHE_HOME=$work/cache
mkdir -p "$work/cache/pocl"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# install_packages KIND...: those of scripts/packages that are marked with one of the kinds and are not there yet.
install_packages() {
    local kinds=" $* " name kind missing=()
    command -v dpkg-query >/dev/null || { step "not a Debian system: expecting the packages of scripts/packages to be there"; return; }
    while read -r name kind; do
        [[ $name == "#"* || $kinds != *" $kind "* ]] && continue
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done <"$top/scripts/packages"
    [ ${#missing[@]} -gt 0 ] || return 0
    step "installing ${missing[*]}"
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || die "needs root or passwordless sudo to install: ${missing[*]}"
    as_root apt-get update -qq || die "apt-get update failed"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$work/apt.log" 2>&1 ||
        { tail -n 20 "$work/apt.log"; die "apt-get install failed; the log is $work/apt.log"; }
}

# The build system writes configure and its kin beside configure.ac, so it works on a copy of the sources.
copy_sources() {
    mkdir -p "$work/src"
    (cd "$top" && { git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -path ./build -prune -o -type f -print0; }) |
        (cd "$top" && xargs -0 -r cp -u --parents --preserve=mode,timestamps -t "$work/src" 2>/dev/null) || true
    [ -f "$work/src/configure.ac" ] || die "the sources could not be copied to $work/src"
}

# prepare [CONFIGURE OPTION...]: idempotent; configures again only when configure.ac or the options changed.
prepare() {
    local log=$work/build.log options="$*"
    copy_sources
    if [ ! -x "$work/src/configure" ] || [ "$work/src/configure.ac" -nt "$work/src/configure" ]; then
        (cd "$work/src" && autoreconf -fi) >"$log" 2>&1 || { tail -n 30 "$log"; die "autoreconf failed; the log is $log"; }
    fi
    mkdir -p "$obj"
    if [ ! -f "$obj/config.status" ] || [ "$work/src/configure" -nt "$obj/config.status" ] ||
        [ "$(cat "$obj/.options" 2>/dev/null)" != "$options" ]; then
        (cd "$obj" && "$work/src/configure" -q "$@") >>"$log" 2>&1 || { tail -n 30 "$log"; die "configure failed; the log is $log"; }
        printf '%s' "$options" >"$obj/.options"
    fi
}

# make_goals GOAL...: in the folder of a prepared build.
make_goals() {
    local log=$work/build.log
    make -C "$obj" -s -j"$(nproc)" "$@" >>"$log" 2>&1 || { grep -n -E 'error|Error' "$log" | tail -n 20; die "make failed; the log is $log"; }
}

# build [CONFIGURE OPTION...]: all that is installed.
build() {
    step "building in $obj"
    prepare "$@"
    make_goals all
}

# prepare_sanitized: a build of its own, by clang, whose programs sanitizers watch and a fuzzer can drive; moves $obj there.
prepare_sanitized() {
    obj=$work/sanitized/obj
    step "building in $obj"
    prepare --enable-sanitizers --disable-shared CC="${CLGRPO_CLANG:-clang}" CFLAGS="-g -O1 -fsanitize=fuzzer-no-link"
}
