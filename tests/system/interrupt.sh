#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# However and whenever `workbook run` is ended, nothing stays behind: no process, no temporary file, no
# half-made snapshot. ROUNDS (default 8) moments are tried with Ctrl-C and as many with kill -9.
set -eu
cd "$(dirname "$0")/../.."
rounds=${ROUNDS:-8}
real=${XDG_CACHE_HOME:-$HOME/.cache}/bcc-to-libbpf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bcc-to-libbpf"
ln -s "$real/images" "$work/bcc-to-libbpf/images"
[ ! -e "$real/kvm" ] || cp "$real/kvm" "$work/bcc-to-libbpf/"
export XDG_CACHE_HOME="$work"
store=$work/bcc-to-libbpf/snapshots

left_behind()
{
    # Processes are told by the cache folder in their arguments or environment.
    for p in /proc/[0-9]*; do
        [ "$p" = "/proc/$$" ] && continue
        case $(tr '\0' ' ' 2>/dev/null <"$p/cmdline") in
        *"$work"* | *"workbook run"*) ! grep -qsz "XDG_CACHE_HOME=$work" "$p/environ" || echo "process ${p#/proc/}: $(tr '\0' ' ' <"$p/cmdline")" ;;
        esac
    done
    find "$store" -name 'tmp.*' -o -name '*.lock' 2>/dev/null
    find "$work/bcc-to-libbpf" -maxdepth 1 -name 'tmp*'
}

# The first run finds out how long one takes from nothing.
start=$(date +%s%N)
./workbook run 01 --kernel 6.12 >/dev/null 2>&1
span=$((($(date +%s%N) - start) / 1000000))

try()
{
    signal=$1
    round=$2
    # Every other round makes the snapshot anew, so that both ways are hit.
    if [ $((round % 2)) = 0 ]; then
        rm -rf "$store"
        mkdir "$store"
        moment=$(($(od -An -N4 -tu4 /dev/urandom) % span))
    else
        moment=$(($(od -An -N4 -tu4 /dev/urandom) % 1500))
    fi
    delay=$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))
    timeout --foreground -s "$signal" "$delay" ./workbook run 01 --kernel 6.12 >"$work/log" 2>&1 || :
    # What kill -9 leaves goes when the kernel tells the children, and at the next start.
    for _ in $(seq 100); do
        left=$(left_behind)
        [ -n "$left" ] || break
        sleep 0.2
    done
    if [ -n "$left" ]; then
        printf 'SIG%s after %s s left behind:\n%s\n' "$signal" "$delay" "$left"
        cat "$work/log"
        exit 1
    fi
}

round=0
while [ "$round" -lt "$rounds" ]; do
    try INT "$round"
    try KILL "$round"
    round=$((round + 1))
done
./workbook run 01 --kernel 6.12 >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
echo "$rounds interrupts and $rounds kills, nothing left; the next run matched"
