#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Add up the bytes that read() returned, per process and file descriptor.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <uapi/linux/ptrace.h>

/* --- types --- */
struct row_key {
    u32 pid;
    u32 fd;
};

/* --- maps --- */
BPF_HASH(starts, u64, u32, 128);
BPF_HASH(bytes, struct row_key, u64, 10240);

/* --- probe --- */
int syscall__read(struct pt_regs *ctx, unsigned int fd)
{
    u64 id = bpf_get_current_pid_tgid();

    starts.update(&id, &fd);
    return 0;
}

int trace_return(struct pt_regs *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    long ret = PT_REGS_RC(ctx);
    u32 *fd;

    fd = starts.lookup(&id);
    if (!fd)
        return 0;
    if (ret > 0) {
        struct row_key key = { id >> 32, *fd };
        bytes.increment(key, ret);
    }
    starts.delete(&id);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
read = b.get_syscall_fnname("read")

# --- attach ---
b.attach_kretprobe(event=read, fn_name="trace_return")
b.attach_kprobe(event=read, fn_name="syscall__read")

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-5s %s" % ("PID", "FD", "BYTES"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for key, n in b["bytes"].items():
    print("%-8d %-5d %d" % (key.pid, key.fd, n.value), flush=True)
