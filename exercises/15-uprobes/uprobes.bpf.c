// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each order of a shop that ends, from the shop's own probes. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/usdt.bpf.h>
#include "uprobes.h"

/* --- maps --- */
/* TODO: a map for what the end of an order has to know of its begin. */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* orders that no row will tell of */

/* --- probe --- */
/* TODO: the probe's arguments, and what is to be kept of them. */
SEC("usdt")
int BPF_USDT(begin)
{
	return 0;
}

/* TODO: the probe's arguments, and a row for an order that has begun. */
SEC("usdt")
int BPF_USDT(end)
{
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
