// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count finished calls of read() and write() on each CPU, failed ones, and the largest transfer. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "percpu-array.h"

/* --- config --- */
const volatile __u32 targ_tgid; /* 0: all processes */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY); /* TODO: all CPUs share this one. */
	__uint(max_entries, NR_CALLS);
	__type(key, __u32);
	__type(value, struct io);
} ios SEC(".maps");

/* --- helpers --- */
static __always_inline int count_call(__u32 call, long result)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (targ_tgid && pid != targ_tgid)
		return 0;
	/* TODO: note this call, and how it ended, for the CPU that it ended on. */
	return 0;
}

/* --- probe --- */
SEC("tp/syscalls/sys_exit_read")
int trace_read(struct trace_event_raw_sys_exit *ctx)
{
	return count_call(CALL_READ, ctx->ret);
}

/* TODO: write() ends, too. */

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
