#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each thread that ends, with as few wake-ups as the user likes.

# --- includes ---
import argparse
import signal

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Show each thread that ends.")
parser.add_argument("--batch", type=int, default=16, help="wake up for N events (default 16)")
parser.add_argument("--pages", type=int, default=64, help="pages per CPU (default 64)")
parser.add_argument("--uid", type=int, default=0xFFFFFFFF, help="only threads of this user")
args = parser.parse_args()

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct event {
    u32 pid;
    u32 tid;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
TRACEPOINT_PROBE(sched, sched_process_exit)
{
    u64 id = bpf_get_current_pid_tgid();
    struct event e = {};

    if (TARG_UID != ANY_UID && (u32)bpf_get_current_uid_gid() != TARG_UID)
        return 0;
    e.pid = id >> 32;
    e.tid = id;
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

# --- config ---
cflags = ["-fms-extensions", "-DANY_UID=0xffffffffU", "-DTARG_UID=%dU" % args.uid]

# --- load ---
b = BPF(text=bpf_text, cflags=cflags)

# --- output ---
lost = 0
rows = []  # what the last wake-up brought
received = 0


def keep_event(cpu, data, size):
    global received
    received += 1
    e = b["events"].event(data)
    comm = e.comm.decode("utf-8", "replace")
    rows.append("%-6d %-8d %-8d %s" % (lost, e.pid, e.tid, comm))


def count_lost(count):  # called before the next event, whose row then tells of it
    global lost
    lost += count


def print_rows(wake):
    for row in rows:
        print("%-5s %s" % (wake, row), flush=True)
    rows.clear()


can_batch = hasattr(b, "perf_buffer_consume")
options = {"wakeup_events": args.batch} if can_batch else {}
b["events"].open_perf_buffer(keep_event, page_cnt=args.pages, lost_cb=count_lost, **options)

# --- loop ---
print("%-5s %-6s %-8s %-8s %s" % ("WAKE", "LOST", "PID", "TID", "COMM"), flush=True)
wakes = 0
while not exiting:
    b.perf_buffer_poll(timeout=100)
    # BCC 0.18 wakes up each time; rows are held back until a whole batch has come.
    printed = received - len(rows)
    if rows and (can_batch or received // args.batch > printed // args.batch):
        wakes += 1
        print_rows(wakes)

# --- cleanup ---
b.detach_tracepoint("sched:sched_process_exit")
if can_batch:
    b.perf_buffer_consume()
else:
    b.perf_buffer_poll(timeout=0)
print_rows("end")
