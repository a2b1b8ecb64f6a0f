#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the paths, from a program's start into the kernel, on which eventfds are read.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- types --- */
struct key_t {
    u32 pid;
    int kernel_id;
    int user_id;
};

/* --- maps --- */
BPF_STACK_TRACE(kernel_stacks, 16384);
BPF_STACK_TRACE(user_stacks, 16384);
BPF_HASH(counts, struct key_t, u64, 10240);

/* --- probe --- */
int trace_read(struct pt_regs *ctx)
{
    struct key_t key = { .pid = bpf_get_current_pid_tgid() >> 32 };

    key.kernel_id = kernel_stacks.get_stackid(ctx, 0);
    key.user_id = user_stacks.get_stackid(ctx, BPF_F_USER_STACK);
    counts.increment(key);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- attach ---
b.attach_kprobe(event="eventfd_read", fn_name="trace_read")

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-8s %s" % ("PID", "COUNT", "STACK"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
kernel_stacks, user_stacks = b["kernel_stacks"], b["user_stacks"]
for key, count in b["counts"].items():
    frames = []
    if key.kernel_id >= 0:
        frames += [b.ksym(addr) for addr in kernel_stacks.walk(key.kernel_id)]
    if key.user_id >= 0:
        frames += [b.sym(addr, key.pid) for addr in user_stacks.walk(key.user_id)]
    stack = b";".join(reversed(frames)).decode("utf-8", "replace")
    print("%-8d %-8d %s" % (key.pid, count.value, stack), flush=True)
