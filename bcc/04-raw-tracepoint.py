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
struct starter_t {
    u32 pid;
    char comm[TASK_COMM_LEN];
};

struct started_t {
    u64 processes;
    u64 threads;
};

/* --- maps --- */
BPF_HASH(counts, struct starter_t, struct started_t, 10240);

/* --- probe --- */
RAW_TRACEPOINT_PROBE(sched_process_fork)
{
    struct task_struct *parent = (struct task_struct *)ctx->args[0];
    struct task_struct *child = (struct task_struct *)ctx->args[1];
    struct started_t zero = {}, *started;
    struct starter_t key = {};

    key.pid = parent->tgid;
    bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), parent->group_leader->comm);
    started = counts.lookup_or_try_init(&key, &zero);
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
print("%-8s %-9s %-8s %s" % ("PID", "PROCESSES", "THREADS", "COMM"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for key, started in b["counts"].items():
    comm = key.comm.decode("utf-8", "replace")
    print("%-8d %-9d %-8d %s" % (key.pid, started.processes, started.threads, comm), flush=True)
