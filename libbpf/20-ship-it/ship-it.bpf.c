// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the processes and threads that each process starts. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "ship-it.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STARTERS);
	__type(key, __u32);
	__type(value, struct started);
} counts SEC(".maps");

__u64 lost; /* new tasks of starters that the full map had no room for */

/* --- probe --- */
/* Not tp_btf/: that needs the kernel's own BTF, whatever the tool carries. */
SEC("raw_tp/sched_process_fork")
int BPF_PROG(count_task, struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = BPF_CORE_READ(parent, tgid);
	struct started zero = {}, *started;

	started = bpf_map_lookup_elem(&counts, &pid);
	if (!started) {
		bpf_map_update_elem(&counts, &pid, &zero, BPF_NOEXIST);
		started = bpf_map_lookup_elem(&counts, &pid);
	}
	if (!started)
		__sync_fetch_and_add(&lost, 1);
	else if (BPF_CORE_READ(child, pid) == BPF_CORE_READ(child, tgid))
		__sync_fetch_and_add(&started->processes, 1);
	else
		__sync_fetch_and_add(&started->threads, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
