// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each clone() call: the process that made it and its name. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "ring-buffer.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024); /* bytes, not events */
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- probe --- */
SEC("ksyscall/clone")
int trace_clone(void *ctx)
{
	struct event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	/* The memory holds whatever an older record left there: fill every field. */
	e->pid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_get_current_comm(e->comm, sizeof(e->comm))) {
		bpf_ringbuf_discard(e, 0);
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
