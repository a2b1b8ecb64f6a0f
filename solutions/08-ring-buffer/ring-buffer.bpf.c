// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show which files processes open and how the processes end, and what was lost on the way. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "ring-buffer.h"

/* --- config --- */
const volatile __u32 targ_uid = ANY_UID;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* A path does not fit on the stack of 512 bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct open_event);
} scratch SEC(".maps");

__u64 lost;

/* --- helpers --- */
static __always_inline bool wanted(void)
{
	return targ_uid == ANY_UID || (__u32)bpf_get_current_uid_gid() == targ_uid;
}

static __always_inline void fill_event(struct event *e, __u32 kind)
{
	e->lost = lost;
	e->kind = kind;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

/* --- probe --- */
SEC("tp/syscalls/sys_enter_openat")
int trace_open(struct trace_event_raw_sys_enter *ctx)
{
	struct open_event *e;
	__u32 zero = 0;
	long len;

	if (!wanted())
		return 0;
	e = bpf_map_lookup_elem(&scratch, &zero);
	if (!e)
		return 0;
	fill_event(&e->event, KIND_OPEN);
	len = bpf_probe_read_user_str(e->path, sizeof(e->path), (const char *)ctx->args[1]);
	/* Unreadable, then the helper leaves zeroes; or empty, for which kernels up to 6.12 say 0. */
	if (len <= 0)
		len = 1;
	if (bpf_ringbuf_output(&events, e, offsetof(struct open_event, path) + len, 0))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("tp/sched/sched_process_exit")
int trace_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	struct exit_event *e;
	int code;

	/* The tracepoint fires for every thread; the main thread's ID is the process's. */
	if (!wanted() || id >> 32 != (__u32)id)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	fill_event(&e->event, KIND_EXIT);
	code = BPF_CORE_READ(task, exit_code);
	e->code = code >> 8 & 0xff;
	e->signal = code & 0x7f;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
