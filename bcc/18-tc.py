#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Count what arrives at an interface per destination port, and drop what is for some of them.

# --- includes ---
import argparse
import errno
import signal
import socket
from time import sleep

from bcc import BPF
from pyroute2 import IPRoute
from pyroute2.netlink import NLM_F_ACK, NLM_F_REQUEST
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.rtnl import RTM_DELQDISC, RTM_DELTFILTER

# --- args ---
parser = argparse.ArgumentParser(description="Count arriving packets per destination port")
parser.add_argument("device", help="interface to count on")
parser.add_argument("--drop", type=int, action="append", metavar="PORT", default=[],
                    help="drop what is for this port; may come again")
args = parser.parse_args()

bpf_text = r"""
/* --- includes --- */
#include <uapi/linux/bpf.h>
#include <uapi/linux/if_ether.h>
#include <uapi/linux/in.h>
#include <uapi/linux/ip.h>
#include <uapi/linux/ipv6.h>
#include <uapi/linux/pkt_cls.h>

#define IP_OFFSET 0x1fff /* the bits of frag_off that are not flags */
#define HEADERS   (ETH_HLEN + 60 + 4) /* the longest IPv4 header, and the ports */

/* --- types --- */
struct service {
    u16 protocol;
    u16 port;
};

struct count {
    u64 packets;
    u64 bytes;
    u64 dropped;
};

/* --- maps --- */
BPF_HASH(counts, struct service, struct count, 1024);

/* --- helpers --- */
static inline bool is_dropped(u16 port)
{
    return DROPPED;
}

static inline bool find_service(struct __sk_buff *skb, struct service *service)
{
    void *data = (void *)(long)skb->data;
    void *data_end = (void *)(long)skb->data_end;
    struct iphdr *ip = data + ETH_HLEN;
    struct ipv6hdr *ip6 = data + ETH_HLEN;
    __be16 *ports;

    if (skb->protocol == htons(ETH_P_IP)) {
        if ((void *)(ip + 1) > data_end || ip->ihl < 5 || ip->frag_off & htons(IP_OFFSET))
            return false;
        service->protocol = ip->protocol;
        ports = (void *)ip + ip->ihl * 4;
    } else if (skb->protocol == htons(ETH_P_IPV6)) {
        if ((void *)(ip6 + 1) > data_end)
            return false;
        service->protocol = ip6->nexthdr;
        ports = (void *)(ip6 + 1);
    } else {
        return false;
    }
    if (service->protocol != IPPROTO_TCP && service->protocol != IPPROTO_UDP)
        return false;
    if ((void *)(ports + 2) > data_end)
        return false;
    service->port = ntohs(ports[1]);
    return true;
}

/* --- probe --- */
int count_port(struct __sk_buff *skb)
{
    struct count *count, zero = {};
    struct service service = {};
    bool drop;

    bpf_skb_pull_data(skb, skb->len < HEADERS ? skb->len : HEADERS);
    if (!find_service(skb, &service))
        return TC_ACT_UNSPEC;
    drop = is_dropped(service.port);
    count = counts.lookup_or_try_init(&service, &zero);
    if (count) {
        __sync_fetch_and_add(&count->packets, skb->gso_segs > 1 ? skb->gso_segs : 1);
        __sync_fetch_and_add(&count->bytes, skb->len);
        if (drop)
            __sync_fetch_and_add(&count->dropped, skb->gso_segs > 1 ? skb->gso_segs : 1);
    }
    return drop ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}
"""

# --- config ---
dropped = " || ".join("port == %d" % port for port in args.drop)
bpf_text = bpf_text.replace("DROPPED", dropped or "false")

# --- load ---
b = BPF(text=bpf_text, cflags=["-fms-extensions"])
fn = b.load_func("count_port", BPF.SCHED_CLS)

# --- attach ---
INGRESS = "ffff:fff2"
ipr = IPRoute()
index = socket.if_nametoindex(args.device)
created = True
try:
    ipr.tc("add", "clsact", index)
except NetlinkError as e:
    if e.code != errno.EEXIST:
        raise
    created = False  # somebody else's: it stays
ipr.tc("add-filter", "bpf", index, handle=1, prio=1, parent=INGRESS, fd=fn.fd, name=fn.name,
       direct_action=True)

# --- loop ---
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("%-5s %-6s %-8s %-9s %s" % ("PROTO", "PORT", "PACKETS", "BYTES", "DROPPED"), flush=True)
try:
    while True:
        sleep(1)
except KeyboardInterrupt:
    pass

# --- output ---
for service, count in b["counts"].items():
    protocol = "TCP" if service.protocol == socket.IPPROTO_TCP else "UDP"
    print("%-5s %-6d %-8d %-9d %d" % (protocol, service.port, count.packets, count.bytes,
                                      count.dropped), flush=True)

# --- cleanup ---
# Not "del-filter" and "del": pyroute2 0.5 gives these flags that 5.10 refuses.
flags = NLM_F_REQUEST | NLM_F_ACK
ipr.tc((RTM_DELTFILTER, flags), "bpf", index, handle=1, prio=1, parent=INGRESS)
if created:
    ipr.tc((RTM_DELQDISC, flags), "clsact", index)
