// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Give what leaves from one port another source: address, port and checksums. */

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
#define IP_OFFSET     0x1fff /* the bits of frag_off that are not flags */

/* Not offsetof(): that of bpf_helpers.h becomes a relocation, and these never move. */
#define AT(type, field) __builtin_offsetof(struct type, field)

/* --- config --- */
/* In network byte order, all of them. */
const volatile __be16 old_port, new_port;
const volatile __be32 new_ipv4, new_ipv6[4];

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROWS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* --- helpers --- */
/* Fixes the transport checksum for a change of the source address and replaces the port. */
static __always_inline int replace_port(struct __sk_buff *skb, __u32 l4, __u8 protocol, __u32 from,
					__u32 to, __u32 size)
{
	__u64 flags = protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 sum = l4 + (protocol == IPPROTO_UDP ? AT(udphdr, check) : AT(tcphdr, check));
	__be16 port = new_port;

	if (bpf_l4_csum_replace(skb, sum, from, to, flags | BPF_F_PSEUDO_HDR | size))
		return -1;
	if (bpf_l4_csum_replace(skb, sum, old_port, port, flags | sizeof(port)))
		return -1;
	return bpf_skb_store_bytes(skb, l4, &port, sizeof(port), 0);
}

/* Whether a whole TCP or UDP header is there, and comes from the port. */
static __always_inline bool is_ours(struct __sk_buff *skb, __u32 l4, __u8 protocol)
{
	__u32 size = protocol == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr);
	struct udphdr ports; /* TCP's are in the same place */

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return false;
	if (l4 + size > skb->len || bpf_skb_load_bytes(skb, l4, &ports, sizeof(ports)))
		return false;
	return ports.source == old_port;
}

static __always_inline __u32 rewrite_ipv4(struct __sk_buff *skb)
{
	__be32 to = new_ipv4;
	struct iphdr ip;
	__u32 l4;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.ihl < 5)
		return ROWS;
	l4 = ETH_HLEN + ip.ihl * 4;
	if (ip.frag_off & bpf_htons(IP_OFFSET) || !is_ours(skb, l4, ip.protocol))
		return ROWS;
	if (replace_port(skb, l4, ip.protocol, ip.saddr, to, sizeof(to)))
		return ROWS;
	bpf_l3_csum_replace(skb, ETH_HLEN + AT(iphdr, check), ip.saddr, to, sizeof(to));
	bpf_skb_store_bytes(skb, ETH_HLEN + AT(iphdr, saddr), &to, sizeof(to), 0);
	return ip.protocol == IPPROTO_TCP ? ROW_IPV4_TCP : ROW_IPV4_UDP;
}

static __always_inline __u32 rewrite_ipv6(struct __sk_buff *skb)
{
	__be32 to[4] = { new_ipv6[0], new_ipv6[1], new_ipv6[2], new_ipv6[3] };
	__u32 l4 = ETH_HLEN + sizeof(struct ipv6hdr);
	struct ipv6hdr ip;
	__s64 diff;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || !is_ours(skb, l4, ip.nexthdr))
		return ROWS;
	/* Too long for one replacement: the difference is worked out first. */
	diff = bpf_csum_diff((__be32 *)&ip.saddr, sizeof(ip.saddr), to, sizeof(to), 0);
	if (replace_port(skb, l4, ip.nexthdr, 0, diff, 0))
		return ROWS;
	bpf_skb_store_bytes(skb, ETH_HLEN + AT(ipv6hdr, saddr), to, sizeof(to), 0);
	return ip.nexthdr == IPPROTO_TCP ? ROW_IPV6_TCP : ROW_IPV6_UDP;
}

/* --- probe --- */
SEC("tc")
int rewrite_source(struct __sk_buff *skb)
{
	__u32 row = ROWS;
	__u64 *count;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		row = rewrite_ipv4(skb);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		row = rewrite_ipv6(skb);
	count = bpf_map_lookup_elem(&counts, &row);
	if (count)
		*count += 1;
	return TC_ACT_UNSPEC;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
