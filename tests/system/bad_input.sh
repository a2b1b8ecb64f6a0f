#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Whatever is wrong with what a user gives: one clear message that names it and the mend, exit code 1
# (the program) or 2 (usage, set-up), nothing left running.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
exercise=exercises/01-kprobe-counter
tool=$exercise/kprobe-counter.c
probe=$exercise/kprobe-counter.bpf.c

# told CODE WHAT COMMAND...: it must end with CODE and say WHAT.
told()
{
    local code=$1 what=$2 status=0 said
    shift 2
    said=$("$@" 2>&1 </dev/null) || status=$?
    [ "$status" = "$code" ] || fail "exit status $status, not $code: $*" "$said"
    expect "$what" "$said"
    printf '%s: %s\n' "$*" "$(grep -E -m 1 -- "$what" <<<"$said")"
    ! pgrep -f "$work" >/dev/null || fail "left running after $*:" "$(pgrep -af "$work")"
}

# exercise WHAT SED FILE: the solution with one change must end in WHAT.
changed()
{
    cp solutions/01-kprobe-counter/* $exercise/
    sed -i "$2" "$3"
    ! cmp -s "$3" "solutions/01-kprobe-counter/${3##*/}" || fail "nothing changed: $2"
    told 1 "$1" ./workbook run 01 --exercise --kernel 6.12
}

# --- the command line ---
told 2 'unknown: no such command.*--help' ./workbook unknown
told 2 '99.*' ./workbook run 99
for command in shell prepare; do
    said=$(./workbook $command 99 2>&1) && fail "$command 99 did something"
    [ "$(wc -l <<<"$said")" = 1 ] || fail "$command 99 began before it knew the unit:" "$said"
    expect '99: no such unit' "$said"
done
told 2 '5\.9.*(5\.10|kernel)' ./workbook run 01 --kernel 5.9
told 2 '99: no such unit' ./workbook test --pairs 01 99
told 2 "'12abc'" ./workbook run 01 --seed 12abc
told 2 "from 1 to [0-9]+, not '0'" ./workbook run 01 --jobs 0
told 2 'no such mistake; there are: .*thread-id' ./workbook run 01 --wrong nope
told 2 'only one of --exercise, --solution' ./workbook run 01 --exercise --solution
told 2 'which unit' ./workbook run
told 2 'standard output: Bad file descriptor' sh -c './workbook list >&-'
said=$(./workbook doctor <&-)
expect '^nothing is missing' "$said"
told 2 'bash or zsh' ./workbook completion fish

# --- the learner's program ---
changed 'kprobe-counter.bpf.c:[0-9]+:[0-9]+: error' 's/return 0;/return 0/' $probe
told 1 'kprobe-counter does not compile \([0-9.]+ s\); mend' ./workbook check 01 --kernel 6.12
changed "$exercise/kprobe-counter.bpf.c:[0-9]+: " 's/^\tif (count)$/\tif (1)/' $probe
changed 'attach' 's/ksyscall\/openat/ksyscall\/opennothing/' $probe
changed 'no header line' 's/^\tprintf("%-8s.*$//' $tool
changed 'more than 8 MB' 's/^\twhile (!exiting)$/\tfor (;;)/; s/^\t\tsleep(1);/\t\tprintf("%999d\\n", 1);/' $tool
changed 'signal 11' 's/^\t\tsleep(1);/\t\t*(volatile int *)0 = 1;/' $tool
changed 'still running' 's/^\tsignal(SIGINT, sig_handler);/\tsignal(SIGINT, SIG_IGN);/' $tool
changed 'killed by signal 2' 's/^\tsignal(SIGINT, sig_handler);//' $tool
changed 'exit status 1' 's/^\treturn err ? 1 : 0;/\treturn 1;/' $tool

