#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each file that is removed, or not: who wants it, and how it ends.

# --- includes ---
import errno
import signal
import sys

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/version.h>

/* --- types --- */
#define FOLDER_LEN 64

struct event {
    u32 pid;
    int result;
    char comm[TASK_COMM_LEN];
    char folder[FOLDER_LEN];
    char name[NAME_MAX + 1];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- probe --- */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
KRETFUNC_PROBE(vfs_unlink, void *idmap, struct inode *dir, struct dentry *dentry, void *delegated,
               int ret)
#else
KRETFUNC_PROBE(vfs_unlink, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
#endif
{
    struct event e = {};

    e.pid = bpf_get_current_pid_tgid() >> 32;
    e.result = ret;
    bpf_get_current_comm(e.comm, sizeof(e.comm));
    bpf_probe_read_kernel_str(e.folder, sizeof(e.folder), dentry->d_parent->d_name.name);
    bpf_probe_read_kernel_str(e.name, sizeof(e.name), dentry->d_name.name);
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

# --- open ---
if not BPF.support_kfunc():
    sys.exit("this kernel has no BTF or no trampolines")

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- output ---
row = "%-7s %-15s %-9s %-15s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    result = errno.errorcode.get(-e.result, -e.result) if e.result else "OK"
    comm, folder, name = (s.decode("utf-8", "replace") for s in (e.comm, e.folder, e.name))
    print(row % (e.pid, comm, result, folder, name), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("PID", "COMM", "RESULT", "FOLDER", "NAME"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
for name in list(b.kfunc_exit_fds):
    b.detach_kretfunc(name)
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
