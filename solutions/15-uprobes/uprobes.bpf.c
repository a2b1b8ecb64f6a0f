// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each order of a shop that ends, from the shop's own probes. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/usdt.bpf.h>
#include "uprobes.h"

/* --- maps --- */
/* Orders that have begun and not ended, by their IDs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ORDERS);
	__type(key, int);
	__type(value, struct event);
} orders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static const struct event empty; /* too large for the stack, see the chapter */

__u64 lost; /* orders that no row will tell of */

/* --- probe --- */
SEC("usdt")
int BPF_USDT(begin, int id, unsigned short shelf, const char *item)
{
	struct event *e = NULL;

	if (!bpf_map_update_elem(&orders, &id, &empty, BPF_ANY))
		e = bpf_map_lookup_elem(&orders, &id);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->id = id;
	e->shelf = shelf;
	bpf_probe_read_user_str(e->item, sizeof(e->item), item);
	return 0;
}

SEC("usdt")
int BPF_USDT(end, int id, long amount, int status)
{
	struct event *e = bpf_map_lookup_elem(&orders, &id);

	if (!e)
		return 0; /* it began before this tool, or has ended already */
	e->amount = amount;
	e->status = status;
	if (bpf_ringbuf_output(&events, e, sizeof(*e), 0))
		__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&orders, &id);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
