// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sample what a process's threads do, and count the samples of each user stack. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "stack-traces.h"

/* --- types --- */
#define EFAULT 14 /* asm-generic/errno-base.h */

/* --- config --- */
const volatile __u32 targ_tgid = 0;

/* --- maps --- */
struct {
	/* TODO: this keeps numbers, and should keep stacks of up to MAX_DEPTH addresses. */
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, __u32); /* TODO: this has room for a thread, not for a row. */
	__type(value, __u64);
} counts SEC(".maps");

__u64 lost; /* samples whose stack or row there was no room for */

/* --- probe --- */
SEC("perf_event")
int take_sample(struct bpf_perf_event_data *ctx)
{
	/* TODO: leave out samples of other processes. */
	/* TODO: find out which row this sample belongs to. */
	/* TODO: count it there, or in `lost` where there is no room for its stack or its row. */
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
