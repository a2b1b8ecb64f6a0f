#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show which files processes open and how the processes end, and what was lost on the way.

# --- includes ---
import argparse
import signal

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Show opened files and ended processes.")
parser.add_argument("--uid", type=int, default=0xFFFFFFFF, help="only processes of this user")
parser.add_argument("--pages", type=int, default=64, help="size of the buffer (default 64)")
args = parser.parse_args()

bpf_text = r"""
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
#define KIND_OPEN 1
#define KIND_EXIT 2
#define PATH_LEN  4096

struct event {
    u32 kind;
    u32 pid;
    u32 code;
    char comm[TASK_COMM_LEN];
    char path[PATH_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);
BPF_PERCPU_ARRAY(scratch, struct event, 1);

/* --- helpers --- */
static inline struct event *new_event(u32 kind)
{
    struct event *e;
    int zero = 0;

    if (TARG_UID != ANY_UID && (u32)bpf_get_current_uid_gid() != TARG_UID)
        return NULL;
    e = scratch.lookup(&zero);
    if (!e)
        return NULL;
    e->kind = kind;
    e->pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&e->comm, sizeof(e->comm));
    return e;
}

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    struct event *e = new_event(KIND_OPEN);
    int len;

    if (!e)
        return 0;
    len = bpf_probe_read_user_str(e->path, sizeof(e->path), args->filename);
    /* Unreadable, then the helper leaves zeroes; or empty, for which older kernels say 0. */
    if (len <= 0)
        len = 1;
    /* The mask changes nothing, it shows the verifier the bounds of an int. */
    len = (len - 1 & PATH_LEN - 1) + 1;
    events.perf_submit(args, e, offsetof(struct event, path) + len);
    return 0;
}

TRACEPOINT_PROBE(sched, sched_process_exit)
{
    u64 id = bpf_get_current_pid_tgid();
    struct task_struct *task;
    struct event *e;

    if (id >> 32 != (u32)id) /* a thread ended, not its process */
        return 0;
    e = new_event(KIND_EXIT);
    if (!e)
        return 0;
    task = (struct task_struct *)bpf_get_current_task();
    e->code = task->exit_code;
    events.perf_submit(args, e, offsetof(struct event, path));
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
cflags = ["-fms-extensions", "-DANY_UID=0xffffffffU", "-DTARG_UID=%dU" % args.uid]

# --- load ---
b = BPF(text=bpf_text, cflags=cflags)

# --- output ---
lost = 0


def print_row(kind, event, detail):
    comm = event.comm.decode("utf-8", "replace")
    if len(detail) > 40:
        detail = "..." + detail[-37:]
    print("%-5s %-8d %-5d %-16s %s" % (kind, event.pid, lost, comm, detail), flush=True)


def print_event(cpu, data, size):
    event = b["events"].event(data)
    if event.kind == 1:
        print_row("OPEN", event, event.path.decode("utf-8", "replace"))
    elif event.code & 0x7F:
        print_row("EXIT", event, "signal %d" % (event.code & 0x7F))
    else:
        print_row("EXIT", event, "code %d" % (event.code >> 8 & 0xFF))


def count_lost(count):  # called before the next event, whose row then tells of it
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=args.pages, lost_cb=count_lost)

# --- loop ---
print("%-5s %-8s %-5s %-16s %s" % ("KIND", "PID", "LOST", "COMM", "DETAIL"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.perf_buffer_poll(timeout=0)
