#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each read of a file that is in memory: who reads, for whom, and how much.

# --- includes ---
import signal
import sys

from bcc import BPF

bpf_text = r"""
/* --- includes --- */
#include <linux/fs.h>
#include <linux/uio.h>
#include <linux/version.h>

/* --- types --- */
enum kind { KIND_OTHER, KIND_USER, KIND_KERNEL };

struct event {
    u64 size;
    u32 pid;
    u32 kind;
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
int trace_read(struct pt_regs *ctx, struct kiocb *iocb, struct iov_iter *to)
{
    struct event e = {};
    u32 type;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
    type = to->iter_type;
#else
    type = to->type & ~1; /* the lowest bit is the direction */
#endif
    if (type == ITER_KVEC)
        e.kind = KIND_KERNEL;
    if (type == ITER_IOVEC)
        e.kind = KIND_USER;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
    if (type == ITER_UBUF)
        e.kind = KIND_USER;
#endif
    e.size = to->count;
    e.pid = bpf_get_current_pid_tgid() >> 32;
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
b.attach_kprobe(event="shmem_file_read_iter", fn_name="trace_read")

# --- output ---
row = "%-7s %-6s %s"
kinds = ["other", "user", "kernel"]
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    print(row % (e.pid, kinds[e.kind], e.size), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "KIND", "SIZE"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.detach_kprobe(event="shmem_file_read_iter")
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
