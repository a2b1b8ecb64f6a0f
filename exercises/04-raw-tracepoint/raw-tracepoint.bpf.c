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

/* TODO: find the switches of a task: fill the key of its row, and look that up. */

/* --- probe --- */
/* TODO: this program gets no arguments. Which ones are there, on all four kernels? And what may you do
 * with them in a raw_tp program, what in a tp_btf one? Choose.
 */
SEC("raw_tp/sched_switch")
int count_switch(void *ctx)
{
	/* TODO: count the switch in the row of the thread that leaves, as VOL or as INVOL. */
	/* TODO: count it in the row of the thread that comes, as IN. */
	(void)task_state;
	(void)find_switches;
	return 0;
}

/* --- license --- */
char LICENSE[] SEC("license") = "GPL";
