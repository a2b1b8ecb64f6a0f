// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the bytes of each TCP and UDP flow at an interface; hand the header of other frames over. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "socket-filter.h"

/* TODO: what the prototype has from kernel headers and vmlinux.h has not: the pair's macros, and ETH_HLEN. */

/* --- types --- */
enum found { FLOW, OTHER, CUT }; /* FLOW: it may be one yet; CUT: the frame ends too early */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct flow);
	__type(value, struct bytes);
} flows SEC(".maps");

__u64 lost; /* frames of flows that the full map had no room for */

/* --- helpers --- */

/* TODO: the EtherType behind the tags that are in the data, and where what it names begins. */
static __always_inline enum found skip_tags(struct __sk_buff *skb, __u32 *off, __be16 *type)
{
	return CUT;
}

/* TODO: version, protocol and addresses, IPv4's and IPv6's, and where the ports begin. */
static __always_inline enum found read_ip(struct __sk_buff *skb, __u32 *off, __be16 type,
					  struct flow *flow)
{
	return OTHER;
}

/* TODO: the ports, and which end is local. */
static __always_inline enum found read_ends(struct __sk_buff *skb, __u32 off, struct flow *flow)
{
	return CUT;
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
	struct flow flow;

	if (read_flow(skb, &flow) == FLOW) {
		/* TODO: count the frame's bytes for the flow, or count it as lost. */
	}
	/* TODO: of a frame that belongs to no flow, hand the Ethernet header over. */
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
