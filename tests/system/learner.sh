#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A learner's evening with exercise 01, in a real terminal (tmux): watch, save, hint, list, check, diff,
# shell, solution, reset. It happens in a copy of the tree, so no one's work is touched.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
socket=$work/tmux
end_test()
{
    tmux -S "$socket" kill-server 2>/dev/null || :
}
exercise=exercises/01-kprobe-counter
solution=solutions/01-kprobe-counter

screen()
{
    tmux -S "$socket" capture-pane -p -J -t learner
}

# see WHAT [KEY]: waits until the screen shows it, and types the key once a second.
see()
{
    local end=$((SECONDS + 240)) typed=-1
    until screen | grep -qE -- "$1"; do
        [ $SECONDS -lt $end ] || fail "the screen never showed '$1' but:" "$(screen)"
        [ -z "${2-}" ] || [ $typed = $SECONDS ] || type_keys "$2"
        typed=$SECONDS
        sleep 0.1
    done
}

type_keys()
{
    tmux -S "$socket" send-keys -t learner "$@"
}

# Ctrl-C is the pager's, which goes on. It loses a key that comes while it sees to that.
interrupt_pager()
{
    see '^:'
    type_keys C-c
    see '\(END\)' G
    type_keys q
}

# type_command COMMAND: on an empty screen; see_end waits until it has ended.
commands=0
type_command()
{
    commands=$((commands + 1))
    see 'ready>'
    type_keys "clear; $1; echo end $commands" Enter
}

see_end()
{
    see "^end $commands\$"
}

# The terminal edits lines and shows what is typed. dash, unlike bash, leaves it as a command left it.
usable()
{
    type_command 'stty -a | grep -oE "(^| )-(icanon|echo) "'
    see_end
    screen | grep -qE '^ ?-(icanon|echo)' && fail "$1 left the terminal raw:" "$(screen)"
    return 0
}

export NO_COLOR=1
expect 'untouched +01-kprobe-counter' "$(./workbook list)"

# --- watch: a failing starter, hints, a save that mends it ---
tmux -S "$socket" new-session -d -s learner -x 100 -y 60 'PS1="ready> " dash'
see 'ready>'
type_keys './workbook watch 01 --kernel 6.12' Enter
see 'not passed'
see 'q quit'
type_keys h
see 'of 3\)'
type_keys l
see 'started +01-kprobe-counter'
type_keys c
see 'not passed yet'
type_keys d
interrupt_pager
see 'q quit'
# An editor that writes a new file and renames it; twice at once is one check.
for file in "$solution"/*; do
    cp "$file" "$exercise/.new"
    mv "$exercise/.new" "$exercise/${file##*/}"
done
start=$(date +%s%N)
see 'match: BCC, libbpf and the truth agree'
echo "from save to verdict: $((($(date +%s%N) - start) / 1000000)) ms"
# A save during a check starts over with the new text.
echo '#error not this one' >>"$exercise/kprobe-counter.c"
sleep 0.2
cp "$solution/kprobe-counter.c" "$exercise/"
see 'match: BCC, libbpf and the truth agree'
type_keys n
see 'exercises/02-'
type_keys q
usable watch

# --- the same commands by hand ---
type_command './workbook check 01 --kernel 6.12'
see_end
see 'match: BCC, libbpf and the truth agree'
type_command './workbook list'
see_end
see 'started +01-kprobe-counter .* 6\.12$'
type_command './workbook diff 01'
see '  (\||│) '
interrupt_pager
see_end
usable diff

# --- check: all kernels; then the solution may be seen ---
said=$(./workbook check 01) || fail 'the solution does not pass:' "$said"
expect 'passed on all kernels' "$said"
expect 'passed +01-kprobe-counter' "$(./workbook list --passed)"
[ "$(./workbook list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["units"][0]["state"])')" = passed ] ||
    fail 'list --json does not say passed'
