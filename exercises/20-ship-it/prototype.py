#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the processes that each process starts, and how many of them fail.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct outcome_t {
    u64 started;
    u64 failed;
};

/* --- maps --- */
BPF_HASH(counts, u32, struct outcome_t, 10240);
BPF_HASH(starters, u32, u32, 10240); // of the processes that are running

/* --- probe --- */
RAW_TRACEPOINT_PROBE(sched_process_fork)
{
    struct task_struct *parent = (struct task_struct *)ctx->args[0];
    struct task_struct *child = (struct task_struct *)ctx->args[1];
    struct outcome_t zero = {}, *outcome;
    u32 starter = parent->tgid, pid = child->tgid;

    if (child->pid != child->tgid)
        return 0;
    outcome = counts.lookup_or_try_init(&starter, &zero);
    if (!outcome)
        return 0;
    lock_xadd(&outcome->started, 1);
    starters.update(&pid, &starter);
    return 0;
}

RAW_TRACEPOINT_PROBE(sched_process_exit)
{
    struct task_struct *task = (struct task_struct *)ctx->args[0];
    u32 pid = task->tgid, *starter;
    struct outcome_t *outcome;

    if (task->pid != task->tgid)
        return 0;
    starter = starters.lookup(&pid);
    if (!starter)
        return 0;
    outcome = counts.lookup(starter);
    if (outcome && task->exit_code)
        lock_xadd(&outcome->failed, 1);
    starters.delete(&pid);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-8s %s" % ("PID", "STARTED", "FAILED"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for pid, outcome in b["counts"].items():
    print("%-8d %-8d %d" % (pid.value, outcome.started, outcome.failed), flush=True)
