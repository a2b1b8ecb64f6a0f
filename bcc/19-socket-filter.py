#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the DNS queries that arrive at an interface, per type and name.

# --- includes ---
import argparse
import os
import signal
import sys
from time import sleep

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count arriving DNS queries per type and name")
parser.add_argument("device", help="interface to listen on")
device = parser.parse_args().device

bpf_text = r"""
/* --- includes --- */
#include <uapi/linux/if_ether.h>
#include <uapi/linux/if_packet.h>
#include <uapi/linux/in.h>
#include <bcc/proto.h>

/* --- types --- */
#define NAME_SIZE  256
#define MAX_LABELS 127

struct query {
    u16 type;
    u8 name[NAME_SIZE];
};

struct dns_t {
    u16 id;
    u16 flags;
    u16 questions;
    u16 others[3];
} BPF_PACKET_HEADER;

/* --- maps --- */
BPF_HASH(counts, struct query);
BPF_ARRAY(lost, u64, 1);

/* --- helpers --- */
static inline bool is_tag(u16 type)
{
    return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

/* --- probe --- */
int count_query(struct __sk_buff *skb)
{
    u8 *cursor = 0;
    struct ethernet_t *eth = cursor_advance(cursor, sizeof(*eth));
    u16 type = eth->type;
    struct query query = {};
    u64 zero = 0, *count;
    u64 off, len = 0;
    int first = 0;

    if (skb->pkt_type == PACKET_OUTGOING)
        return 0;
    #pragma unroll
    for (int i = 0; i < 2; i++) {
        if (is_tag(type)) {
            struct dot1q_t *tag = cursor_advance(cursor, sizeof(*tag));
            type = tag->type;
        }
    }
    if (type == ETH_P_IP) {
        struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));
        if (ip->hlen < 5 || ip->nextp != IPPROTO_UDP || ip->foffset)
            return 0;
        cursor += ip->hlen * 4 - sizeof(*ip);
    } else if (type == ETH_P_IPV6) {
        struct ip6_t *ip6 = cursor_advance(cursor, sizeof(*ip6));
        if (ip6->next_header != IPPROTO_UDP)
            return 0;
    } else {
        return 0;
    }
    struct udp_t *udp = cursor_advance(cursor, sizeof(*udp));
    struct dns_t *dns = cursor_advance(cursor, sizeof(*dns));
    if (udp->dport != 53 || dns->flags & 0xf800 || !dns->questions)
        return 0;

    off = (u64)cursor;
    for (int i = 0; i <= MAX_LABELS; i++) {
        u8 label = load_byte(skb, off + len);
        if (!label)
            break;
        len += 1 + label;
        if (label > 63 || len >= NAME_SIZE - 1)
            return 0;
    }
    query.type = load_half(skb, off + len + 1);
    asm volatile("" : "+r"(len)); /* else clang drops the next check, which the verifier wants */
    if (len >= NAME_SIZE - 1 || bpf_skb_load_bytes(skb, off, query.name, len + 1))
        return 0;
    for (int i = 0; i < NAME_SIZE; i++) {
        if (query.name[i] >= 'A' && query.name[i] <= 'Z')
            query.name[i] += 'a' - 'A';
    }
    count = counts.lookup_or_try_init(&query, &zero);
    if (!count)
        count = lost.lookup(&first);
    if (count)
        lock_xadd(count, 1);
    return 0;
}
"""

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
fn = b.load_func("count_query", BPF.SOCKET_FILTER)

# --- attach ---
BPF.attach_raw_socket(fn, device)

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-8s %-8s %s" % ("TYPE", "COUNT", "NAME"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
types = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA",
         33: "SRV", 65: "HTTPS", 255: "ANY"}


def text(label):  # as in zone files
    return "".join(chr(c) if chr(c).isalnum() and c < 128 or c in b"-_" else "\\%03d" % c
                   for c in label)


def full_name(wire):
    labels = []
    at = 0
    while wire[at]:
        labels.append(text(wire[at + 1:at + 1 + wire[at]]))
        at += 1 + wire[at]
    return "".join(label + "." for label in labels) or "."


for query, count in b["counts"].items():
    kind = types.get(query.type, "TYPE%d" % query.type)
    print("%-8s %-8d %s" % (kind, count.value, full_name(query.name)), flush=True)
if b["lost"][0].value:
    print("lost %d events" % b["lost"][0].value, file=sys.stderr)

# --- cleanup ---
os.close(fn.sock)