expect '==> .*solutions/01' "$(./workbook solution 01)"
./workbook check 01 --kernel 6.12 --json | python3 -c '
import json, sys
told = json.load(sys.stdin)
assert told["built"] and told["runs"][0]["outcome"] == "match", told'

# --- mistakes ---
echo 'int x' >>"$exercise/kprobe-counter.bpf.c"
status=0
said=$(./workbook check 01 2>&1) || status=$?
[ $status = 1 ] || fail "a file that does not compile: exit status $status, not 1" "$said"
expect 'kprobe-counter.bpf.c:[0-9]+:[0-9]+: error' "$said"
expect 'edited' "$(./workbook list)"
said=$(./workbook check 99 2>&1) && fail 'unit 99 exists?'
expect '99' "$said"

# --- a long wait is named ---
cp "$solution"/* "$exercise/"
sed -i 's/^\tprintf("%-8s/\tsleep(3);\n&/' "$exercise/kprobe-counter.c"
said=$(./workbook check 01 --kernel 6.12 2>&1) || fail 'a slow start is no mistake:' "$said"
expect '^kernel 6.12: libbpf: waiting for its header line \(up to 20 s\)' "$said"

# --- reset keeps the learner's file ---
said=$(./workbook reset 01)
expect 'starter is back' "$said"
expect 'kprobe-counter.bpf.c.[0-9]+-[0-9]+' "$said"
while read -r id name; do
    is_starter "$id" "$exercise/$name" || fail 'reset did not bring the starter back'
done <"$exercise/starter.ids"
ls "$exercise"/kprobe-counter.bpf.c.2* >/dev/null || fail 'no backup'

# --- narrow, plain, ASCII ---
# at_width COLUMNS COMMAND...: what a terminal shows goes into $said; all of it must fit.
at_width()
{
    local wide
    said=$(COLUMNS=$1 script -qec "./workbook ${*:2}" /dev/null | tr -d '\r') || :
    [ -n "$said" ] || fail "$2 shows nothing"
    wide=$(LC_ALL=C.UTF-8 grep -E "^.{$(($1 + 1)),}" <<<"$said") || return 0
    fail "${*:2}: wider than $1 columns:" "$wide"
}

for columns in 40 60; do
    for command in 'hint 01' list 'image --list' --help 'check 99' 'diff 01 --plain'; do
        at_width $columns "$command"
    done
done
for command in src/cmd_*.c; do
    command=${command#*_}
    at_width 60 "${command%.c}" --help
    expect Usage "$said"
done
NO_COLOR='' TERM=xterm at_width 200 list
expect $'\033' "$said"
NO_COLOR='' TERM=dumb at_width 200 list
grep -q $'\033' <<<"$said" && fail 'a dumb terminal gets colour'
said=$(LC_ALL=C ./workbook diff 01 --width 60)
[ "$(awk '{ if (length($0) > 60) n++ } END { print n + 0 }' <<<"$said")" = 0 ] ||
    fail 'diff is wider than 60 columns'
grep -qP '[^\x00-\x7f]' <<<"$said" && fail 'diff shows non-ASCII text in the C locale'
grep -q $'\033' <<<"$said" && fail 'diff shows escape sequences in a pipe'

# --- shell: job control, window size, nothing left ---
type_keys './workbook shell --kernel 6.12 01' Enter
see 'workbook:/workbook#'
type_keys 'uname -r; stty size' Enter
see '^6\.12'
see '^60 100'
tmux -S "$socket" resize-window -t learner -x 90 -y 50
type_keys 'sleep 0.3; stty size' Enter
see '^50 90'
# The job tells when it has the terminal: a key that comes earlier is nobody's.
type_keys "sh -c 'trap \"echo on again\" CONT; echo begun; while :; do sleep 1; done'" Enter
see '^begun'
type_keys C-z
see 'Stopped'
type_keys 'fg' Enter
see '^on again'
type_keys C-c
type_keys 'expr 6 \* 7' Enter
see '^42'
type_keys 'exit' Enter
see 'ready>'
echo 'a learner could do all of it'
