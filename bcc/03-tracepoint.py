#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each openat() call: who made it, with which flags, and the path.

# --- includes ---
import argparse
import signal
import sys

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Show each openat() call: who made it, flags and path.")
parser.add_argument("-u", "--uid", type=int, help="only calls of this user")
parser.add_argument("-w", "--writers", action="store_true", help="only calls that ask to write")
args = parser.parse_args()

bpf_text = r"""
/* --- includes --- */
#include <linux/fcntl.h>
#include <linux/sched.h>

/* --- types --- */
struct event {
    u32 pid;
    int flags;
    char comm[TASK_COMM_LEN];
    char path[256];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_enter_openat)
{
    struct event e = {};

    FILTER
#ifdef WRITERS
    if ((args->flags & O_ACCMODE) == O_RDONLY)
        return 0;
#endif
    e.pid = bpf_get_current_pid_tgid() >> 32;
    e.flags = args->flags;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    bpf_probe_read_user_str(e.path, sizeof(e.path), args->filename);
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
if args.uid is not None:
    test = "if ((u32)bpf_get_current_uid_gid() != %d) return 0;" % args.uid
bpf_text = bpf_text.replace("FILTER", test)
cflags = ["-fms-extensions"]
if args.writers:
    cflags.append("-DWRITERS")

# --- load ---
b = BPF(text=bpf_text, cflags=cflags)

# --- output ---
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    comm = e.comm.decode("utf-8", "replace")
    path = e.path.decode("utf-8", "replace")
    print("%-8d %-16s %08o %s" % (e.pid, comm, e.flags & 0xFFFFFFFF, path), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print("%-8s %-16s %-8s %s" % ("PID", "COMM", "FLAGS", "PATH"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_tracepoint("syscalls:sys_enter_openat")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
