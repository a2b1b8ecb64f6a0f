// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the frames that arrive at an interface, per protocol. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "xdp.h"

/* Macros of <linux/if_ether.h> and <linux/in6.h>, which BTF does not carry. */
#define ETH_P_IP	0x0800
#define ETH_P_8021Q	0x8100
#define ETH_P_IPV6	0x86dd
#define ETH_P_8021AD	0x88a8
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMPV6	58

#define MAX_TAGS 2 /* a service tag and a customer tag */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROWS);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

/* --- helpers --- */
static __always_inline __u32 row_of(__u8 protocol, __u8 icmp)
{
	if (protocol == IPPROTO_TCP)
		return ROW_TCP;
	if (protocol == IPPROTO_UDP)
		return ROW_UDP;
	return protocol == icmp ? ROW_ICMP : ROW_OTHER;
}

static __always_inline __u32 ipv4_row(struct iphdr *ip, void *data_end)
{
	/* Twice: ihl may be read only once the fixed part is known to be there. */
	if ((void *)(ip + 1) > data_end || ip->ihl < 5)
		return ROW_OTHER;
	if ((void *)ip + ip->ihl * 4 > data_end)
		return ROW_OTHER;
	return row_of(ip->protocol, IPPROTO_ICMP);
}

static __always_inline __u32 ipv6_row(struct ipv6hdr *ip, void *data_end)
{
	struct ipv6_opt_hdr *hop = (void *)(ip + 1);

	if ((void *)(ip + 1) > data_end)
		return ROW_OTHER;
	if (ip->nexthdr != IPPROTO_HOPOPTS)
		return row_of(ip->nexthdr, IPPROTO_ICMPV6);
	if ((void *)(hop + 1) > data_end)
		return ROW_OTHER;
	if ((void *)hop + (hop->hdrlen + 1) * 8 > data_end)
		return ROW_OTHER;
	return row_of(hop->nexthdr, IPPROTO_ICMPV6);
}

static __always_inline bool is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

static __always_inline __u32 frame_row(void *data, void *data_end)
{
	struct ethhdr *eth = data;
	void *pos = eth + 1;
	__be16 type;

	if (pos > data_end)
		return ROW_OTHER;
	type = eth->h_proto;
	for (int i = 0; i < MAX_TAGS && is_tag(type); i++) {
		struct vlan_hdr *tag = pos;

		if ((void *)(tag + 1) > data_end)
			return ROW_OTHER;
		type = tag->h_vlan_encapsulated_proto;
		pos = tag + 1;
	}
	if (type == bpf_htons(ETH_P_IP))
		return ipv4_row(pos, data_end);
	if (type == bpf_htons(ETH_P_IPV6))
		return ipv6_row(pos, data_end);
	return ROW_OTHER;
}

/* --- probe --- */
SEC("xdp")
int count_frame(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	__u32 row = frame_row(data, data_end);
	struct count *count = bpf_map_lookup_elem(&counts, &row);

	if (count) {
		count->packets++;
		count->bytes += data_end - data;
	}
	return XDP_PASS;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
