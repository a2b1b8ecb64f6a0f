#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Give what leaves from one port another source: address, port and checksums.

# --- includes ---
import argparse
import errno
import signal
import socket
import struct
from time import sleep

from bcc import BPF
from pyroute2 import IPRoute
from pyroute2.netlink import NLM_F_ACK, NLM_F_REQUEST
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import RTM_DELQDISC, RTM_DELTFILTER

# --- args ---
parser = argparse.ArgumentParser(description="Give leaving packets another source")
parser.add_argument("--port", type=int, required=True, help="source port to look for")
parser.add_argument("--new-port", type=int, required=True, help="source port to put there")
parser.add_argument("--new-ipv4", required=True, help="source address for IPv4")
parser.add_argument("--new-ipv6", required=True, help="source address for IPv6")
parser.add_argument("device", nargs="+", help="interface that packets leave by")
args = parser.parse_args()

bpf_text = r"""
/* --- includes --- */
#include <uapi/linux/bpf.h>
#include <uapi/linux/if_ether.h>
#include <uapi/linux/in.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>
#include <uapi/linux/pkt_cls.h>
#include <uapi/linux/tcp.h>
#include <uapi/linux/udp.h>

#define IP_OFFSET 0x1fff /* the bits of frag_off that are not flags */
#define AT(type, field) offsetof(struct type, field)

/* --- types --- */
enum row { IPV4_TCP, IPV4_UDP, IPV6_TCP, IPV6_UDP, ROWS };

/* --- maps --- */
BPF_PERCPU_ARRAY(counts, u64, ROWS);

/* --- helpers --- */
/* Fixes the transport checksum at `sum` for a change of the source address and replaces the port. */
static inline int replace_port(struct __sk_buff *skb, u32 l4, u8 protocol, u32 from, u32 to, u32 size)
{
    u64 flags = protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
    u32 sum = l4 + (protocol == IPPROTO_UDP ? AT(udphdr, check) : AT(tcphdr, check));
    __be16 old_port = htons(OLD_PORT), new_port = htons(NEW_PORT);

    if (bpf_l4_csum_replace(skb, sum, from, to, flags | BPF_F_PSEUDO_HDR | size))
        return -1;
    if (bpf_l4_csum_replace(skb, sum, old_port, new_port, flags | sizeof(new_port)))
        return -1;
    return bpf_skb_store_bytes(skb, l4, &new_port, sizeof(new_port), 0);
}

/* Whether a whole TCP or UDP header is there, and comes from the port. */
static inline bool is_ours(struct __sk_buff *skb, u32 l4, u8 protocol)
{
    struct tcphdr tcp; /* UDP's ports are in the same place */
    u32 size = protocol == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr);

    if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
        return false;
    if (l4 + size > skb->len || bpf_skb_load_bytes(skb, l4, &tcp, sizeof(struct udphdr)))
        return false;
    return tcp.source == htons(OLD_PORT);
}

static inline int rewrite_ipv4(struct __sk_buff *skb)
{
    __be32 to = NEW_IPV4;
    struct iphdr ip;
    u32 l4;

    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.ihl < 5)
        return ROWS;
    l4 = ETH_HLEN + ip.ihl * 4;
    if (ip.frag_off & htons(IP_OFFSET) || !is_ours(skb, l4, ip.protocol))
        return ROWS;
    if (replace_port(skb, l4, ip.protocol, ip.saddr, to, sizeof(to)))
        return ROWS;
    bpf_l3_csum_replace(skb, ETH_HLEN + AT(iphdr, check), ip.saddr, to, sizeof(to));
    bpf_skb_store_bytes(skb, ETH_HLEN + AT(iphdr, saddr), &to, sizeof(to), 0);
    return ip.protocol == IPPROTO_TCP ? IPV4_TCP : IPV4_UDP;
}

static inline int rewrite_ipv6(struct __sk_buff *skb)
{
    u32 l4 = ETH_HLEN + sizeof(struct ipv6hdr);
    struct ipv6hdr ip;
    __be32 to[4];
    s64 diff;

    NEW_IPV6 /* not as an initializer: BCC has no read-only data for it */
    if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || !is_ours(skb, l4, ip.nexthdr))
        return ROWS;
    diff = bpf_csum_diff((__be32 *)&ip.saddr, sizeof(ip.saddr), to, sizeof(to), 0);
    if (replace_port(skb, l4, ip.nexthdr, 0, diff, 0))
        return ROWS;
    bpf_skb_store_bytes(skb, ETH_HLEN + AT(ipv6hdr, saddr), to, sizeof(to), 0);
    return ip.nexthdr == IPPROTO_TCP ? IPV6_TCP : IPV6_UDP;
}

/* --- probe --- */
int rewrite_source(struct __sk_buff *skb)
{
    int row = ROWS;
    u64 *count;

    if (skb->protocol == htons(ETH_P_IP))
        row = rewrite_ipv4(skb);
    else if (skb->protocol == htons(ETH_P_IPV6))
        row = rewrite_ipv6(skb);
    count = counts.lookup(&row);
    if (count)
        *count += 1;
    return TC_ACT_UNSPEC;
}
"""

# --- config ---
ipv4 = struct.unpack("=I", socket.inet_pton(socket.AF_INET, args.new_ipv4))
ipv6 = struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, args.new_ipv6))
bpf_text = bpf_text.replace("OLD_PORT", str(args.port)).replace("NEW_PORT", str(args.new_port))
bpf_text = bpf_text.replace("NEW_IPV4", "%#x" % ipv4)
words = " ".join("to[%d] = %#x;" % word for word in enumerate(ipv6))
bpf_text = bpf_text.replace("NEW_IPV6", words)

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
fn = b.load_func("rewrite_source", BPF.SCHED_CLS)

# --- attach ---
EGRESS = "ffff:fff3"
ipr = IPRoute()
indexes = [socket.if_nametoindex(device) for device in args.device]
created = []
for index in indexes:
    try:
        ipr.tc("add", "clsact", index)
        created.append(index)
    except NetlinkError as e:
        if e.code != errno.EEXIST:
            raise
    ipr.tc("add-filter", "bpf", index, handle=1, prio=1, parent=EGRESS, fd=fn.fd, name=fn.name,
           direct_action=True)

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-6s %-5s %s" % ("FAMILY", "PROTO", "PACKETS"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for row, name in enumerate(["IPV4   TCP", "IPV4   UDP", "IPV6   TCP", "IPV6   UDP"]):
    print("%-12s %d" % (name, sum(b["counts"][row])), flush=True)

# --- cleanup ---
flags = NLM_F_REQUEST | NLM_F_ACK
for index in indexes:
    ipr.tc((RTM_DELTFILTER, flags), "bpf", index, handle=1, prio=1, parent=EGRESS)
    if index in created:
        ipr.tc((RTM_DELQDISC, flags), "clsact", index)
