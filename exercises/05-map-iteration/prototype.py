#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show the ten processes that made the most write() calls in each interval.

# --- includes ---
import argparse
import signal

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Show the ten busiest writers.")
parser.add_argument("interval", nargs="?", type=int, default=1, help="seconds (default 1)")
parser.add_argument("--uid", type=int, default=0xFFFFFFFF, help="only processes of this user")
args = parser.parse_args()

bpf_text = """
/* --- includes --- */
#include <linux/sched.h>

/* --- types --- */
struct tally {
    u64 calls;
    char comm[TASK_COMM_LEN];
};

/* --- maps --- */
BPF_HASH(writers, u32, struct tally, 64);

/* --- probe --- */
int trace_write(struct pt_regs *ctx)
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    struct tally new = {}, *tally;

    if (TARG_UID != ANY_UID && (u32)bpf_get_current_uid_gid() != TARG_UID)
        return 0;
    bpf_get_current_comm(&new.comm, sizeof(new.comm));
    tally = writers.lookup_or_try_init(&pid, &new);
    if (tally)
        __sync_fetch_and_add(&tally->calls, 1);
    return 0;
}
"""

# --- config ---
cflags = ["-fms-extensions", "-DANY_UID=0xffffffffU", "-DTARG_UID=%dU" % args.uid]

# --- load ---
b = BPF(text=bpf_text, cflags=cflags)
writers = b["writers"]

# --- attach ---
b.attach_kprobe(event=b.get_syscall_fnname("write"), fn_name="trace_write")


# --- output ---
def take_writers():
    if hasattr(writers, "items_lookup_and_delete_batch"):
        return list(writers.items_lookup_and_delete_batch())
    taken = list(writers.items())
    writers.clear()  # BCC 0.18 only: calls that came since the line above are lost
    return taken


def number(item):  # what a batch yields are plain integers in BCC 0.26
    return getattr(item, "value", item)


def print_top():
    rows = [(-tally.calls, number(pid), tally.comm) for pid, tally in take_writers()]
    for rank, (calls, pid, comm) in enumerate(sorted(rows)[:10], 1):
        comm = comm.decode("utf-8", "replace")
        print("%-5d %-8d %-8d %s" % (rank, pid, -calls, comm), flush=True)


# --- loop ---
signals = [signal.SIGINT, signal.SIGTERM, signal.SIGALRM]
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("%-5s %-8s %-8s %s" % ("RANK", "PID", "CALLS", "COMM"), flush=True)
while True:
    info = signal.sigtimedwait(signals, args.interval)
    if info and info.si_signo != signal.SIGALRM:
        break
    print_top()

# --- cleanup ---
b.detach_kprobe(event=b.get_syscall_fnname("write"))
print_top()
