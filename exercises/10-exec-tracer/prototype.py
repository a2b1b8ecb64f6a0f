#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each process that ends: how long it lived, and what its parent will hear from wait().

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>
#include <linux/sched/signal.h>

/* --- types --- */
struct process {
    u64 start;
    u64 pid;
};

struct event {
    u64 age_ns;
    u32 pid;
    u32 status;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_TABLE("lru_hash", struct process, u8, ended, 1024);
BPF_PERF_OUTPUT(events);

/* --- probe --- */
TRACEPOINT_PROBE(sched, sched_process_exit)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct task_struct *leader = task->group_leader;
    struct process process = { .start = leader->start_time, .pid = task->tgid };
    struct event e = {};
    u8 yes = 1;

    if (task->signal->live.counter) /* other threads live on */
        return 0;
    if (ended.insert(&process, &yes)) /* two threads can find that none is left */
        return 0;
    e.pid = process.pid;
    e.age_ns = bpf_ktime_get_ns() - process.start;
    e.status = leader->exit_code;
    if (task->signal->flags & SIGNAL_GROUP_EXIT)
        e.status = task->signal->group_exit_code;
    bpf_probe_read_kernel_str(e.comm, sizeof(e.comm), leader->comm);
    events.perf_submit(args, &e, sizeof(e));
    return 0;
}
"""

# --- helpers ---
exiting = False


def sig_handler(signum, frame):
    global exiting
    exiting = True


def clean(raw):
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in raw)


signal.signal(signal.SIGINT, sig_handler)
signal.signal(signal.SIGTERM, sig_handler)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- output ---
row = "%-7s %-6s %-5s %-7s %-5s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    tenths = e.age_ns // 100000000
    age = "%d.%d" % (tenths // 10, tenths % 10)
    core = "yes" if e.status & 0x80 else "no"
    comm = clean(e.comm)
    print(row % (e.pid, age, e.status >> 8 & 0xFF, e.status & 0x7F, core, comm), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "AGE", "CODE", "SIGNAL", "CORE", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_tracepoint("sched:sched_process_exit")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
