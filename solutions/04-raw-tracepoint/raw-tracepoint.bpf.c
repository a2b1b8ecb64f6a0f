// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Count the context switches of each thread under each of its names. */

/* --- includes --- */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "raw-tracepoint.h"

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROWS);
	__type(key, struct thread_key);
	__type(value, struct switches);
} counts SEC(".maps");

__u64 lost; /* switches of rows that the full map had no room for */

/* --- helpers --- */
/* Until 5.13 the member `__state` was called `state`. Later chapters tell how this works. */
struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

/* 0: the thread could run on. Anything else: it waits for something, or it ends. */
static __always_inline long task_state(struct task_struct *task)
{
	struct task_struct___old *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}

static __always_inline struct switches *find_switches(const struct thread_key *key)
{
	struct switches zero = {}, *switches;

	switches = bpf_map_lookup_elem(&counts, key);
	if (!switches) {
		bpf_map_update_elem(&counts, key, &zero, BPF_NOEXIST);
		switches = bpf_map_lookup_elem(&counts, key);
	}
	if (!switches)
		__sync_fetch_and_add(&lost, 1);
	return switches;
}

static __always_inline struct switches *switches_of(struct task_struct *task)
{
	struct thread_key key = {};

	key.pid = task->tgid;
	key.tid = task->pid;
	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), task->comm);
	return find_switches(&key);
}

/* --- probe --- */
SEC("tp_btf/sched_switch")
int BPF_PROG(count_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct switches *switches;

	switches = switches_of(prev);
	if (switches && !preempt && task_state(prev))
		__sync_fetch_and_add(&switches->vol, 1);
	else if (switches)
		__sync_fetch_and_add(&switches->invol, 1);

	switches = switches_of(next);
	if (switches)
		__sync_fetch_and_add(&switches->ins, 1);
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
