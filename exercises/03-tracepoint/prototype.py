#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each kill() call: who sends which signal to whom, and what comes of it.

# --- includes ---
import argparse
import signal
import sys

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Show each kill() call and its result.")
parser.add_argument("-i", "--ignore", metavar="SIGNAL", type=int, help="leave out this signal")
args = parser.parse_args()

bpf_text = r"""
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct call_t {
    int target;
    int sig;
};

struct event {
    u32 pid;
    int sig;
    int target;
    int result;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_HASH(calls, u32, struct call_t);
BPF_PERF_OUTPUT(events);

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_enter_kill)
{
    u32 tid = bpf_get_current_pid_tgid();
    struct call_t call = {};

    call.target = args->pid;
    call.sig = args->sig;
    FILTER
    calls.update(&tid, &call);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_exit_kill)
{
    u64 id = bpf_get_current_pid_tgid();
    struct event e = {};
    struct call_t *call;
    u32 tid = id;

    call = calls.lookup(&tid);
    if (!call)
        return 0;
    e.pid = id >> 32;
    e.sig = call->sig;
    e.target = call->target;
    e.result = args->ret;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    calls.delete(&tid);
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

# --- config ---
test = ""
if args.ignore is not None:
    test = "if (call.sig == %d) return 0;" % args.ignore
bpf_text = bpf_text.replace("FILTER", test)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- output ---
row = "%-8s %-6s %-12s %-6s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    comm = e.comm.decode("utf-8", "replace")
    print(row % (e.pid, e.sig, e.target, e.result, comm), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "SIG", "TARGET", "RESULT", "COMM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_tracepoint("syscalls:sys_enter_kill")
b.detach_tracepoint("syscalls:sys_exit_kill")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
