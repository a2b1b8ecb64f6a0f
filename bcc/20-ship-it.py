#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the processes and threads that each process starts.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct started_t {
    u64 processes;
    u64 threads;
};

/* --- maps --- */
BPF_HASH(counts, u32, struct started_t, 10240);

/* --- probe --- */
RAW_TRACEPOINT_PROBE(sched_process_fork)
{
    struct task_struct *parent = (struct task_struct *)ctx->args[0];
    struct task_struct *child = (struct task_struct *)ctx->args[1];
    struct started_t zero = {}, *started;
    u32 pid = parent->tgid;

    started = counts.lookup_or_try_init(&pid, &zero);
    if (!started)
        return 0;
    if (child->pid == child->tgid)
        lock_xadd(&started->processes, 1);
    else
        lock_xadd(&started->threads, 1);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-9s %s" % ("PID", "PROCESSES", "THREADS"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for pid, started in b["counts"].items():
    print("%-8d %-9d %d" % (pid.value, started.processes, started.threads), flush=True)
