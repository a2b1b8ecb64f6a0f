// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each SIGURG that is sent: the process that gets it, and its forebears. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "core-task.h"

#define SIGURG 23 /* asm/signal.h: vmlinux.h has types, no macros */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* signals that no row will tell of */

/* --- helpers --- */
/* The process below process 1, or a thread of it. */
static __always_inline struct task_struct *find_top(struct task_struct *task)
{
	for (int i = 0; i < MAX_DEPTH; i++) {
		struct task_struct *parent = BPF_CORE_READ(task, real_parent);

		if (BPF_CORE_READ(parent, tgid) <= 1)
			break;
		task = parent;
	}
	return task;
}

/* --- probe --- */
SEC("raw_tp/signal_generate")
int BPF_PROG(trace_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct task_struct *top;
	struct event *e;

	if (sig != SIGURG)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	top = find_top(task);
	/* The signal may be for one thread; rows are about its process. */
	e->pid = BPF_CORE_READ(task, tgid);
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->threads = BPF_CORE_READ(task, signal, nr_threads);
	BPF_CORE_READ_STR_INTO(&e->parent, task, real_parent, group_leader, comm);
	BPF_CORE_READ_STR_INTO(&e->top, top, group_leader, comm);
	BPF_CORE_READ_STR_INTO(&e->name, task, group_leader, comm);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
