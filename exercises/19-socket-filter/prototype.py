#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count the bytes of each TCP and UDP flow at an interface, and the headers of other frames.

# --- includes ---
import argparse
import signal
from collections import defaultdict
from select import select
from socket import AF_INET, AF_INET6, PACKET_OUTGOING, PF_PACKET, SOCK_RAW, fromfd, inet_ntop
from struct import pack

from bcc import BPF

# --- args ---
parser = argparse.ArgumentParser(description="Count the bytes of each flow")
parser.add_argument("-f", "--flows", type=int, default=10240, help="flows that there is room for")
parser.add_argument("device", help="interface to listen on")
args = parser.parse_args()

bpf_text = r"""
/* --- includes --- */
#include <uapi/linux/if_ether.h>
#include <uapi/linux/if_packet.h>
#include <uapi/linux/in.h>
#include <bcc/proto.h>

/* --- types --- */
struct flow {
    u64 local_hi, local_lo;
    u64 remote_hi, remote_lo;
    u16 local_port, remote_port;
    u8 version;
    u8 protocol;
};

struct bytes {
    u64 in;
    u64 out;
};

/* --- maps --- */
BPF_HASH(flows, struct flow, struct bytes, FLOWS);
BPF_ARRAY(lost, u64, 1);

/* --- helpers --- */
static inline bool is_tag(u16 type)
{
    return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

/* --- probe --- */
int count_bytes(struct __sk_buff *skb)
{
    u8 *cursor = 0;
    struct ethernet_t *eth = cursor_advance(cursor, sizeof(*eth));
    u16 type = eth->type;
    u64 src_hi = 0, src_lo, dst_hi = 0, dst_lo;
    struct bytes zero = {}, *bytes;
    u64 len = skb->len, *count;
    struct flow flow;
    int first = 0;

    __builtin_memset(&flow, 0, sizeof(flow));
    #pragma unroll
    for (int i = 0; i < 2; i++) {
        if (is_tag(type)) {
            struct dot1q_t *tag = cursor_advance(cursor, sizeof(*tag));
            type = tag->type;
        }
    }
    if (type == ETH_P_IP) {
        struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));
        if ((u64)cursor > skb->len) /* even if the next line could tell */
            return 0;
        if (ip->hlen < 5 || ip->foffset)
            return ETH_HLEN;
        flow.version = 4;
        flow.protocol = ip->nextp;
        src_lo = ip->src;
        dst_lo = ip->dst;
        cursor += ip->hlen * 4 - sizeof(*ip);
    } else if (type == ETH_P_IPV6) {
        struct ip6_t *ip6 = cursor_advance(cursor, sizeof(*ip6));
        flow.version = 6;
        flow.protocol = ip6->next_header;
        src_hi = ip6->src_hi;
        src_lo = ip6->src_lo;
        dst_hi = ip6->dst_hi;
        dst_lo = ip6->dst_lo;
    } else {
        return ETH_HLEN;
    }
    if (flow.protocol != IPPROTO_TCP && flow.protocol != IPPROTO_UDP)
        return ETH_HLEN;
    struct udp_t *udp = cursor_advance(cursor, sizeof(*udp)); /* TCP has its ports there, too */
    if (skb->pkt_type == PACKET_OUTGOING) {
        flow.local_hi = src_hi;
        flow.local_lo = src_lo;
        flow.local_port = udp->sport;
        flow.remote_hi = dst_hi;
        flow.remote_lo = dst_lo;
        flow.remote_port = udp->dport;
    } else {
        flow.local_hi = dst_hi;
        flow.local_lo = dst_lo;
        flow.local_port = udp->dport;
        flow.remote_hi = src_hi;
        flow.remote_lo = src_lo;
        flow.remote_port = udp->sport;
    }
    if (skb->vlan_present)
        len += 4;
    bytes = flows.lookup_or_try_init(&flow, &zero);
    count = bytes ? 0 : lost.lookup(&first);
    if (bytes && skb->pkt_type == PACKET_OUTGOING)
        lock_xadd(&bytes->out, len);
    else if (bytes)
        lock_xadd(&bytes->in, len);
    else if (count)
        lock_xadd(count, 1);
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

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions", "-DFLOWS=%d" % args.flows])
fn = b.load_func("count_bytes", BPF.SOCKET_FILTER)

# --- attach ---
BPF.attach_raw_socket(fn, args.device)
sock = fromfd(fn.sock, PF_PACKET, SOCK_RAW)

# --- output ---
row = "%-7s %-10d %-10d %-24s %s"
others = defaultdict(lambda: [0, 0])


def read_others(wait):
    while select([sock], [], [], wait)[0]:
        data, address = sock.recvfrom(2048)
        kind = data[12] << 8 | data[13]
        others[kind][address[2] == PACKET_OUTGOING] += len(data)


def end(version, hi, lo, port):
    if version == 4:
        return "%s:%d" % (inet_ntop(AF_INET, pack("!I", lo)), port)
    return "[%s]:%d" % (inet_ntop(AF_INET6, pack("!QQ", hi, lo)), port)


# --- loop ---
print("%-7s %-10s %-10s %-24s %s" % ("PROTO", "IN", "OUT", "LOCAL", "REMOTE"), flush=True)
while not exiting:
    read_others(0.1)

# --- output ---
read_others(0)
for f, count in b["flows"].items():
    proto = "TCP" if f.protocol == 6 else "UDP"
    local = end(f.version, f.local_hi, f.local_lo, f.local_port)
    remote = end(f.version, f.remote_hi, f.remote_lo, f.remote_port)
    # `in` is a word of Python's
    print(row % (proto, getattr(count, "in"), count.out, local, remote), flush=True)
for kind, count in others.items():
    print(row % ("0x%04x" % kind, count[0], count[1], "-", "-"), flush=True)
print("%-7s %-10d %-10s %-24s %s" % ("lost", b["lost"][0].value, "-", "-", "-"), flush=True)

# --- cleanup ---
sock.close()
