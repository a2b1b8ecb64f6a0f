// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each ftruncate() call: which process gives which of its files what length. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "perf-buffer.h"

/* --- config --- */
const volatile bool use_ringbuf;

/* --- maps --- */
/* One slot for each CPU, which libbpf fills with that CPU's buffer. Where the kernel has ring buffers,
 * user space makes it one of these before it is created.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

__u64 lost; /* calls that no row will tell of */

/* --- helpers --- */
static __always_inline long send_event(void *ctx, struct event *e)
{
	if (use_ringbuf)
		return bpf_ringbuf_output(&events, e, sizeof(*e), 0);
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, sizeof(*e));
}

/* --- probe --- */
SEC("tp/syscalls/sys_enter_ftruncate")
int trace_ftruncate(struct trace_event_raw_sys_enter *ctx)
{
	struct event e = {};

	e.length = ctx->args[1];
	e.pid = bpf_get_current_pid_tgid() >> 32;
	e.fd = ctx->args[0];
	bpf_get_current_comm(e.comm, sizeof(e.comm));
	if (send_event(ctx, &e))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
