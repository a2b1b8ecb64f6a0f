#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count write() calls per process, and print the counts each interval.

# --- includes ---
import argparse
import signal
from time import strftime

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count write() calls per process.")
parser.add_argument("interval", nargs="?", type=int, default=1, help="seconds (default 1)")
args = parser.parse_args()

bpf_text = """
/* --- maps --- */
BPF_HASH(counts, u32, u64, 10240);

/* --- probe --- */
int trace_write(struct pt_regs *ctx)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;

    counts.increment(pid);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
counts = b["counts"]

# --- attach ---
b.attach_kprobe(event=b.get_syscall_fnname("write"), fn_name="trace_write")

# --- output ---
printed = {}


def number(item):  # what a batch yields are plain integers in BCC 0.26
    return getattr(item, "value", item)


def new_counts():
    if hasattr(counts, "items_lookup_and_delete_batch"):
        for pid, count in counts.items_lookup_and_delete_batch():
            yield number(pid), number(count)
    else:  # BCC 0.18: entries stay, and the difference is printed
        for pid, count in counts.items():
            yield pid.value, count.value - printed.get(pid.value, 0)
            printed[pid.value] = count.value


def print_counts():
    time = strftime("%H:%M:%S")
    for pid, count in new_counts():
        if count:
            print("%-8s %-8d %d" % (time, pid, count), flush=True)


# --- loop ---
signals = [signal.SIGINT, signal.SIGTERM]
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("%-8s %-8s %s" % ("TIME", "PID", "COUNT"), flush=True)
while not signal.sigtimedwait(signals, args.interval):
    print_counts()

# --- cleanup ---
b.detach_kprobe(event=b.get_syscall_fnname("write"))
print_counts()
