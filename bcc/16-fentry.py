#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each change of a file's mode: what was asked for, and what came of it.

# --- includes ---
import errno
import signal
import sys

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/fs.h>
#include <linux/version.h>

/* --- types --- */
enum { START, END };

struct event {
    u32 pid;
    u32 kind;
    u32 mode;
    int result;
    char name[NAME_MAX + 1];
};

/* --- maps --- */
BPF_PERF_OUTPUT(events);

/* --- helpers --- */
static __always_inline void send(void *ctx, struct dentry *dentry, u32 kind, u32 mode, int result)
{
    struct event e = {};

    e.pid = bpf_get_current_pid_tgid() >> 32;
    e.kind = kind;
    e.mode = mode;
    e.result = result;
    bpf_probe_read_kernel_str(e.name, sizeof(e.name), dentry->d_name.name);
    events.perf_submit(ctx, &e, sizeof(e));
}

/* --- probe --- */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
KFUNC_PROBE(notify_change, void *idmap, struct dentry *dentry, struct iattr *attr)
#else
KFUNC_PROBE(notify_change, struct dentry *dentry, struct iattr *attr)
#endif
{
    if (attr->ia_valid & ATTR_MODE)
        send(ctx, dentry, START, attr->ia_mode, 0);
    return 0;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
KRETFUNC_PROBE(notify_change, void *idmap, struct dentry *dentry, struct iattr *attr,
               void *delegated, int ret)
#else
KRETFUNC_PROBE(notify_change, struct dentry *dentry, struct iattr *attr, void *delegated, int ret)
#endif
{
    if (attr->ia_valid & ATTR_MODE)
        send(ctx, dentry, END, dentry->d_inode->i_mode, ret);
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
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    result = errno.errorcode.get(-e.result, -e.result) if e.result else "OK"
    kind, result = ("end", result) if e.kind else ("start", "-")
    name = e.name.decode("utf-8", "replace")
    print("%-7d %-5s %04o %-9s %s" % (e.pid, kind, e.mode & 0o7777, result, name), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print("%-7s %-5s %-4s %-9s %s" % ("PID", "EVENT", "MODE", "RESULT", "NAME"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
for name in list(b.kfunc_entry_fds):
    b.detach_kfunc(name)
for name in list(b.kfunc_exit_fds):
    b.detach_kretfunc(name)
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
