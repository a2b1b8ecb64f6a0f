#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count finished calls of read() and write() on each CPU, failed ones, and the largest transfer.

# --- includes ---
import argparse
import signal
from time import sleep

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count read() and write() on each CPU")
parser.add_argument("-p", "--pid", type=int, default=0, help="only calls of this process")
args = parser.parse_args()

bpf_text = """
/* --- types --- */
enum { CALL_READ, CALL_WRITE, NR_CALLS };

struct io {
    u32 count;
    u32 failed;
    u32 largest;
    u32 unused; /* BCC takes multiples of 8 bytes only */
};

/* --- maps --- */
BPF_PERCPU_ARRAY(ios, struct io, NR_CALLS);

/* --- helpers --- */
static inline int count_call(int call, long result)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct io *io;

    if (TARGET_PID && pid != TARGET_PID)
        return 0;
    io = ios.lookup(&call);
    if (!io)
        return 0;
    io->count++;
    if (result < 0)
        io->failed++;
    else if (result > io->largest)
        io->largest = result;
    return 0;
}

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_exit_read)
{
    return count_call(CALL_READ, args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_write)
{
    return count_call(CALL_WRITE, args->ret);
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions", "-DTARGET_PID=%d" % args.pid])

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
row = "%-6s %-4s %-8s %-8s %s"
print(row % ("CALL", "CPU", "COUNT", "FAILED", "LARGEST"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for call, name in enumerate(["read", "write"]):
    ios = b["ios"][call]
    for cpu, io in enumerate(ios):
        print(row % (name, cpu, io.count, io.failed, io.largest), flush=True)
    count, failed = sum(io.count for io in ios), sum(io.failed for io in ios)
    print(row % (name, "all", count, failed, max(io.largest for io in ios)), flush=True)
