#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every page is lint-clean, every public function and every program has one that says what the header and --help say, and every name and
# reference leads somewhere.
set -eu
status=0
fail() {
    echo "$*"
    status=1
}
if [ -n "${MANDOC:-}" ]; then
    for page in "$srcdir"/man/*.[1-9]; do
        # -W style without the complaint about the operating system that a page of another system gets
        out=$("$MANDOC" -T lint -W warning "$page" 2>&1) || fail "$out"
    done
else
    echo "mandoc is missing: pages not linted"
fi

# Prototypes without white space, of the headers and of the pages' synopses: they are the same.
for header in "$srcdir"/lib/clgrpo*.h; do
    sed ':macro
        /^#.*\\$/{ N; s/\\\n//; b macro
        }
        s/^#.*//; s,/\*.*\*/,,; /\/\*/,/\*\//d; s/ CLGRPO_MUST_CHECK;/;/; s/^extern "C" {//; s/^CLGRPO_DEFINE_INIT(\([a-z_]*\),.*)$/struct \1 \1_init(void);/' "$header"
done >manuals.declared
tr -d ' \t\n' <manuals.declared | tr ';{}' '\n\n\n' | grep -E 'clgrpo_[a-z0-9_]+\(' | sort >manuals.header
for page in "$srcdir"/man/*.3; do
    awk '
    function strings(line,  text, part, n, i) { # what stands in quotes, or the bare word
        if (line !~ /"/)
            return line
        n = split(line, part, "\"")
        for (i = 2; i <= n; i += 2)
            text = text (i > 2 ? "," : "") part[i]
        return text
    }
    /^\.Sh/ { synopsis = $2 == "SYNOPSIS" }
    !synopsis { next }
    $1 == ".Ft" { type = substr($0, 5) }
    $1 == ".Fo" { name = $2; list = "" }
    $1 == ".Fa" { list = list (list == "" ? "" : ",") strings(substr($0, 5)) }
    $1 == ".Fc" { print type name "(" list ")" }
    $1 == ".Fn" { print type $2 "(" strings(substr($0, length($2) + 6)) ")" }' "$page"
done | tr -d ' \t' | sort >manuals.synopsis
[ "$(wc -l <manuals.header)" -gt 40 ] || fail "the headers declare too few functions: the test is broken"
diff manuals.header manuals.synopsis || fail "the headers (<) and the synopses of the pages (>) differ"

# A name in section 3 is the page's or a public function, and each function is a name once; elsewhere the page's name is the only one.
grep -oE 'clgrpo_[a-z0-9_]+\(' manuals.declared | tr -d '(' | sort >manuals.functions
for page in "$srcdir"/man/*.[1-9]; do
    file=${page##*/}
    echo "${file%.*} ${file##*.}" >>manuals.pages
    sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$page" >manuals.names
    case $file in
    *.3) cat manuals.names >>manuals.named ;;
    *) [ "$(cat manuals.names)" = "${file%.*}" ] || fail "$file: its name is not that of the file" ;;
    esac
done
sort manuals.named | uniq -d | while read -r name; do echo "two pages name $name"; done | grep . && status=1
sort -u manuals.named | comm -13 - manuals.functions | sed 's/^/no page has the name /' | grep . && status=1
sort -u manuals.named | comm -23 - manuals.functions | while read -r name; do
    [ -f "$srcdir/man/$name.3" ] || echo "nothing is called $name, which a page has as a name"
done | grep . && status=1
# Functions in the text are public ones, but for clgrpo_OP, which stands for any.
cat "$srcdir"/man/*.[1-9] | awk '/^\./ { for (i = 1; i < NF; i++) if ($i ~ /^\.?F[no]$/) print $(i + 1) }' | grep '^clgrpo_' |
    grep -v '^clgrpo_OP' | sort -u | comm -23 - manuals.functions |
    sed 's/^/no function is called /; s/$/, which a page mentions/' | grep . && status=1

# Every reference leads to a page of the project, an alias of one, or one of these.
printf '%s\n' 'gzip 1' 'sqlite3 1' >>manuals.pages
sed 's/$/ 3/' manuals.functions >>manuals.pages
for page in "$srcdir"/man/*.[1-9]; do
    awk '/^\./ { for (i = 1; i <= NF; i++) if ($i == "Xr" || $i == ".Xr") print $(i + 1), $(i + 2) }' "$page" | sort -u |
        while read -r name section; do
            grep -Fxq -- "$name $section" manuals.pages || echo "${page##*/}: there is no $name($section)"
        done
done | grep . && status=1

# as mgrpo --help lists them
commands=$("${top_builddir:-.}/mgrpo" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')
[ "$(echo "$commands" | wc -w)" -ge 11 ] || fail "mgrpo --help lists no commands"
for program in mgrpo clgrpo-bench clgrpo-info clgrpo-tune; do
    [ -f "$srcdir/man/$program.1" ] || fail "no page for $program"
done
for command in $commands; do
    [ -f "$srcdir/man/mgrpo-$command.1" ] || fail "no page for mgrpo $command"
done
# what --help of a command lists is in its page, and the other way round
for command in $commands; do
    "${top_builddir:-.}/mgrpo" "$command" --help | sed -n 's/^ *\(-[a-zA-Z], \)*--\([a-z-]*\).*/\2/p' | sort >manuals.help
    sed -n '/^\.\(It\|Op\|Fl\)/s/ / /p' "$srcdir/man/mgrpo-$command.1" | grep -o ' -[a-z][a-z-]*' |
        sed 's/^ -//' | sort -u >manuals.page
    diff manuals.help manuals.page || fail "mgrpo-$command.1: --help (<) and the page (>) differ"
done
rm -f manuals.*
exit $status
