// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each kill() call: who sends which signal to whom, and what comes of it. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "tracepoint.h"

/* --- config --- */
/* A caller can pass any number as a signal, so none is left to stand for "no filter". */
const volatile bool filter_signal;
const volatile __s32 ignored_signal;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32); /* thread */
	__type(value, struct kill_call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- probe --- */
SEC("tp/syscalls/sys_enter_kill")
int trace_enter(struct trace_event_raw_sys_enter *ctx)
{
	struct kill_call call = { .target = ctx->args[0], .sig = ctx->args[1] };
	__u32 tid = bpf_get_current_pid_tgid();

	if (filter_signal && call.sig == ignored_signal)
		return 0;
	if (bpf_map_update_elem(&calls, &tid, &call, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("tp/syscalls/sys_exit_kill")
int trace_exit(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id;
	struct kill_call *call;
	struct event *e;

	call = bpf_map_lookup_elem(&calls, &tid);
	if (!call)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		e->pid = id >> 32;
		e->sig = call->sig;
		e->target = call->target;
		e->result = ctx->ret;
		bpf_get_current_comm(e->comm, sizeof(e->comm));
		bpf_ringbuf_submit(e, 0);
	} else {
		__sync_fetch_and_add(&lost, 1);
	}
	/* The thread's next exit may come without an entry. */
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
