// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each program that a process begins to run: by whom, from which file, with which arguments. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "exec-tracer.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* programs that no row will tell of */

/* --- helpers --- */
static __always_inline void read_args(struct event *e, struct task_struct *task)
{
	__u64 start = BPF_CORE_READ(task, mm, arg_start);
	__u64 size = BPF_CORE_READ(task, mm, arg_end) - start;

	e->args_size = size;
	if (size > ARGS_LEN)
		size = ARGS_LEN; /* also what tells the verifier how far the read can go */
	/* What the user side prints is within `size`: old bytes behind it stay unseen. */
	if (bpf_probe_read_user(e->args, size, (void *)start))
		e->args_size = 0;
}

/* --- probe --- */
SEC("tp/sched/sched_process_exec")
int trace_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event *e;

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	/* The low half is where the string begins, from the record's start; the high half its size. */
	bpf_probe_read_kernel_str(e->filename, sizeof(e->filename),
				  (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	read_args(e, task);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
