#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands that README gives for the library, as they stand there, over a folder as the system's root: the C example builds and runs.
# The Python examples run, every exported function has a manual page of its name, and make uninstall leaves no file behind.
set -eu
root=$PWD/install.root
rm -rf "$root" install.*
mkdir -p "$root" install.bin install.tree
ln -s "$srcdir/examples" install.tree/examples

# What is not done again, or would leave the folder: the build is there, root is nobody here, and the loader finds what ldconfig was told of.
program() {
    printf '#!/bin/sh\n%s\n' "$2" >"$1"
    chmod +x "$1"
}
program install.tree/configure true
program install.bin/sudo 'exec "$@"'
program install.bin/ldconfig "ln -s \"\$(dirname \"\$(find '$root' -name libclgrpo.so)\")\" '$PWD/install.libs'"
program install.bin/make "exec $(command -v make) -s -C '$top_builddir' DESTDIR='$root' \"\$@\""
program install.bin/cc "exec ${CC:-cc} \"\$@\""
program install.bin/pkg-config "PKG_CONFIG_PATH=\$(dirname \"\$(find '$root' -name clgrpo.pc)\") PKG_CONFIG_SYSROOT_DIR='$root' \\
    $(command -v pkg-config) --define-variable=prefix='$root${prefix:-/usr/local}' \"\$@\" | sed 's|$root$root|$root|g'"
sed -n '/^## The library/,/^`man/s/^    //p' "$srcdir/README.md" >install.readme
[ "$(grep -c '&&' install.readme)" = 2 ] || { echo "README has other commands for the library:"; cat install.readme; exit 1; }
sanitizers=
while read -r line; do
    (cd install.tree && PATH=$PWD/../install.bin:$PATH LD_PRELOAD=$sanitizers LD_LIBRARY_PATH=$PWD/../install.libs sh -ec "$line") \
        >install.out 2>install.log || { echo "README: $line"; tail -n 20 install.log; exit 1; }
    # a library built with sanitizers wants their runtimes in the process before itself
    lib=$(dirname "$(find "$root" -name libclgrpo.so)")
    sanitizers=$(LD_LIBRARY_PATH=$lib ldd "$lib/libclgrpo.so" | awk '/lib(asan|ubsan)/ {print $3}' | tr '\n' ' ')
done <install.readme
cat install.out
grep -q 'group 0  reward 1.0  advantage +1.0000' install.out
grep -q 'group 1  reward 0.1  advantage +0.0000' install.out
if command -v python3 >/dev/null; then
    LD_PRELOAD=$sanitizers LD_LIBRARY_PATH=$lib python3 "$srcdir/examples/advantage.py" >install.out.py
    cmp install.out install.out.py
    calc=$(find "$root" -path '*/clgrpo/examples/calc.py')
    [ "$(echo '{"expression": "6 * (2026 - 2019)"}' | "$calc")" = 42 ] || { echo "the tool of the manual does not work"; exit 1; }
    [ -s "${calc%.py}.json" ] || { echo "the tool of the manual has no schema"; exit 1; }
fi
man=$(dirname "$(find "$root" -name clgrpo.3)")
for name in $(nm -D --defined-only "$lib/libclgrpo.so" | awk '{ print $3 }'); do
    page=$(sed -n '1s/^\.so man3\///p' "$man/$name.3")
    grep -q "^\.Nm $name\( ,\)*$" "$man/${page:-$name.3}" || { echo "$name: no page, or one of something else"; exit 1; }
done
# tuning and tiers are no part of the interface, and the programs that look at them run without the shared library
find "$root" -name '*.h' | sed 's|.*/||' | sort >install.headers
[ "$(wc -l <install.headers)" -ge 6 ] && ! grep -vxE 'clgrpo(_[a-z]+)?\.h' install.headers || { echo "headers:"; cat install.headers; exit 1; }
# shellcheck disable=SC2046
inside=$(grep -lE 'clgrpo_(tune|tier)|CLGRPO_(TUNE|TIER)_' $(find "$root" -name '*.h') || true)
[ -z "$inside" ] || { echo "tuning or tiers in $inside"; exit 1; }
for program in clgrpo-info clgrpo-tune; do
    file=$(find "$root" -type f -name "$program")
    LD_PRELOAD=$sanitizers "$file" --help >install.help && [ -s install.help ] || { echo "$program does not run"; exit 1; }
done
make -s -C "$top_builddir" uninstall DESTDIR="$root" >install.log 2>&1
left=$(find "$root" -type f -o -type l)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
rm -rf "$root" install.*
