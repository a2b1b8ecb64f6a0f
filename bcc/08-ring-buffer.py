#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each clone() call: the process that made it and its name.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct event {
    u32 pid;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
int trace_clone(struct pt_regs *ctx)
{
    struct event e = {};

    e.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
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
b.attach_kprobe(event=b.get_syscall_fnname("clone"), fn_name="trace_clone")

# --- output ---
lost = 0


def print_event(cpu, data, size):
    event = b["events"].event(data)
    print("%-8d %s" % (event.pid, event.comm.decode("utf-8", "replace")), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print("%-8s %s" % ("PID", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_kprobe(event=b.get_syscall_fnname("clone"))
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
