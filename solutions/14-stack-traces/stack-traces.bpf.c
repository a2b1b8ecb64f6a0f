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
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, MAX_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, MAX_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct sample_key);
	__type(value, __u64);
} counts SEC(".maps");

__u64 lost; /* samples whose stack or row there was no room for */

/* --- probe --- */
SEC("perf_event")
int take_sample(struct bpf_perf_event_data *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), zero = 0, *count = NULL;
	struct sample_key key = { .tid = (__u32)id };

	if (id >> 32 != targ_tgid)
		return 0;
	key.user_id = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	/* A thread that is ending has no user stack, and -EFAULT says so. */
	if (key.user_id >= 0 || key.user_id == -EFAULT) {
		bpf_map_update_elem(&counts, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&counts, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