# --- rows that are not the truth, each seen ---
changed 'first row missing' 's/^\tcount = bpf_map_lookup.*/\tif (*key.comm == 0x61)\n\t\treturn 0;\n&/' $probe
changed 'only column COUNT differs' 's/key.pid, count, key.comm/key.pid, count + 1, key.comm/' $tool
changed 'first row missing' 's/^\t\tprintf("%-8u/\t\tstatic int left_out;\n\t\tif (*key.comm != 0x77 || left_out++)\n\t&/' $tool
changed 'printed twice' 's/^\t\tprintf("%-8u.*/&\n&/' $tool
changed "parent's" 's/%-8u %-8llu %s.n", key.pid, count/%-8llu %-8u %s\\n", count, key.pid/' $tool
changed 'thread IDs' 's/ >> 32;/;/' $probe
changed 'drop them' 's/^\terr = print_counts.*/\terr = 0;/' $tool
changed 'ends in the middle of line' 's/^\terr = print_counts.*/&\n\tprintf("1203     2");/' $tool

# --- a prototype that does not start: told once, whose fault it is, and not tried again ---
sed -i '0,/^import/s//raise SystemExit("broken on purpose")\n&/' $exercise/prototype.py
told 2 'prototype.py: ended before it was ready' ./workbook run 01 --exercise --kernel 6.12
[ "$(./workbook run 01 --exercise --kernel 6.12 2>&1 | grep -c 'broken on purpose')" = 1 ] ||
    fail 'the prototype was started more than once'

# --- starters that git does not have ---
head=$(git rev-parse HEAD)
mv .git "$work/git"
told 2 'new clone of the project: fatal: not a git repository' ./workbook reset 01
[ -n "$(./workbook reset 01 2>&1 | tail -n 1)" ] || fail 'reset ends in an empty line'
git init -q .
told 2 'new clone of the project: fatal: .*bad file' ./workbook reset 01
echo "$head" >.git/shallow
told 2 'git fetch --unshallow' ./workbook reset 01
rm -r .git
mv "$work/git" .git

# --- the machine ---
# without TOOL: a folder for PATH that has all but that.
without()
{
    mkdir "$work/without-$1"
    find /usr/bin /usr/sbin /bin /sbin -maxdepth 1 ! -name "$1" -exec ln -sf {} "$work/without-$1/" \;
    echo "$work/without-$1"
}
told 2 'qemu.*(install|apt-get)' env PATH="$(without qemu-system-x86_64)" ./workbook run 01 --kernel 6.12
git checkout -q -- $exercise
rm -f .progress
for tool in clang make; do
    PATH=$(without $tool) told 2 "$tool: not found; .*apt-get install $tool" ./workbook check 01 --kernel 6.12
    PATH=$work/without-$tool told 1 "^missing +$tool" ./workbook doctor
done
[ ! -e .progress ] || fail 'a missing tool was noted as a mistake of the learner' "$(cat .progress)"
told 2 'mmdebstrap.*(install|apt-get)' env PATH="$(without mmdebstrap)" XDG_CACHE_HOME="$work/none" \
    ./workbook image 6.12
told 2 '127.0.0.1|network|mirror' env XDG_CACHE_HOME="$work/empty" \
    WORKBOOK_MIRROR=http://127.0.0.1:9 ./workbook image 6.12
mv build/vmlinux.h build/vmlinux.from "$work/"
told 2 '127.0.0.1|network|mirror' env XDG_CACHE_HOME="$work/empty" \
    WORKBOOK_MIRROR=http://127.0.0.1:9 ./workbook check 01 --kernel 6.12
mv "$work"/vmlinux.* build/
told 2 'VMLINUX_BTF=/none: no such file' env VMLINUX_BTF=/none ./workbook check 01 --kernel 6.12
[ ! -e .progress ] || fail 'missing types were noted as a mistake of the learner' "$(cat .progress)"
mkdir "$work/full"
export work real=${XDG_CACHE_HOME:-$HOME/.cache}/bcc-to-libbpf
# shellcheck disable=SC2016 # the other shell's variables
told 2 'MB free, a snapshot needs.*XDG_CACHE_HOME' unshare -rm sh -c '
    mount -t tmpfs -o size=200M none "$work/full" && mkdir "$work/full/bcc-to-libbpf" &&
    ln -s "$real/images" "$work/full/bcc-to-libbpf/images" &&
    WORKBOOK_ACCEL=tcg XDG_CACHE_HOME=$work/full ./workbook run 01 --kernel 6.12'
echo 'every mistake was told'
