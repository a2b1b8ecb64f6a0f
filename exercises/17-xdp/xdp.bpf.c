// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the frames that arrive at an interface, per protocol. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "xdp.h"

/* TODO: what the prototype has from kernel headers and vmlinux.h has not. */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROWS);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

/* --- helpers --- */

/* TODO: the row that the frame belongs to: behind at most two VLAN tags, the protocol that its whole
 * IPv4 or IPv6 header names. The README says what else counts as OTHER.
 */
static __always_inline __u32 frame_row(void *data, void *data_end)
{
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
		/* TODO: one packet more in that row, and its bytes. */
	}
	return XDP_PASS;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
