#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The same packet at three hooks, as chapter 19 tells it: a DNS query with a VLAN tag arrives, and an XDP
# program, a tc program and a socket filter tell what they see of it; then one of them drops it.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail()
{
    printf '%s: %s\n' "${0##*/}" "$1"
    [ -z "${2-}" ] || printf '%s\n' "$2"
    exit 1
}

# The guest: the tag is that of a VLAN interface with an address, where a socket waits for the query.
guest='
cd /tmp
ip link add h0 type veth peer name h0p
for d in h0 h0p; do echo 1 >/proc/sys/net/ipv6/conf/$d/disable_ipv6; ip link set $d arp off multicast off up; done
ip link add link h0 name h0.7 type vlan id 7
echo 1 >/proc/sys/net/ipv6/conf/h0.7/disable_ipv6
ip addr add 192.0.2.1/24 dev h0.7
ip link set h0.7 arp off multicast off up
cat >hooks.py <<"END"
import struct
from socket import *
from bcc import BPF
from pyroute2 import IPRoute

text = r"""
#include <uapi/linux/bpf.h>
#include <uapi/linux/if_ether.h>
#include <uapi/linux/pkt_cls.h>

struct seen { u32 frames, len, type, tag, id, protocol; };
BPF_ARRAY(seen, struct seen, 3);
BPF_ARRAY(codes, int, 3);

static inline int note(int hook, u32 len, u32 type, u32 tag, u32 id, u32 protocol)
{
    struct seen *s = seen.lookup(&hook);
    int *code = codes.lookup(&hook);
    if (!s || !code)
        return 0;
    s->frames++;
    s->len = len;
    s->type = ntohs(type);
    s->tag = ntohs(tag);
    s->id = id;
    s->protocol = ntohs(protocol);
    return *code;
}

int at_xdp(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    if ((void *)(eth + 1) > data_end)
        return XDP_PASS;
    return note(0, data_end - data, eth->h_proto, 0, 0, 0);
}

static inline int note_skb(int hook, struct __sk_buff *skb)
{
    u16 type = 0;
    bpf_skb_load_bytes(skb, 12, &type, sizeof(type));
    return note(hook, skb->len, type, skb->vlan_present ? skb->vlan_proto : 0, skb->vlan_tci & 0xfff, skb->protocol);
}

int at_tc(struct __sk_buff *skb) { return note_skb(1, skb); }
int at_socket(struct __sk_buff *skb) { return note_skb(2, skb); }

int store(struct __sk_buff *skb)
{
    char zero = 0;
    return bpf_skb_store_bytes(skb, 0, &zero, 1, 0);
}

int redirect(struct __sk_buff *skb) { return bpf_redirect(1, 0); }

int direct(struct __sk_buff *skb)
{
    char *data = (void *)(long)skb->data;
    return (void *)(data + 1) > (void *)(long)skb->data_end ? 0 : *data;
}
"""
b = BPF(text=text, cflags=["-fms-extensions", "-Wno-everything"])
fns = b.load_func("at_xdp", BPF.XDP), b.load_func("at_tc", BPF.SCHED_CLS), b.load_func("at_socket", BPF.SOCKET_FILTER)
b.attach_xdp("h0", fns[0], 0)
BPF.attach_raw_socket(fns[2], "h0")
ipr = IPRoute()
index = ipr.link_lookup(ifname="h0")[0]
ipr.tc("add", "clsact", index)
ipr.tc("add-filter", "bpf", index, ":1", fd=fns[1].fd, name=fns[1].name, parent="ffff:fff2", classid=1, direct_action=True)

server = socket(AF_INET, SOCK_DGRAM)
server.bind(("192.0.2.1", 53))
server.settimeout(1)
query = bytes.fromhex("123401000001000000000000") + b"\x07example\x03org\x00\x00\x01\x00\x01"
udp = struct.pack("!HHHH", 4000, 53, 8 + len(query), 0) + query
ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, inet_aton("192.0.2.2"), inet_aton("192.0.2.1"))
words = sum(struct.unpack("!10H", ip))
ip = ip[:10] + struct.pack("!H", 0xffff - (words % 0xffff)) + ip[12:]
mac = bytes.fromhex(open("/sys/class/net/h0/address").read().replace(":", ""))
frame = mac + b"\x02\0\0\0\0\1" + struct.pack("!HHH", 0x8100, 7, 0x0800) + ip + udp
wire = socket(AF_PACKET, SOCK_RAW)
wire.bind(("h0p", 0))

def send(what, codes):
    for i, code in enumerate(codes):
        b["codes"][i] = b["codes"].Leaf(code)
    b["seen"].clear()
    wire.send(frame)
    try:
        arrived = server.recv(2048) == query
    except timeout:
        arrived = False
    seen = [b["seen"][i].frames for i in range(3)]
    print("SAID", what, *seen, "arrived" if arrived else "gone", flush=True)

send("pass", (2, 0, 0))
for i, name in enumerate(("xdp", "tc", "socket")):
    s = b["seen"][i]
    print("SAID %s len=%d type=%04x tag=%04x id=%d protocol=%04x" % (name, s.len, s.type, s.tag, s.id, s.protocol), flush=True)
send("keep", (2, 0, 14))
send("xdp-drops", (1, 0, 0))
send("tc-drops", (2, 2, 0))
for name in "store", "redirect", "direct":
    for kind, number in ("tc", BPF.SCHED_CLS), ("socket", BPF.SOCKET_FILTER):
        try:
            b.load_func(name, number)
            print("SAID", kind, name, "loads", flush=True)
        except Exception:
            print("SAID", kind, name, "refused", flush=True)
        b.funcs.pop(name.encode(), None)
b.remove_xdp("h0", 0)
END
python3 hooks.py 2>err || sed "s/^/SAID /" err
exit
'
want='SAID pass 1 1 1 arrived
SAID xdp len=75 type=8100 tag=0000 id=0 protocol=0000
SAID tc len=71 type=0800 tag=8100 id=7 protocol=0800
SAID socket len=71 type=0800 tag=8100 id=7 protocol=0800
SAID keep 1 1 1 arrived
SAID xdp-drops 1 0 0 gone
SAID tc-drops 1 1 1 gone
SAID tc store loads
SAID socket store refused
SAID tc redirect loads
SAID socket redirect refused
SAID tc direct loads
SAID socket direct refused'
for kernel in ${KERNELS:-5.10 6.1 6.12 latest}; do
    said=$(./workbook shell --kernel "$kernel" <<<"$guest" 2>&1 | tr -d '\r') || fail "no shell on $kernel:" "$said"
    [ "$(grep '^SAID' <<<"$said")" = "$want" ] || fail "on $kernel, this is not what was expected:" "$said"
done
echo 'each hook sees what chapter 19 says'
