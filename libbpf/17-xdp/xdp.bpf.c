// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the frames that arrive at an interface, per EtherType. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "xdp.h"

/* Macros of <linux/if_ether.h>: BTF carries types, so vmlinux.h has none. */
#define ETH_P_IP     0x0800
#define ETH_P_ARP    0x0806
#define ETH_P_8021Q  0x8100
#define ETH_P_IPV6   0x86dd
#define ETH_P_8021AD 0x88a8

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

/* --- helpers --- */
static __always_inline __u32 kind_of(__u16 ethertype)
{
	switch (ethertype) {
	case ETH_P_IP:
		return KIND_IPV4;
	case ETH_P_IPV6:
		return KIND_IPV6;
	case ETH_P_ARP:
		return KIND_ARP;
	case ETH_P_8021Q:
	case ETH_P_8021AD:
		return KIND_VLAN;
	default:
		return KIND_OTHER;
	}
}

/* --- probe --- */
SEC("xdp")
int count_frame(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct count *count;
	__u32 kind;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	kind = kind_of(bpf_ntohs(eth->h_proto));
	count = bpf_map_lookup_elem(&counts, &kind);
	if (count) {
		/* Plain additions: no other CPU writes this CPU's slot. */
		count->packets++;
		count->bytes += data_end - data;
	}
	return XDP_PASS;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
