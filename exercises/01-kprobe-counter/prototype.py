#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count openat() calls per process and command name.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct key_t {
    u32 pid;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_HASH(counts, struct key_t, u64, 10240);

/* --- probe --- */
int trace_openat(struct pt_regs *ctx)
{
    struct key_t key = {};

    key.pid = bpf_get_current_pid_tgid() >> 32;
    bpf_get_current_comm(&key.comm, sizeof(key.comm));
    counts.increment(key);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- attach ---
b.attach_kprobe(event=b.get_syscall_fnname("openat"), fn_name="trace_openat")

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-8s %s" % ("PID", "COUNT", "COMM"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for key, count in b["counts"].items():
    comm = key.comm.decode("utf-8", "replace")
    print("%-8d %-8d %s" % (key.pid, count.value, comm), flush=True)
