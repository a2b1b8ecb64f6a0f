#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each program that a process begins to run: by whom, from which file, with which arguments.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/mm_types.h>
#include <linux/sched.h>

/* --- types --- */
#define FILENAME_LEN 128
#define ARGS_LEN     256

struct event {
    u32 pid;
    u32 ppid;
    u32 uid;
    u32 args_size;
    char comm[TASK_COMM_LEN];
    char filename[FILENAME_LEN];
    u8 args[ARGS_LEN]; /* not char: Python would cut it at the first NUL */
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
TRACEPOINT_PROBE(sched, sched_process_exec)
{
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    u64 start = task->mm->arg_start;
    u64 size = task->mm->arg_end - start;
    struct event e = {};

    e.pid = bpf_get_current_pid_tgid() >> 32;
    e.ppid = task->real_parent->tgid;
    e.uid = bpf_get_current_uid_gid();
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    bpf_probe_read_kernel_str(e.filename, sizeof(e.filename),
                              (char *)args + (args->data_loc_filename & 0xFFFF));
    e.args_size = size;
    if (size > ARGS_LEN)
        size = ARGS_LEN;
    bpf_probe_read_user(e.args, size, (void *)start);
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
    return "".join(chr(c) if 32 <= c < 127 else "?" if c else " " for c in raw)


signal.signal(signal.SIGINT, sig_handler)
signal.signal(signal.SIGTERM, sig_handler)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- output ---
row = "%-7s %-7s %-7s %-15s %-23s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    args = clean(bytes(e.args)[: e.args_size])
    args = args + "..." if e.args_size > len(args) else args[:-1]
    print(row % (e.pid, e.ppid, e.uid, clean(e.comm), clean(e.filename), args), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "PPID", "UID", "COMM", "FILENAME", "ARGS"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_tracepoint("sched:sched_process_exec")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
