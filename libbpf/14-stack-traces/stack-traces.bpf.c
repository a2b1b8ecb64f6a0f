// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the paths, from a program's start into the kernel, on which eventfds are read. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "stack-traces.h"

/* --- types --- */
#define EFAULT 14 /* asm-generic/errno-base.h */

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, MAX_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, MAX_DEPTH * sizeof(__u64));
} kernel_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, MAX_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, MAX_DEPTH * sizeof(__u64));
} user_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct path_key);
	__type(value, __u64);
} counts SEC(".maps");

__u64 lost; /* calls whose stack or row there was no room for */

/* --- helpers --- */
/* -EFAULT says that there is no such stack, anything else that it could not be kept. */
static __always_inline bool is_lost(__s32 id)
{
	return id < 0 && id != -EFAULT;
}

/* --- probe --- */
SEC("kprobe/eventfd_read")
int trace_read(struct pt_regs *ctx)
{
	struct path_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	__u64 zero = 0, *count = NULL;

	key.kernel_id = bpf_get_stackid(ctx, &kernel_stacks, 0);
	key.user_id = bpf_get_stackid(ctx, &user_stacks, BPF_F_USER_STACK);
	if (!is_lost(key.kernel_id) && !is_lost(key.user_id)) {
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
