// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each kill() call: who sends which signal to whom, and what comes of it. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "tracepoint.h"

/* --- config --- */
/* TODO: what user space sets before the load. */

/* --- maps --- */
/* TODO: where a call waits for its result. */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- probe --- */
SEC("tp/syscalls/sys_enter_kill")
int trace_enter(void *ctx)
{
	/* TODO: read the arguments; `void *` has no members. Leave out the signal that nobody
	 * wants to see, and keep the rest until the result is known.
	 */
	return 0;
}

/* TODO: a second program that knows the result, and sends the row. Not every exit has had an entry
 * that counts.
 */

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
