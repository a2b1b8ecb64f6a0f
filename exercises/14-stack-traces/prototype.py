#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sample what a process's threads do, and count the samples of each user stack.

# --- includes ---
import argparse
import signal
from time import sleep

from bcc import BPF, PerfSWConfig, PerfType

# --- args ---
parser = argparse.ArgumentParser(description="Sample a process's user stacks.")
parser.add_argument("--pid", type=int, required=True, help="the process")
parser.add_argument("--frequency", type=int, default=49, help="samples a second (default 49)")
args = parser.parse_args()

bpf_text = """
/* --- includes --- */
#include <linux/bpf_perf_event.h>

/* --- types --- */
struct key_t {
    u32 tid;
    int user_id;
};

/* --- maps --- */
BPF_STACK_TRACE(stacks, 16384);
BPF_HASH(counts, struct key_t, u64, 10240);

/* --- probe --- */
int take_sample(struct bpf_perf_event_data *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    struct key_t key = { .tid = id };

    if (id >> 32 != TARG_TGID)
        return 0;
    key.user_id = stacks.get_stackid(&ctx->regs, BPF_F_USER_STACK);
    counts.increment(key);
    return 0;
}
"""

# --- config ---
cflags = ["-fms-extensions", "-DTARG_TGID=%d" % args.pid]

# --- load ---
b = BPF(text=bpf_text, cflags=cflags)

# --- attach ---
b.attach_perf_event(
    ev_type=PerfType.SOFTWARE,
    ev_config=PerfSWConfig.CPU_CLOCK,
    fn_name="take_sample",
    sample_freq=args.frequency,
)

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-8s %s" % ("TID", "COUNT", "STACK"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- cleanup ---
b.detach_perf_event(ev_type=PerfType.SOFTWARE, ev_config=PerfSWConfig.CPU_CLOCK)

# --- output ---
for key, count in b["counts"].items():
    frames = []
    if key.user_id >= 0:
        frames = [b.sym(addr, args.pid) for addr in b["stacks"].walk(key.user_id)]
    stack = b";".join(reversed(frames)).decode("utf-8", "replace")
    print("%-8d %-8d %s" % (key.tid, count.value, stack), flush=True)
