#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show what each signal finds: the state of the thread that it is for, and its user's queue.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = r"""
/* --- includes --- */
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>
#include <linux/version.h>

/* --- types --- */
struct event {
    u32 pid;
    u32 tid;
    u32 sig;
    u32 state;
    u32 slice;
    u32 pending;
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
int trace_signal(struct pt_regs *ctx, int sig, struct kernel_siginfo *info,
                 struct task_struct *task)
{
    struct event e = {};
    long pending = 0;

    e.pid = task->tgid;
    e.tid = task->pid;
    e.sig = sig;
    e.state = task->exit_state;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
    e.state |= task->__state;
    bpf_probe_read_kernel(&pending, sizeof(pending),
                          &task->real_cred->ucounts->rlimit[UCOUNT_RLIMIT_SIGPENDING]);
#else
    e.state |= task->state;
    pending = task->real_cred->user->sigpending.counter;
#endif
    e.pending = pending;
    e.slice = task->rt.time_slice * 1000 / HZ;
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
function = "send_signal"
if BPF.get_kprobe_functions(b"^send_signal_locked$"):
    function = "send_signal_locked"
b.attach_kprobe(event=function, fn_name="trace_signal")

# --- output ---
row = "%-7s %-7s %-4s %-6s %-6s %s"
lost = 0


def state_letter(state):
    if state & 0x402 == 0x402:
        return "I"
    return "RSDTtXZP"[(state & 0x7F).bit_length()]


def print_event(cpu, data, size):
    e = b["events"].event(data)
    print(row % (e.pid, e.tid, e.sig, state_letter(e.state), e.slice, e.pending), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "TID", "SIG", "STATE", "SLICE", "PENDING"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_kprobe(event=function)
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
