#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Snapshots: made once by two commands at once, made anew when what they are made of changes or the guest dies on
# the way, kept within their bound; a restored guest has its own random numbers and the right time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
real=${XDG_CACHE_HOME:-$HOME/.cache}/bcc-to-libbpf
mkdir "$work/bcc-to-libbpf"
ln -s "$real/images" "$work/bcc-to-libbpf/images"
[ ! -e "$real/kvm" ] || cp "$real/kvm" "$work/bcc-to-libbpf/"
export XDG_CACHE_HOME=$work
store=$work/bcc-to-libbpf/snapshots

run()
{
    ./workbook run 01 --kernel 6.12 2>&1 || fail 'run: no match:' "$(cat "$work"/log*)"
}

# --- cold: two at once make it once ---
run >"$work/log1" &
run >"$work/log2"
wait $!
made=$(cat "$work"/log* | grep -c 'no snapshot yet')
[ "$made" = 1 ] || fail "two commands at once made the snapshot $made times" "$(cat "$work"/log*)"
rm "$work"/log*

# --- warm: used; stale: not ---
expect 'match: BCC' "$(run)"
! run | grep -q 'no snapshot yet' || fail 'a fresh snapshot was not used'
echo '# another comment' >>bcc/01-kprobe-counter.py
run | grep -q 'no snapshot yet' || fail 'a snapshot of another prototype was used'
[ "$(find "$store" -maxdepth 1 -name '01-kprobe-counter.pair.*' -type d | wc -l)" = 1 ] ||
    fail 'the stale snapshot is still there:' "$(ls "$store")"

# --- a guest that dies while its snapshot is made: told how, and made once more ---
echo '# and another' >>bcc/01-kprobe-counter.py
run >"$work/log" &
until grep -qs 'no snapshot yet' "$work/log" && pkill -KILL -f "^qemu-system-x86_64 .*$store"; do
    kill -0 $! || fail 'there is no guest to kill:' "$(cat "$work/log")"
    sleep 0.05
done
wait $!
expect 'the guest is gone: QEMU was killed by signal 9 \(Killed\)' "$(cat "$work/log")"
expect 'once more' "$(cat "$work/log")"
expect 'match: BCC' "$(cat "$work/log")"

# --- the bound ---
echo '# and a third' >>bcc/01-kprobe-counter.py
WORKBOOK_SNAPSHOTS_MB=1 ./workbook run 01 --kernel 6.12 >/dev/null 2>&1 || fail 'no match with a small store'
[ "$(find "$store" -maxdepth 1 -type d -name '*.6.12.*' | wc -l)" -le 1 ] ||
    fail 'more than the one in use is kept:' "$(ls "$store")"

# --- a cold one is packed, not lost ---
rm -r "$store"
run >/dev/null
pair=$(find "$store" -name '01-kprobe-counter.pair.*' -type d)
cp --sparse=always "$pair/ram" "$work/before"
WORKBOOK_SNAPSHOTS_MB=800 ./workbook run 01 --solution --kernel 6.12 >/dev/null 2>&1 || fail 'no match beside a packed one'
[ "$(find "$pair" -name 'ram*' -size -40M)" = "$(ls "$pair"/ram*)" ] ||
    fail 'the cold snapshot was not packed:' "$(du -am "$store")"
cp -r "$pair" "$work/packed"
run | grep -q 'no snapshot yet' && fail 'the packed snapshot was made anew'
cmp "$work/before" "$pair/ram" || fail 'the packed snapshot has changed'
rm -r "$store"/base.* "$pair"
mv "$work/packed" "$pair"
run | grep -q 'no snapshot yet' || fail 'what was packed against another base was used'

# --- two restored guests ---
for guest in 1 2; do
    start=$(date +%s)
    printf 'head -c 16 /dev/urandom | od -An -tx1\ndate +%%s' |
        timeout 600 ./workbook shell --kernel 6.12 2>/dev/null >"$work/guest$guest"
done
random=$(grep -hE '^( [0-9a-f]{2}){16}$' "$work/guest1" "$work/guest2" | sort -u | wc -l)
[ "$random" = 2 ] || fail 'two restored guests have the same random bytes:' "$(cat "$work"/guest?)"
date=$(grep -E '^[0-9]{10}$' "$work/guest2")
[ "$date" -ge $((start - 1)) ] || fail "the guest's clock is $((start - date)) s late"
[ "$date" -le $(($(date +%s) + 1)) ] || fail "the guest's clock is fast: $date"
echo 'snapshots are made once, never stale, bounded; restored guests differ'
