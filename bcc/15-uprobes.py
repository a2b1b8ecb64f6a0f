#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each call of a program's function visit(), with its arguments and its result.

# --- includes ---
import argparse
import ctypes
import signal
import sys

from bcc import BPF
from bcc.libbcc import lib

# --- args ---
parser = argparse.ArgumentParser(description="Show each call of visit() in a program")
parser.add_argument("program", help="path of the program's file")
program = parser.parse_args().program

bpf_text = """
/* --- includes --- */
#include <uapi/linux/ptrace.h>

/* --- types --- */
#define NAME_LEN 44
#define RETURN_ADDRESS 8

struct call_key {
    u64 id;
    u64 stack;
};

struct event {
    u32 pid;
    u32 tid;
    int level;
    int result;
    u32 returned;
    char name[NAME_LEN];
};

/* --- maps --- */
BPF_HASH(calls, struct call_key, struct event, 4096);
BPF_ARRAY(empty, struct event, 1);
BPF_PERF_OUTPUT(events);

/* --- probe --- */
int trace_return(struct pt_regs *ctx)
{
    u64 stack = PT_REGS_SP(ctx) - RETURN_ADDRESS;
    struct call_key key = { bpf_get_current_pid_tgid(), stack };
    struct event *e = calls.lookup(&key);

    if (!e)
        return 0;
    e->result = PT_REGS_RC(ctx);
    e->returned = 1;
    events.perf_submit(ctx, e, sizeof(*e));
    calls.delete(&key);
    return 0;
}

int trace_enter(struct pt_regs *ctx, const char __user *name, int level)
{
    struct call_key key = { bpf_get_current_pid_tgid(), PT_REGS_SP(ctx) };
    struct event *e = calls.lookup(&key), *none;
    int zero = 0;

    if (e) {
        events.perf_submit(ctx, e, sizeof(*e));
    } else {
        none = empty.lookup(&zero);
        if (none)
            calls.update(&key, none);
        e = calls.lookup(&key);
    }
    if (!e)
        return 0;
    e->pid = key.id >> 32;
    e->tid = key.id;
    e->level = level;
    bpf_probe_read_user_str(e->name, sizeof(e->name), name);
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
# The C function has one more argument than BCC's Python hands over; 0: no semaphore.
attach_uprobe = lib.bpf_attach_uprobe
attach_uprobe.argtypes = [*attach_uprobe.argtypes, ctypes.c_uint32]
lib.bpf_attach_uprobe = lambda *args: attach_uprobe(*args, 0)

b.attach_uretprobe(name=program, sym="visit", fn_name="trace_return")
b.attach_uprobe(name=program, sym="visit", fn_name="trace_enter")

# --- output ---
row = "%-7s %-7s %-5s %-11s %s"
lost = 0


def print_call(e):
    result = e.result if e.returned else "?"
    name = e.name.decode("utf-8", "replace")
    print(row % (e.pid, e.tid, e.level, result, name), flush=True)


def print_event(cpu, data, size):
    print_call(b["events"].event(data))


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "TID", "LEVEL", "RESULT", "NAME"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_uprobe(name=program, sym="visit")
b.detach_uretprobe(name=program, sym="visit")
b.perf_buffer_poll(timeout=0)
for key, call in b["calls"].items():
    print_call(call)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
