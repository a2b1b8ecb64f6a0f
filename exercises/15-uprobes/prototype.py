#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Show each order of a shop that ends, from the shop's own probes.

# --- includes ---
import argparse
import ctypes
import signal
import sys

from bcc import BPF, USDT
from bcc.libbcc import lib

# --- args ---
parser = argparse.ArgumentParser(description="Show each order of a shop that ends")
parser.add_argument("--pid", type=int, required=True, help="the shop's process")
parser.add_argument("program", help="path of the shop's file")
args = parser.parse_args()

bpf_text = """
/* --- includes --- */
#include <uapi/linux/ptrace.h>

/* --- types --- */
#define ITEM_LEN 36

struct event {
    s64 amount;
    int id;
    int status;
    u32 shelf;
    char item[ITEM_LEN];
};

/* --- maps --- */
BPF_HASH(orders, int, struct event, 1024);
BPF_ARRAY(empty, struct event, 1);
BPF_PERF_OUTPUT(events);

/* --- probe --- */
int trace_begin(struct pt_regs *ctx)
{
    int id = 0, zero = 0;
    struct event *e = empty.lookup(&zero);
    u16 shelf = 0;
    u64 item = 0;

    bpf_usdt_readarg(1, ctx, &id);
    bpf_usdt_readarg(2, ctx, &shelf);
    bpf_usdt_readarg(3, ctx, &item);
    if (e)
        orders.update(&id, e);
    e = orders.lookup(&id);
    if (!e)
        return 0;
    e->id = id;
    e->shelf = shelf;
    bpf_probe_read_user_str(e->item, sizeof(e->item), (void *)item);
    return 0;
}

int trace_end(struct pt_regs *ctx)
{
    int id = 0;
    struct event *e;

    bpf_usdt_readarg(1, ctx, &id);
    e = orders.lookup(&id);
    if (!e)
        return 0;
    bpf_usdt_readarg(2, ctx, &e->amount);
    bpf_usdt_readarg(3, ctx, &e->status);
    events.perf_submit(ctx, e, sizeof(*e));
    orders.delete(&id);
    return 0;
}
"""

# --- helpers ---
exiting = False


def sig_handler(signum, frame):
    global exiting
    exiting = True


signal.signal(signal.SIGINT, sig_handler)
signal.signal(signal.SIGTERM, sig_handler)

# --- open ---
# The C function has one more argument than BCC's Python hands over; 0: no semaphore.
attach_uprobe = lib.bpf_attach_uprobe
attach_uprobe.argtypes = [*attach_uprobe.argtypes, ctypes.c_uint32]
lib.bpf_attach_uprobe = lambda *args: attach_uprobe(*args, 0)

shop = USDT(pid=args.pid, path=args.program)
shop.enable_probe(probe="begin", fn_name="trace_begin")
shop.enable_probe(probe="end", fn_name="trace_end")

# --- load ---
b = BPF(text=bpf_text, usdt_contexts=[shop], cflags=["-fms-extensions"])

# --- output ---
row = "%-11s %-6s %-14s %-6s %s"
lost = 0


def print_event(cpu, data, size):
    e = b["events"].event(data)
    item = e.item.decode("utf-8", "replace")
    print(row % (e.id, e.shelf, e.amount, e.status, item), flush=True)


def count_lost(count):
    global lost
    lost += count


b["events"].open_perf_buffer(print_event, page_cnt=64, lost_cb=count_lost)

# --- loop ---
print(row % ("ID", "SHELF", "AMOUNT", "STATUS", "ITEM"), flush=True)
while not exiting:
    b.perf_buffer_poll(timeout=100)

# --- cleanup ---
b.perf_buffer_poll(timeout=0)
if lost:
    print("lost %d events" % lost, file=sys.stderr)
