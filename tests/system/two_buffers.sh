#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Unit 09's tool finds ring buffers on all four kernels, and can be told to do without: both forms of the one
# binary, side by side, have the same rows, and tell of the same number of calls when too many come.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail()
{
    printf '%s: %s\n' "${0##*/}" "$1"
    [ -z "${2-}" ] || printf '%s\n' "$2"
    exit 1
}

# The guest: four times 23 calls that fit, then 211, of which a page holds 102 records of 40 bytes or 85 of 48.
guest='
cd /tmp
/workbook/09-perf-buffer --pages 1 >ring 2>ring.err &
/workbook/09-perf-buffer --pages 1 --perf >perf 2>perf.err &
until [ -s ring ] && [ -s perf ]; do sleep 0.1; done
bpftool map show | grep -o "[a-z_]* *name events" | sort | sed "s/^/SAID /"
call() { python3 -c "import os
f = os.memfd_create(str())
for i in range($1): os.ftruncate(f, i)"; }
rows() { [ "$(grep -c python3 ring)" -ge $1 ] && [ "$(grep -c python3 perf)" -ge $1 ]; }
for i in 1 2 3 4; do kill -STOP %1 %2; call 23; kill -CONT %1 %2; until rows $((i * 23)); do sleep 0.1; done; done
cmp ring perf && echo SAID same
kill -STOP %1 %2
call 211
kill -CONT %1 %2
kill -INT %1 %2
wait
echo SAID ring $(grep -c python3 ring) $(cat ring.err)
echo SAID perf $(grep -c python3 perf) $(cat perf.err)
exit
'
want='SAID perf_event_array  name events
SAID ringbuf  name events
SAID same
SAID ring 194 lost 109 events
SAID perf 177 lost 126 events'
for kernel in 5.10 6.1 6.12 latest; do
    said=$(./workbook shell --kernel "$kernel" 09 <<<"$guest" 2>&1 | tr -d '\r') || fail "no shell on $kernel:" "$said"
    [ "$(grep '^SAID' <<<"$said")" = "$want" ] || fail "on $kernel, this is not what was expected:" "$said"
done
echo 'both forms tell the same'
