// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the bytes of each TCP and UDP flow at an interface; hand the header of other frames over. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "socket-filter.h"

/* TODO: what the prototype has from kernel headers and vmlinux.h has not. */

/* --- types --- */
enum found { FLOW, OTHER, CUT }; /* CUT: the frame ends too early */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct flow);
	__type(value, struct bytes);
} flows SEC(".maps");

__u64 lost; /* frames of flows that the full map had no room for */

/* --- helpers --- */

/* TODO: fill in `flow` from the frame, and tell what was found. */
static __always_inline enum found read_flow(struct __sk_buff *skb, struct flow *flow)
{
	return CUT;
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
