#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count clone() calls per process.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- maps --- */
BPF_HASH(counts, u32, u64, 10240);

/* --- probe --- */
int trace_clone(struct pt_regs *ctx)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;

    counts.increment(pid);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- attach ---
b.attach_kprobe(event=b.get_syscall_fnname("clone"), fn_name="trace_clone")

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %s" % ("PID", "COUNT"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for pid, count in b["counts"].items():
    print("%-8d %d" % (pid.value, count.value), flush=True)
