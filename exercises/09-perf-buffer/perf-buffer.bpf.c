// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Show each thread that ends, with as few wake-ups as the user likes. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "perf-buffer.h"

/* --- config --- */
const volatile __u32 targ_uid = ANY_UID;

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

__u64 lost;

/* --- probe --- */
SEC("tp/sched/sched_process_exit")
int trace_exit(void *ctx)
{
	if (targ_uid != ANY_UID && (__u32)bpf_get_current_uid_gid() != targ_uid)
		return 0;
	/* TODO: tell of the thread that ends. What cannot be told is counted. */
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
