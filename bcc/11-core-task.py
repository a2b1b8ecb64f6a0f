#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each sync() call: the thread that made it, its process and who started that.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = r"""
/* --- includes --- */
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/version.h>

/* --- types --- */
struct event {
    u64 inode;
    u32 pid;
    u32 tid;
    u32 ppid;
    u32 ptid;
    char leader[TASK_COMM_LEN];
    char parent[TASK_COMM_LEN];
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
int trace_sync(struct pt_regs *ctx)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct event e = {};

    e.pid = task->tgid;
    e.tid = task->pid;
    e.ppid = task->real_parent->tgid;
    e.ptid = task->real_parent->pid;
    bpf_probe_read_kernel_str(e.parent, sizeof(e.parent), task->real_parent->comm);
    bpf_probe_read_kernel_str(e.leader, sizeof(e.leader), task->group_leader->comm);
    bpf_get_current_comm(e.comm, sizeof(e.comm));
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
    e.inode = task->group_leader->thread_pid->ino;
#endif
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

# --- attach ---
b.attach_kprobe(event=b.get_syscall_fnname("sync"), fn_name="trace_sync")

# --- output ---
row = "%-7s %-7s %-7s %-7s %-7s %-15s %-15s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    names = [name.decode("utf-8", "replace") for name in (e.leader, e.parent, e.comm)]
    print(row % (e.pid, e.tid, e.ppid, e.ptid, e.inode or "-", *names), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "TID", "PPID", "PTID", "INODE", "LEADER", "PARENT", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_kprobe(event=b.get_syscall_fnname("sync"))
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
