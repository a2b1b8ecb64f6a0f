#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the results of openat() per process and access mode.

# --- includes ---
import errno
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <uapi/linux/fcntl.h>
#include <uapi/linux/ptrace.h>

/* --- types --- */
#define NO_RETURN 1

struct row_key {
    u32 pid;
    u32 mode;
    int result;
};

/* --- maps --- */
BPF_HASH(starts, u64, u32, 1024);
BPF_HASH(counts, struct row_key, u64, 10240);

/* --- probe --- */
int syscall__openat(struct pt_regs *ctx, int dfd, const char __user *path, int flags)
{
    u64 id = bpf_get_current_pid_tgid();
    u32 mode = flags & O_ACCMODE, *missed;

    missed = starts.lookup(&id);
    if (missed) {
        struct row_key key = { id >> 32, *missed, NO_RETURN };
        counts.increment(key);
    }
    starts.update(&id, &mode);
    return 0;
}

int trace_return(struct pt_regs *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    int ret = PT_REGS_RC(ctx);
    u32 *mode;

    mode = starts.lookup(&id);
    if (!mode)
        return 0;
    struct row_key key = { id >> 32, *mode, ret < 0 ? ret : 0 };
    counts.increment(key);
    starts.delete(&id);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
openat = b.get_syscall_fnname("openat")

# --- attach ---
b.attach_kretprobe(event=openat, fn_name="trace_return")
b.attach_kprobe(event=openat, fn_name="syscall__openat")

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-5s %-15s %s" % ("PID", "MODE", "RESULT", "COUNT"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass
b.detach_kprobe(event=openat)
b.detach_kretprobe(event=openat)

# --- output ---
counts = {(k.pid, k.mode, k.result): n.value for k, n in b["counts"].items()}
for id, mode in b["starts"].items():
    row = (id.value >> 32, mode.value, 1)
    counts[row] = counts.get(row, 0) + 1
names = {0: "OK", 1: "?"}
for (pid, mode, result), n in counts.items():
    name = names.get(result) or errno.errorcode.get(-result, -result)
    print("%-8d %-5s %-15s %d" % (pid, ("r", "w", "rw", "-")[mode], name, n), flush=True)
