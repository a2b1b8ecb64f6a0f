#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the context switches of each thread under each of its names.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>
#include <linux/version.h>

/* --- types --- */
struct thread_key_t {
    u32 pid;
    u32 tid;
    char comm[TASK_COMM_LEN];
};

struct switches_t {
    u64 ins;
    u64 vol;
    u64 invol;
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define __state state
#endif

/* --- maps --- */
BPF_HASH(counts, struct thread_key_t, struct switches_t, 10240);

/* --- probe --- */
RAW_TRACEPOINT_PROBE(sched_switch)
{
    bool preempt = ctx->args[0];
    struct task_struct *prev = (struct task_struct *)ctx->args[1];
    struct task_struct *next = (struct task_struct *)ctx->args[2];
    struct thread_key_t from = {}, to = {};
    struct switches_t zero = {}, *switches;

    from.pid = prev->tgid;
    from.tid = prev->pid;
    bpf_probe_read_kernel_str(from.comm, sizeof(from.comm), prev->comm);
    switches = counts.lookup_or_try_init(&from, &zero);
    if (switches && !preempt && prev->__state)
        lock_xadd(&switches->vol, 1);
    else if (switches)
        lock_xadd(&switches->invol, 1);

    to.pid = next->tgid;
    to.tid = next->pid;
    bpf_probe_read_kernel_str(to.comm, sizeof(to.comm), next->comm);
    switches = counts.lookup_or_try_init(&to, &zero);
    if (switches)
        lock_xadd(&switches->ins, 1);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
row = "%-8s %-8s %-8s %-8s %-8s %s"
print(row % ("PID", "TID", "IN", "VOL", "INVOL", "COMM"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for key, n in b["counts"].items():
    comm = key.comm.decode("utf-8", "replace")
    print(row % (key.pid, key.tid, n.ins, n.vol, n.invol, comm), flush=True)
