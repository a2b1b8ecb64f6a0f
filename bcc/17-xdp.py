#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the frames that arrive at an interface, per EtherType.

# --- includes ---
import argparse
import signal
from time import sleep

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count arriving frames per EtherType")
parser.add_argument("device", help="interface to count on")
device = parser.parse_args().device

bpf_text = r"""
/* --- includes --- */
#include <uapi/linux/bpf.h>
#include <uapi/linux/if_ether.h>

/* --- types --- */
enum kind { IPV4, IPV6, ARP, VLAN, OTHER, KINDS };

struct count {
    u64 packets;
    u64 bytes;
};

/* --- maps --- */
BPF_PERCPU_ARRAY(counts, struct count, KINDS);

/* --- helpers --- */
static inline int kind_of(u16 ethertype)
{
    switch (ethertype) {
    case ETH_P_IP:
        return IPV4;
    case ETH_P_IPV6:
        return IPV6;
    case ETH_P_ARP:
        return ARP;
    case ETH_P_8021Q:
    case ETH_P_8021AD:
        return VLAN;
    default:
        return OTHER;
    }
}

/* --- probe --- */
int count_frame(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct count *count;
    int kind;

    if ((void *)(eth + 1) > data_end)
        return XDP_PASS;
    kind = kind_of(ntohs(eth->h_proto));
    count = counts.lookup(&kind);
    if (count) {
        count->packets++;
        count->bytes += data_end - data;
    }
    return XDP_PASS;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
fn = b.load_func("count_frame", BPF.XDP)

# --- attach ---
b.attach_xdp(device, fn, 0)

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-9s %-10s %s" % ("ETHERTYPE", "PACKETS", "BYTES"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for kind, name in enumerate(["IPV4", "IPV6", "ARP", "VLAN", "OTHER"]):
    per_cpu = b["counts"][kind]
    packets = sum(count.packets for count in per_cpu)
    size = sum(count.bytes for count in per_cpu)
    print("%-9s %-10d %d" % (name, packets, size), flush=True)

# --- cleanup ---
b.remove_xdp(device, 0)
