// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each sync() call: the thread that made it, its process and who started that. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "core-task.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- helpers --- */
static __always_inline struct task_struct *current_task(void)
{
	/* The verifier knows the type of this one's result, from 5.11 on. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

/* The inode number of the process's pidfd: unlike a PID, it never comes again. */
static __always_inline __u64 process_inode(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);

	if (bpf_core_field_exists(pid->ino)) /* from 6.9 on */
		return BPF_CORE_READ(pid, ino);
	return 0;
}

/* --- probe --- */
SEC("ksyscall/sync")
int trace_sync(void *ctx)
{
	struct task_struct *task = current_task();
	struct event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = BPF_CORE_READ(task, tgid);
	e->tid = BPF_CORE_READ(task, pid);
	BPF_CORE_READ_INTO(&e->ppid, task, real_parent, tgid);
	BPF_CORE_READ_INTO(&e->ptid, task, real_parent, pid);
	BPF_CORE_READ_STR_INTO(&e->parent, task, real_parent, comm);
	BPF_CORE_READ_STR_INTO(&e->leader, task, group_leader, comm);
	/* All the bytes there are: a kernel with longer names refuses the load, and cuts none. */
	bpf_core_read(e->comm, bpf_core_field_size(task->comm), &task->comm);
	e->inode = process_inode(task);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
