// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the bytes of each TCP and UDP flow at an interface; hand the header of other frames over. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "socket-filter.h"

/* Macros of <linux/if_ether.h>, <linux/if_packet.h>, <linux/if_vlan.h> and <net/ip.h>. */
#define ETH_HLEN	14
#define ETH_P_IP	0x0800
#define ETH_P_8021Q	0x8100
#define ETH_P_IPV6	0x86dd
#define ETH_P_8021AD	0x88a8
#define PACKET_OUTGOING 4
#define VLAN_HLEN	4
#define IP_OFFSET	0x1fff

#define MAX_TAGS 2

/* --- types --- */
enum found { FLOW, OTHER, CUT }; /* FLOW: it may be one yet; CUT: the frame ends too early */

struct ports {
	__be16 source, dest;
};

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct flow);
	__type(value, struct bytes);
} flows SEC(".maps");

__u64 lost; /* frames of flows that the full map had no room for */

/* --- helpers --- */
static __always_inline bool is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* The EtherType behind the tags that are in the data, and where what it names begins. */
static __always_inline enum found skip_tags(struct __sk_buff *skb, __u32 *off, __be16 *type)
{
	struct vlan_hdr tag;
	struct ethhdr eth;

	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)))
		return CUT;
	*off = sizeof(eth);
	for (int i = 0; i < MAX_TAGS && is_tag(eth.h_proto); i++) {
		if (bpf_skb_load_bytes(skb, *off, &tag, sizeof(tag)))
			return CUT;
		eth.h_proto = tag.h_vlan_encapsulated_proto;
		*off += sizeof(tag);
	}
	*type = eth.h_proto;
	return FLOW;
}

static __always_inline enum found read_ipv4(struct __sk_buff *skb, __u32 *off, struct flow *flow)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, *off, &ip, sizeof(ip)))
		return CUT;
	if (ip.ihl < 5 || ip.frag_off & bpf_htons(IP_OFFSET))
		return OTHER;
	flow->version = 4;
	flow->protocol = ip.protocol;
	flow->local[0] = ip.saddr;
	flow->remote[0] = ip.daddr;
	*off += ip.ihl * 4;
	return FLOW;
}

static __always_inline enum found read_ipv6(struct __sk_buff *skb, __u32 *off, struct flow *flow)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, *off, &ip, sizeof(ip)))
		return CUT;
	flow->version = 6;
	flow->protocol = ip.nexthdr;
	__builtin_memcpy(flow->local, &ip.saddr, sizeof(flow->local));
	__builtin_memcpy(flow->remote, &ip.daddr, sizeof(flow->remote));
	*off += sizeof(ip);
	return FLOW;
}

/* Version, protocol and addresses, and where the ports begin. The source is taken for local. */
static __always_inline enum found read_ip(struct __sk_buff *skb, __u32 *off, __be16 type,
					  struct flow *flow)
{
	enum found found = OTHER;

	if (type == bpf_htons(ETH_P_IP))
		found = read_ipv4(skb, off, flow);
	else if (type == bpf_htons(ETH_P_IPV6))
		found = read_ipv6(skb, off, flow);
	if (found == FLOW && flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP)
		return OTHER;
	return found;
}

static __always_inline void swap_ends(struct flow *flow)
{
	__u16 port = flow->local_port;

	for (int i = 0; i < 4; i++) {
		__u32 part = flow->local[i];

		flow->local[i] = flow->remote[i];
		flow->remote[i] = part;
	}
	flow->local_port = flow->remote_port;
	flow->remote_port = port;
}

/* The ports, and which end is local. */
static __always_inline enum found read_ends(struct __sk_buff *skb, __u32 off, struct flow *flow)
{
	struct ports ports;

	if (bpf_skb_load_bytes(skb, off, &ports, sizeof(ports)))
		return CUT;
	flow->local_port = ports.source;
	flow->remote_port = ports.dest;
	if (skb->pkt_type != PACKET_OUTGOING)
		swap_ends(flow);
	return FLOW;
}

static __always_inline enum found read_flow(struct __sk_buff *skb, struct flow *flow)
{
	__be16 type = 0;
	__u32 off = 0;
	enum found found = skip_tags(skb, &off, &type);

	if (found == FLOW)
		found = read_ip(skb, &off, type, flow);
	if (found == FLOW)
		found = read_ends(skb, off, flow);
	return found;
}

/* --- probe --- */
SEC("socket")
int count_bytes(struct __sk_buff *skb)
{
	struct bytes zero = { 0 }, *bytes;
	struct flow flow;
	__u64 len = skb->len;
	enum found found;

	__builtin_memset(&flow, 0, sizeof(flow)); /* the padding, too: it is part of the key */
	found = read_flow(skb, &flow);
	if (found != FLOW)
		return found == OTHER ? ETH_HLEN : 0;
	if (skb->vlan_present)
		len += VLAN_HLEN;
	bytes = bpf_map_lookup_elem(&flows, &flow);
	if (!bytes) {
		bpf_map_update_elem(&flows, &flow, &zero, BPF_NOEXIST);
		bytes = bpf_map_lookup_elem(&flows, &flow);
	}
	if (!bytes)
		__sync_fetch_and_add(&lost, 1);
	else if (skb->pkt_type == PACKET_OUTGOING)
		__sync_fetch_and_add(&bytes->out, len);
	else
		__sync_fetch_and_add(&bytes->in, len);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
