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

/* TODO: give the frame another source if it is TCP or UDP in IPv4 and comes from old_port. Return its
 * row, or ROWS for a frame that is left alone. The README says which are.
 */
static __always_inline __u32 rewrite_ipv4(struct __sk_buff *skb)
{
	return ROWS;
}

/* TODO: the same for IPv6. */
static __always_inline __u32 rewrite_ipv6(struct __sk_buff *skb)
{
	return ROWS;
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
