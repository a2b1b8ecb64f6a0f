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

/* Processes that have a row. When there is no room, the map forgets the one used longest ago. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_ENDED);
	__type(key, struct process);
	__type(value, __u8);
} ended SEC(".maps");

__u64 lost; /* ends that no row will tell of */

/* --- helpers --- */
static __always_inline __u32 wait_status(struct task_struct *task)
{
	if (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(task, signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

/* --- probe --- */
SEC("tp/sched/sched_process_exit")
int trace_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct process process = {
		.start = BPF_CORE_READ(task, group_leader, start_time),
		.pid = BPF_CORE_READ(task, tgid),
	};
	struct event *e;
	__u8 yes = 1;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	/* The last two threads may both find that none is left: the first of them tells. */
	if (bpf_map_update_elem(&ended, &process, &yes, BPF_NOEXIST))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->age_ns = bpf_ktime_get_ns() - process.start;
	e->pid = process.pid;
	e->status = wait_status(task);
	BPF_CORE_READ_STR_INTO(&e->comm, task, group_leader, comm);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
