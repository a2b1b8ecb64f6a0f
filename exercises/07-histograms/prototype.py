#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show how long each process's poll() calls take, as two histograms.

# --- includes ---
import signal
from time import sleep

from bcc import BPF

bpf_text = """
/* --- types --- */
#define STEP_MS      25
#define LINEAR_SLOTS 6

struct key_t {
    u32 pid;
    u32 slot;
};

/* --- maps --- */
BPF_HASH(start, u32, u64, 10240);
BPF_HISTOGRAM(log2s, struct key_t, 10240);
BPF_HISTOGRAM(linear, struct key_t, 10240);

/* --- probe --- */
TRACEPOINT_PROBE(syscalls, sys_enter_poll)
{
    u32 tid = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns();

    start.update(&tid, &now);
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_exit_poll)
{
    u64 id = bpf_get_current_pid_tgid(), ms, *begin;
    u32 tid = id;
    struct key_t key = { .pid = id >> 32 };

    begin = start.lookup(&tid);
    if (!begin)
        return 0; /* it began before we looked */
    ms = (bpf_ktime_get_ns() - *begin) / 1000000;
    start.delete(&tid);
    if (args->ret < 0)
        return 0;
    key.slot = bpf_log2l(ms);
    log2s.increment(key);
    key.slot = ms / STEP_MS;
    if (key.slot > LINEAR_SLOTS - 1)
        key.slot = LINEAR_SLOTS - 1;
    linear.increment(key);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])

# --- loop ---
row = "%-8s %-7s %-10s %-10s %s"
signal.signal(signal.SIGTERM, signal.default_int_handler)
print(row % ("PID", "SCALE", "LOW", "HIGH", "COUNT"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for key, count in b["log2s"].items():
    low = 1 << key.slot >> 1 if key.slot > 1 else 0
    high = (1 << key.slot) - 1
    print(row % (key.pid, "log2", low, high, count.value), flush=True)
for key, count in b["linear"].items():
    low = key.slot * 25
    high = low + 24 if key.slot < 5 else "-"
    print(row % (key.pid, "linear", low, high, count.value), flush=True)
