// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each process that ends: how long it lived, and what its parent will hear from wait(). */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "exec-tracer.h"

#define SIGNAL_GROUP_EXIT 4 /* linux/sched/signal.h: vmlinux.h has types, no macros */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* TODO: remember MAX_ENDED processes that have had their row. Nobody removes them again. */

__u64 lost; /* ends that no row will tell of */

/* --- helpers --- */
static __always_inline __u32 wait_status(struct task_struct *task)
{
	/* TODO: the number that wait() will give to the parent. */
	return 0;
}

/* --- probe --- */
SEC("tp/sched/sched_process_exit")
int trace_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event *e;

	/* TODO: this is hit for every thread. Go on only when none of its process is left, and only
	 * once for each process.
	 */
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->status = wait_status(task);
	/* TODO: fill in the rest, about the process, and send the record. */
	bpf_ringbuf_discard(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
