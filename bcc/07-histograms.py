#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show how many bytes a process's read() calls return, and which errors.

# --- includes ---
import argparse
import signal
from time import sleep

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Show what a process's read() calls return.")
parser.add_argument("--pid", type=int, required=True, help="the process")
args = parser.parse_args()

bpf_text = """
/* --- maps --- */
BPF_HISTOGRAM(sizes);
BPF_HISTOGRAM(errors, int, 134);

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_exit_read)
{
    if (bpf_get_current_pid_tgid() >> 32 != TARG_TGID)
        return 0;
    if (args->ret >= 0)
        sizes.increment(bpf_log2l(args->ret));
    else if (args->ret > -512) /* ERESTARTSYS, where the kernel's own numbers start */
        errors.increment(-args->ret);
    return 0;
}
"""

# --- config ---
cflags = ["-fms-extensions", "-DTARG_TGID=%d" % args.pid]

# --- load ---
b = BPF(text=bpf_text, cflags=cflags)

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("Tracing...", flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
b["sizes"].print_log2_hist("bytes")
b["errors"].print_linear_hist("errno")
