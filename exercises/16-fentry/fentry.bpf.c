// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each file that is removed, or not: who wants it, and how it ends. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "fentry.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- helpers --- */
/* TODO: what the programs have in common. */

/* --- probe --- */
/* TODO: the right arguments, on every kernel. */
SEC("fexit/vfs_unlink")
int BPF_PROG(end)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	/* TODO: fill every field of the record, and submit it. */
	bpf_ringbuf_discard(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
