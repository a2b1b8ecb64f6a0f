#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each ftruncate() call: which process gives which of its files what length.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct event {
    s64 length;
    u32 pid;
    s32 fd;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_enter_ftruncate)
{
    struct event e = {};

    e.length = args->length;
    e.pid = bpf_get_current_pid_tgid() >> 32;
    e.fd = args->fd;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    events.perf_submit(args, &e, sizeof(e));
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
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    comm = e.comm.decode("utf-8", "replace")
    print("%-8d %-6d %-20d %s" % (e.pid, e.fd, e.length, comm), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print("%-8s %-6s %-20s %s" % ("PID", "FD", "LENGTH", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_tracepoint("syscalls:sys_enter_ftruncate")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
