#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Unit 20's tool takes the kernel's types where the kernel tells them, carries them where it does not, and says
# so when it has none; what it leaves pinned goes on counting, and goes away when it is told to.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail()
{
    printf '%s: %s\n' "${0##*/}" "$1"
    [ -z "${2-}" ] || printf '%s\n' "$2"
    exit 1
}

guest='
cd /tmp
tool=/workbook/20-ship-it pins=/sys/fs/bpf/tool
mkdir $pins
run() { : >out; $tool "$@" >out 2>err & running=$!; until [ -s out ] || ! kill -0 $running; do sleep 0.1; done; }
end() { kill -INT $running; wait $running; }
types() { run -v; end; echo "SAID $1: status $?, from /sys $(grep -c "loading kernel BTF" err)"; }
forks() { python3 -c "import os
for i in range($1):
    pid = os.fork()
    if not pid: os._exit(0)
    os.waitpid(pid, 0)" & }
types told
python3 -c "import ctypes; ctypes.CDLL(None).mount(b\"none\", b\"/sys/kernel/btf\", b\"tmpfs\", 0, None)"
types hidden
setarch x86_64 --uname-2.6 $tool >out 2>err
echo "SAID unknown: status $?, $(grep -c "^20-ship-it: types: this kernel, 2.6.* boot a kernel that" err), rows $(wc -l <out)"
run --pin $pins
forks 23; pid=$!; wait $pid; end
echo SAID first: $(grep "^$pid " out | tr -s " ")  | sed "s/$pid/PID/"
forks 31; pid=$!; wait $pid
run --pin $pins
forks 17; later=$!; wait $later; end
echo SAID second: $(grep "^$pid " out) $(grep "^$later " out) | sed "s/$pid/PID/; s/$later/LATER/"
echo SAID pins: $(ls $pins), programs: $(bpftool prog show | grep -c count_task)
$tool --unpin $pins
echo SAID unpinned: $?, pins: $(ls $pins), programs: $(bpftool prog show | grep -c count_task)
$tool --pin /tmp >out 2>err
echo "SAID elsewhere: status $?, $(grep -c "^20-ship-it: /tmp: .* mount -t bpf" err)"
exit
'
want='SAID told: status 0, from /sys 1
SAID hidden: status 0, from /sys 0
SAID unknown: status 1, 1, rows 0
SAID first: PID 23 0
SAID second: PID 31 0 LATER 17 0
SAID pins: bss counts link, programs: 1
SAID unpinned: 0, pins: , programs: 0
SAID elsewhere: status 1, 1'
for kernel in ${KERNELS:-5.10 6.1 6.12 latest}; do
    said=$(timeout 600 ./workbook shell --kernel "$kernel" 20 <<<"$guest" 2>&1 | tr -d '\r') || fail "no shell on $kernel:" "$said"
    [ "$(grep '^SAID' <<<"$said")" = "$want" ] || fail "on $kernel, this is not what was expected:" "$said"
done
echo 'types from the kernel and from the binary; pins stay and go'
