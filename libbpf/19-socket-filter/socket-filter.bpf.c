// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the DNS queries that arrive at an interface, per type and name. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "socket-filter.h"

/* Macros of <linux/if_ether.h>, <linux/if_packet.h> and <net/ip.h>. */
#define ETH_P_IP	0x0800
#define ETH_P_8021Q	0x8100
#define ETH_P_IPV6	0x86dd
#define ETH_P_8021AD	0x88a8
#define PACKET_OUTGOING 4
#define IP_OFFSET	0x1fff

#define DNS_PORT      53
#define DNS_NOT_QUERY 0xf800 /* the bit of a response, and an opcode that is not 0 */
#define MAX_LABELS    127
#define NO_NAME	      NAME_SIZE
#define MAX_TAGS      2

/* --- types --- */
struct dns_header {
	__be16 id, flags, questions, others[3];
};

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct query);
	__type(value, __u64);
} counts SEC(".maps");

__u64 lost; /* queries that the full map had no room for */

/* --- helpers --- */
static __always_inline bool is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* Where the UDP header begins, or 0. */
static __always_inline __u32 find_udp(struct __sk_buff *skb)
{
	struct vlan_hdr tag;
	struct ethhdr eth;
	struct iphdr ip;
	struct ipv6hdr ip6;
	__u32 off = sizeof(eth);

	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)))
		return 0;
	for (int i = 0; i < MAX_TAGS && is_tag(eth.h_proto); i++) {
		if (bpf_skb_load_bytes(skb, off, &tag, sizeof(tag)))
			return 0;
		eth.h_proto = tag.h_vlan_encapsulated_proto;
		off += sizeof(tag);
	}
	if (eth.h_proto == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, off, &ip, sizeof(ip)) || ip.ihl < 5 ||
		    ip.protocol != IPPROTO_UDP || ip.frag_off & bpf_htons(IP_OFFSET))
			return 0;
		return off + ip.ihl * 4;
	}
	if (eth.h_proto == bpf_htons(ETH_P_IPV6)) {
		if (bpf_skb_load_bytes(skb, off, &ip6, sizeof(ip6)) || ip6.nexthdr != IPPROTO_UDP)
			return 0;
		return off + sizeof(ip6);
	}
	return 0;
}

/* Where the first question of a DNS query begins, or 0. */
static __always_inline __u32 find_question(struct __sk_buff *skb)
{
	__u32 off = find_udp(skb);
	struct dns_header dns;
	struct udphdr udp;

	if (!off || bpf_skb_load_bytes(skb, off, &udp, sizeof(udp)) ||
	    udp.dest != bpf_htons(DNS_PORT))
		return 0;
	off += sizeof(udp);
	if (bpf_skb_load_bytes(skb, off, &dns, sizeof(dns)) ||
	    dns.flags & bpf_htons(DNS_NOT_QUERY) || !dns.questions)
		return 0;
	return off + sizeof(dns);
}

/* How many bytes the labels take, without the 0 behind them; NO_NAME if they are none. */
static __always_inline __u64 labels_length(struct __sk_buff *skb, __u32 off)
{
	__u64 len = 0;
	__u8 label;

	for (int i = 0; i <= MAX_LABELS; i++) {
		if (bpf_skb_load_bytes(skb, off + len, &label, sizeof(label)))
			return NO_NAME;
		if (!label)
			return len;
		len += 1 + label;
		if (label > 63 || len >= NAME_SIZE - 1)
			return NO_NAME;
	}
	return NO_NAME;
}

/* --- probe --- */
SEC("socket")
int count_query(struct __sk_buff *skb)
{
	struct query query = { 0 };
	__u64 zero = 0, *count, len;
	__u32 off;

	if (skb->pkt_type == PACKET_OUTGOING)
		return 0;
	off = find_question(skb);
	len = off ? labels_length(skb, off) : NO_NAME;
	barrier_var(len); /* clang knows that it fits; the verifier has to be shown */
	if (len >= NAME_SIZE - 1 || bpf_skb_load_bytes(skb, off, query.name, len + 1) ||
	    bpf_skb_load_bytes(skb, off + len + 1, &query.type, sizeof(query.type)))
		return 0;
	query.type = bpf_ntohs(query.type);
	/* WWW and www are one name; lengths are below 'A', so they stay as they are. */
	for (int i = 0; i < NAME_SIZE; i++)
		if (query.name[i] >= 'A' && query.name[i] <= 'Z')
			query.name[i] += 'a' - 'A';

	count = bpf_map_lookup_elem(&counts, &query);
	if (!count) {
		bpf_map_update_elem(&counts, &query, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&counts, &query);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0; /* bytes for the socket: none. The packet itself goes on. */
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
