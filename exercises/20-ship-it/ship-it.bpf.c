// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the processes that each process starts, and how many of them fail. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "ship-it.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct outcome);
} counts SEC(".maps");

/* Who started it, of the processes that are running. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} starters SEC(".maps");

__u64 lost; /* new processes that a full map had no room for */

/* --- helpers --- */
static __always_inline struct outcome *find_outcome(__u32 starter)
{
	struct outcome zero = {}, *outcome;

	outcome = bpf_map_lookup_elem(&counts, &starter);
	if (!outcome) {
		bpf_map_update_elem(&counts, &starter, &zero, BPF_NOEXIST);
		outcome = bpf_map_lookup_elem(&counts, &starter);
	}
	return outcome;
}

/* --- probe --- */
SEC("raw_tp/sched_process_fork")
int BPF_PROG(count_start, struct task_struct *parent, struct task_struct *child)
{
	__u32 starter = BPF_CORE_READ(parent, tgid), pid = BPF_CORE_READ(child, tgid);
	struct outcome *outcome;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	outcome = find_outcome(starter);
	if (outcome)
		__sync_fetch_and_add(&outcome->started, 1);
	if (!outcome || bpf_map_update_elem(&starters, &pid, &starter, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(count_end, struct task_struct *task)
{
	__u32 pid = BPF_CORE_READ(task, tgid), *starter;
	struct outcome *outcome;

	if (BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid))
		return 0;
	starter = bpf_map_lookup_elem(&starters, &pid);
	if (!starter)
		return 0;
	outcome = bpf_map_lookup_elem(&counts, starter);
	if (outcome && BPF_CORE_READ(task, exit_code))
		__sync_fetch_and_add(&outcome->failed, 1);
	bpf_map_delete_elem(&starters, &pid);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
