#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the frames that arrive at an interface, per protocol.

# --- includes ---
import argparse
import signal
from time import sleep

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count arriving frames per protocol")
parser.add_argument("device", help="interface to count on")
device = parser.parse_args().device

bpf_text = r"""
/* --- includes --- */
#include <uapi/linux/bpf.h>
#include <uapi/linux/if_ether.h>
#include <uapi/linux/in.h>
#include <uapi/linux/in6.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>

/* --- types --- */
enum row { TCP, UDP, ICMP, OTHER, ROWS };

struct count {
    u64 packets;
    u64 bytes;
};

struct vlan_hdr {
    __be16 h_vlan_TCI;
    __be16 h_vlan_encapsulated_proto;
};

/* --- maps --- */
BPF_PERCPU_ARRAY(counts, struct count, ROWS);

/* --- helpers --- */
static inline int row_of(u8 protocol, u8 icmp)
{
    if (protocol == IPPROTO_TCP)
        return TCP;
    if (protocol == IPPROTO_UDP)
        return UDP;
    return protocol == icmp ? ICMP : OTHER;
}

static inline int ipv4_row(struct iphdr *ip, void *data_end)
{
    if ((void *)(ip + 1) > data_end || ip->ihl < 5)
        return OTHER;
    if ((void *)ip + ip->ihl * 4 > data_end)
        return OTHER;
    return row_of(ip->protocol, IPPROTO_ICMP);
}

static inline int ipv6_row(struct ipv6hdr *ip, void *data_end)
{
    struct ipv6_opt_hdr *hop = (void *)(ip + 1);

    if ((void *)(ip + 1) > data_end)
        return OTHER;
    if (ip->nexthdr != IPPROTO_HOPOPTS)
        return row_of(ip->nexthdr, IPPROTO_ICMPV6);
    if ((void *)(hop + 1) > data_end)
        return OTHER;
    if ((void *)hop + (hop->hdrlen + 1) * 8 > data_end)
        return OTHER;
    return row_of(hop->nexthdr, IPPROTO_ICMPV6);
}

static inline bool is_tag(__be16 type)
{
    return type == htons(ETH_P_8021Q) || type == htons(ETH_P_8021AD);
}

static inline int frame_row(void *data, void *data_end)
{
    struct ethhdr *eth = data;
    void *pos = eth + 1;
    __be16 type;

    if (pos > data_end)
        return OTHER;
    type = eth->h_proto;
    #pragma unroll
    for (int i = 0; i < 2; i++) {
        struct vlan_hdr *tag = pos;

        if (!is_tag(type))
            break;
        if ((void *)(tag + 1) > data_end)
            return OTHER;
        type = tag->h_vlan_encapsulated_proto;
        pos = tag + 1;
    }
    if (type == htons(ETH_P_IP))
        return ipv4_row(pos, data_end);
    if (type == htons(ETH_P_IPV6))
        return ipv6_row(pos, data_end);
    return OTHER;
}

/* --- probe --- */
int count_frame(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    int row = frame_row(data, data_end);
    struct count *count = counts.lookup(&row);

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
print("%-8s %-10s %s" % ("PROTOCOL", "PACKETS", "BYTES"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for row, name in enumerate(["TCP", "UDP", "ICMP", "OTHER"]):
    per_cpu = b["counts"][row]
    packets = sum(count.packets for count in per_cpu)
    size = sum(count.bytes for count in per_cpu)
    print("%-8s %-10d %d" % (name, packets, size), flush=True)

# --- cleanup ---
b.remove_xdp(device, 0)
