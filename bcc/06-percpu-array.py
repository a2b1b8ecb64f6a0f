#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count calls of read(), write(), openat() and close() on each CPU.

# --- includes ---
import argparse
import signal
from time import sleep

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count file system calls on each CPU")
parser.add_argument("-p", "--pid", type=int, default=0, help="only those of this process")
args = parser.parse_args()

bpf_text = """
/* --- types --- */
enum { CALL_READ, CALL_WRITE, CALL_OPENAT, CALL_CLOSE, NR_CALLS };

/* --- maps --- */
BPF_PERCPU_ARRAY(counts, u64, NR_CALLS);

/* --- helpers --- */
static inline int count_call(int call)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;

    if (!TARGET_PID || pid == TARGET_PID)
        counts.increment(call);
    return 0;
}

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_enter_read)
{
    return count_call(CALL_READ);
}

TRACEPOINT_PROBE(syscalls, sys_enter_write)
{
    return count_call(CALL_WRITE);
}

TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    return count_call(CALL_OPENAT);
}

TRACEPOINT_PROBE(syscalls, sys_enter_close)
{
    return count_call(CALL_CLOSE);
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions", "-DTARGET_PID=%d" % args.pid])

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-7s %-8s %-10s %-8s %s" % ("CALL", "TOTAL", "AVERAGE", "MOST", "CPUS"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
counts = b["counts"]
for call, name in enumerate(["read", "write", "openat", "close"]):
    total, most = counts.sum(call).value, counts.max(call).value
    cpus = " ".join(str(count) for count in counts[call])
    row = (name, total, counts.average(call), most, cpus)
    print("%-7s %-8d %-10.2f %-8d %s" % row, flush=True)
