// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count what arrives at an interface per destination port, and drop what is for some of them. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "tc.h"

/* Macros of <linux/if_ether.h>, <linux/pkt_cls.h> and <net/ip.h>, which BTF does not carry. */
#define ETH_HLEN      14
#define ETH_P_IP      0x0800
#define ETH_P_IPV6    0x86dd
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT   2
#define IP_OFFSET     0x1fff /* the bits of frag_off that are not flags */

#define HEADERS (ETH_HLEN + 60 + 4) /* the longest IPv4 header, and the ports */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SERVICES);
	__type(key, struct service);
	__type(value, struct count);
} counts SEC(".maps");

__u64 lost; /* packets for ports that the full map had no room for */

/* --- config --- */
const volatile __u16 drops[MAX_DROPS];
const volatile __u32 nr_drops;

/* --- helpers --- */
static __always_inline bool is_dropped(__u16 port)
{
	for (__u32 i = 0; i < MAX_DROPS && i < nr_drops; i++)
		if (drops[i] == port)
			return true;
	return false;
}

static __always_inline bool find_service(struct __sk_buff *skb, struct service *service)
{
	void *data = (void *)(long)skb->data;
	void *data_end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct ipv6hdr *ip6 = data + ETH_HLEN;
	__be16 *ports;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if ((void *)(ip + 1) > data_end || ip->ihl < 5 ||
		    ip->frag_off & bpf_htons(IP_OFFSET))
			return false;
		service->protocol = ip->protocol;
		ports = (void *)ip + ip->ihl * 4;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
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
	service->port = bpf_ntohs(ports[1]);
	return true;
}

static __always_inline struct count *find_count(const struct service *service)
{
	struct count *count = bpf_map_lookup_elem(&counts, service), zero = {};

	if (count)
		return count;
	bpf_map_update_elem(&counts, service, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&counts, service);
}

/* --- probe --- */
SEC("tc")
int count_port(struct __sk_buff *skb)
{
	__u32 packets = skb->gso_segs > 1 ? skb->gso_segs : 1;
	struct service service = {};
	struct count *count;
	bool drop;

	/* Headers may lie outside of what data..data_end shows: bring them in. */
	bpf_skb_pull_data(skb, skb->len < HEADERS ? skb->len : HEADERS);
	if (!find_service(skb, &service))
		return TC_ACT_UNSPEC;
	drop = is_dropped(service.port);
	count = find_count(&service);
	if (count) {
		__sync_fetch_and_add(&count->packets, packets);
		__sync_fetch_and_add(&count->bytes, skb->len);
		if (drop)
			__sync_fetch_and_add(&count->dropped, packets);
	} else {
		__sync_fetch_and_add(&lost, packets);
	}
	return drop ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
