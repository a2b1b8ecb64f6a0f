#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each SIGURG that is sent: the process that gets it, and its forebears.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = r"""
/* --- includes --- */
#include <linux/sched.h>
#include <linux/sched/signal.h>

/* --- types --- */
#define MAX_DEPTH 32

struct event {
    u32 pid;
    u32 ppid;
    u32 threads;
    char parent[TASK_COMM_LEN];
    char top[TASK_COMM_LEN];
    char name[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
RAW_TRACEPOINT_PROBE(signal_generate)
{
    struct task_struct *task = (struct task_struct *)ctx->args[2];
    struct task_struct *top = task;
    struct event e = {};

    if (ctx->args[0] != SIGURG)
        return 0;
    for (int i = 0; i < MAX_DEPTH && top->real_parent->tgid > 1; i++)
        top = top->real_parent;

    e.pid = task->tgid;
    e.ppid = task->real_parent->tgid;
    e.threads = task->signal->nr_threads;
    bpf_probe_read_kernel_str(e.parent, sizeof(e.parent), task->real_parent->group_leader->comm);
    bpf_probe_read_kernel_str(e.top, sizeof(e.top), top->group_leader->comm);
    bpf_probe_read_kernel_str(e.name, sizeof(e.name), task->group_leader->comm);
    events.perf_submit(ctx, &e, sizeof(e));
    return 0;
}
"""

# --- helpers ---
exiting = False


def sig_handler(signum, frame):
    global exiting
    exiting = True


signal.signal(signal.SIGINT, sig_handler)
signal.signal(signal.SIGTERM, sig_handler)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- output ---
row = "%-7s %-7s %-7s %-15s %-15s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    names = [name.decode("utf-8", "replace") for name in (e.parent, e.top, e.name)]
    print(row % (e.pid, e.ppid, e.threads, *names), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "PPID", "THREADS", "PARENT", "TOP", "NAME"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_raw_tracepoint(b"signal_generate")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
