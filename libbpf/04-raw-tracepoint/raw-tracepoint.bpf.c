// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the processes and threads that each process starts: processes by a tp_btf program, threads
 * by a raw_tp one.
 */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "raw-tracepoint.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STARTERS);
	__type(key, struct starter);
	__type(value, struct started);
} counts SEC(".maps");

__u64 lost; /* new tasks of starters that the full map had no room for */

/* --- helpers --- */
static __always_inline struct started *find_started(const struct starter *key)
{
	struct started zero = {}, *started;

	started = bpf_map_lookup_elem(&counts, key);
	if (!started) {
		bpf_map_update_elem(&counts, key, &zero, BPF_NOEXIST);
		started = bpf_map_lookup_elem(&counts, key);
	}
	if (!started)
		__sync_fetch_and_add(&lost, 1);
	return started;
}

/* --- probe --- */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(count_process, struct task_struct *parent, struct task_struct *child)
{
	struct starter key = {};
	struct started *started;

	if (child->pid != child->tgid)
		return 0;
	key.pid = parent->tgid;
	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), parent->group_leader->comm);
	started = find_started(&key);
	if (started)
		__sync_fetch_and_add(&started->processes, 1);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(count_thread, struct task_struct *parent, struct task_struct *child)
{
	struct starter key = {};
	struct started *started;

	if (BPF_CORE_READ(child, pid) == BPF_CORE_READ(child, tgid))
		return 0;
	key.pid = BPF_CORE_READ(parent, tgid);
	BPF_CORE_READ_STR_INTO(&key.comm, parent, group_leader, comm);
	started = find_started(&key);
	if (started)
		__sync_fetch_and_add(&started->threads, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
